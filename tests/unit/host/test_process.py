"""Tests of the door to subprocesses."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import pulumi_poetry_layer
from pulumi_poetry_layer.errors import SubprocessError
from pulumi_poetry_layer.host.process import AnsweringProcess, Program, find_program, mask_secrets, run

PYTHON = Program("python", sys.executable)


def python(code: str, folder: Path, **environment: str) -> str:
    """Run a few lines of Python through the door."""
    return run(PYTHON, ["-c", code], environment=environment, folder=folder, hint="mend it")


def test_output_of_both_streams_comes_back_in_order(tmp_path: Path) -> None:
    """A user would see Poetry's error before what it was doing."""
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); print('three')"

    assert python(code, tmp_path) == "one\ntwo\nthree\n"


def test_warnings_are_kept_out_of_an_answer_and_stay_in_a_failure(tmp_path: Path) -> None:
    """A warning of git's would be taken for the name of a file, or the reason of a failure be lost."""
    code = "import sys; print('warning', file=sys.stderr); print('answer'); raise SystemExit({})"

    def ask(exit_code: int) -> str:
        arguments = ["-c", code.format(exit_code)]
        return run(PYTHON, arguments, environment={}, folder=tmp_path, errors_apart=True)

    assert ask(0) == "answer\n"
    with pytest.raises(SubprocessError, match="answer\nwarning"):
        ask(1)


def test_failure_carries_command_code_whole_output_and_next_step(tmp_path: Path) -> None:
    """A user would only learn that something failed."""
    with pytest.raises(SubprocessError) as caught:
        python("print('first'); print('last'); raise SystemExit(3)", tmp_path)

    message = str(caught.value)
    assert message.startswith("`python -c print('first')")
    for part in ("ended with exit code 3", "first\nlast", "hint: mend it"):
        assert part in message


def test_environment_is_only_what_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's active virtual environment or credentials would act in the build."""
    monkeypatch.setenv("VIRTUAL_ENV", "elsewhere")

    assert python("import os; print(sorted(os.environ.keys() & {'VIRTUAL_ENV', 'GIVEN'}))", tmp_path, GIVEN="1") == (
        "['GIVEN']\n"
    )


def test_runs_in_the_given_folder(tmp_path: Path) -> None:
    """The build would happen in the user's project."""
    assert python("import os; print(os.getcwd())", tmp_path).strip() == str(tmp_path.resolve())


def test_there_is_nobody_to_answer_questions(tmp_path: Path) -> None:
    """A program that asks for a password would hang the deployment for ever."""
    with pytest.raises(SubprocessError, match="EOFError"):
        python("input('password: ')", tmp_path)


def test_undecodable_output_is_no_second_error(tmp_path: Path) -> None:
    """A file name in Latin-1 would hide what went wrong."""
    with pytest.raises(SubprocessError, match="before � after"):
        python(r"import sys; sys.stdout.buffer.write(b'before \xff after'); raise SystemExit(1)", tmp_path)


@pytest.mark.parametrize("missing", ["program", "folder"])
def test_what_cannot_be_started_says_what_is_missing(tmp_path: Path, missing: str) -> None:
    """A user would look for Poetry when it is the folder that is gone."""
    gone = tmp_path / "gone"
    program = Program("python", str(gone)) if missing == "program" else PYTHON

    with pytest.raises(SubprocessError) as caught:
        run(program, [], environment={}, folder=tmp_path if missing == "program" else gone, hint="install it")

    assert caught.value.where == str(gone)
    assert "cannot run python: No such file or directory" in str(caught.value)
    assert caught.value.hint == "install it"


def test_secrets_of_a_failing_program_are_masked(tmp_path: Path) -> None:
    """A password would end in the log of the deployment, by way of the output or of the command itself."""
    with pytest.raises(SubprocessError) as caught:
        python(
            "import os; print(os.environ['POETRY_HTTP_BASIC_INNER_PASSWORD']); raise SystemExit('hunter22')",
            tmp_path,
            POETRY_HTTP_BASIC_INNER_PASSWORD="hunter22",
        )

    assert "hunter22" not in str(caught.value)
    assert "****" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("POETRY_HTTP_BASIC_INNER_PASSWORD", True),
        ("POETRY_HTTP_BASIC_INNER_USERNAME", True),
        ("POETRY_PYPI_TOKEN_INNER", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("aws_session_token", True),
        ("HOME", False),
    ],
)
def test_values_of_secret_variables_are_masked(name: str, masked: bool) -> None:
    """Credentials would be readable in messages, or harmless words blacked out."""
    assert mask_secrets("before swordfish after", {name: "swordfish"}) == (
        "before **** after" if masked else "before swordfish after"
    )


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("at https://me:pw@host.invalid/simple/ failed", "at https://****@host.invalid/simple/ failed"),
        ("at https://me:p@ss@host.invalid/x", "at https://****@host.invalid/x"),
        ("git+ssh://git@host.invalid/a.git", "git+ssh://****@host.invalid/a.git"),
        ("https://host.invalid/a@1.0 and a@b.invalid", "https://host.invalid/a@1.0 and a@b.invalid"),
    ],
)
def test_credentials_in_urls_are_masked(text: str, masked: str) -> None:
    """A password in the address of an index would end in the log."""
    assert mask_secrets(text, {}) == masked


def test_longer_secrets_go_first_and_short_ones_stay() -> None:
    """The rest of a secret would stay readable, or every "1" of a message be blacked out."""
    secrets = {"A_TOKEN": "swordfish", "B_TOKEN": "swordfish-long", "C_TOKEN": "1"}

    assert mask_secrets("swordfish-long 1", secrets) == "**** 1"


def test_secrets_of_this_process_are_known_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages made outside of a subprocess would not be masked."""
    monkeypatch.setenv("SOME_PASSWORD", "swordfish")

    assert mask_secrets("swordfish") == "****"


def test_programs_are_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Poetry than the user's would run, or none."""
    tool = tmp_path / "some-tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    assert find_program("some-tool", hint="") == Program("some-tool", str(tool))


def test_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without Poetry would see `FileNotFoundError`."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(SubprocessError, match=r"'poetry' was not found on PATH\n  hint: install Poetry"):
        find_program("poetry", hint="install Poetry")


def test_workers_import_this_package_and_nothing_from_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `json.py` beside a user's program would be run by every worker, or the worker would not start at all."""
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    code = "import json, pulumi_poetry_layer; input(); print(pulumi_poetry_layer.__file__)"
    worker = AnsweringProcess(["-c", code])

    assert worker.ask("where from?") == pulumi_poetry_layer.__file__
    worker.close()
