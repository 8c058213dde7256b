"""Tests of running programs, and of masking secrets in their output."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from queue import Queue

import pytest

import pulumi_poetry_layer
from pulumi_poetry_layer.errors import SubprocessError
from pulumi_poetry_layer.host.process import AnsweringProcess, Program, find_program, mask_secrets, run, running

PYTHON = Program("python", sys.executable)


def python(code: str, folder: Path, **environment: str) -> str:
    """Run a few lines of Python."""
    return run(PYTHON, ["-c", code], environment=environment, folder=folder, hint="fix it")


def test_output_of_both_streams_is_returned_in_order(tmp_path: Path) -> None:
    """A user would see Poetry's error before the output that leads to it."""
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); print('three')"

    assert python(code, tmp_path) == "one\ntwo\nthree\n"


def test_null_character_in_an_argument_or_variable_is_an_error(tmp_path: Path) -> None:
    """A user would see a traceback because of an address in pyproject.toml."""
    for arguments, environment in ((["a\0b"], {}), (["-V"], {"A": "a\0b"}), (["-V"], {"A=B": "c"})):
        with pytest.raises(SubprocessError, match="cannot run python"):
            run(PYTHON, arguments, environment=environment, folder=tmp_path)


def test_standard_error_is_left_out_of_the_result_but_not_of_an_error(tmp_path: Path) -> None:
    """A warning of git would be used as the name of a file, or a user would not see why a program failed."""
    code = "import sys; print('warning', file=sys.stderr); print('answer'); raise SystemExit({})"

    def ask(exit_code: int) -> str:
        arguments = ["-c", code.format(exit_code)]
        return run(PYTHON, arguments, environment={}, folder=tmp_path, errors_apart=True)

    assert ask(0) == "answer\n"
    with pytest.raises(SubprocessError, match="answer\nwarning"):
        ask(1)


def test_error_has_command_exit_code_whole_output_and_hint(tmp_path: Path) -> None:
    """A user would only see that something failed."""
    with pytest.raises(SubprocessError) as caught:
        python("print('first'); print('last'); raise SystemExit(3)", tmp_path)

    message = str(caught.value)
    assert message.startswith("`python -c print('first')")
    for part in ("ended with exit code 3", "first\nlast", "hint: fix it"):
        assert part in message


def test_program_does_not_inherit_environment_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's active virtual environment or credentials would be used in the build."""
    monkeypatch.setenv("VIRTUAL_ENV", "elsewhere")

    assert python("import os; print(sorted(os.environ.keys() & {'VIRTUAL_ENV', 'GIVEN'}))", tmp_path, GIVEN="1") == (
        "['GIVEN']\n"
    )


def test_program_runs_in_the_given_folder(tmp_path: Path) -> None:
    """The build would change files in the user's project."""
    assert python("import os; print(os.getcwd())", tmp_path).strip() == str(tmp_path.resolve())


def test_program_that_reads_standard_input_gets_end_of_file(tmp_path: Path) -> None:
    """A program that asks for a password would wait forever, and the deployment with it."""
    with pytest.raises(SubprocessError, match="EOFError"):
        python("input('password: ')", tmp_path)


def test_output_that_is_not_utf8_is_shown_with_replacement_characters(tmp_path: Path) -> None:
    """A file name in Latin-1 would cause a decoding error that hides the real one."""
    with pytest.raises(SubprocessError, match="before � after"):
        python(r"import sys; sys.stdout.buffer.write(b'before \xff after'); raise SystemExit(1)", tmp_path)


@pytest.mark.parametrize("missing", ["program", "folder"])
def test_error_for_program_that_cannot_be_started_names_the_missing_path(tmp_path: Path, missing: str) -> None:
    """A user would reinstall Poetry although the working directory is missing."""
    gone = tmp_path / "gone"
    program = Program("python", str(gone)) if missing == "program" else PYTHON

    with pytest.raises(SubprocessError) as caught:
        run(program, [], environment={}, folder=tmp_path if missing == "program" else gone, hint="install it")

    assert caught.value.where == str(gone)
    assert "cannot run python: No such file or directory" in str(caught.value)
    assert caught.value.hint == "install it"


def test_secrets_in_output_of_failed_program_are_masked(tmp_path: Path) -> None:
    """The log of the deployment would show a password from the output or from the command."""
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
    """Messages would show credentials, or harmless words would be masked."""
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
    """The log would show a password that is in the address of an index."""
    assert mask_secrets(text, {}) == masked


def test_longer_secrets_are_masked_first_and_very_short_ones_not_at_all() -> None:
    """The rest of a secret would stay readable, or every "1" in a message would be masked."""
    secrets = {"A_TOKEN": "swordfish", "B_TOKEN": "swordfish-long", "C_TOKEN": "1"}

    assert mask_secrets("swordfish-long 1", secrets) == "**** 1"


def test_secrets_of_this_process_are_masked_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages that are not from a subprocess would not be masked."""
    monkeypatch.setenv("SOME_PASSWORD", "swordfish")

    assert mask_secrets("swordfish") == "****"


def test_program_is_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build would not use the user's Poetry."""
    tool = tmp_path / "some-tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    assert find_program("some-tool", hint="") == Program("some-tool", str(tool))


def test_error_for_missing_program_has_the_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without Poetry would see `FileNotFoundError`."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(SubprocessError, match=r"'poetry' was not found on PATH\n  hint: install Poetry"):
        find_program("poetry", hint="install Poetry")


def test_worker_imports_this_package_and_nothing_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every worker would run a `json.py` beside the user's program, or would not start."""
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    code = "import json, pulumi_poetry_layer; input(); print(pulumi_poetry_layer.__file__)"
    worker = AnsweringProcess(["-c", code])

    assert worker.ask("where from?") == pulumi_poetry_layer.__file__
    worker.close()


def test_program_beside_this_process_shows_its_lines_and_is_killed_at_the_end(tmp_path: Path) -> None:
    """A server would keep running after the command, or its messages would be lost."""
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(3600)"
    lines: Queue[str] = Queue()
    with running(PYTHON, ["-c", code], environment={}, folder=tmp_path, show_line=lines.put) as has_ended:
        line = lines.get(timeout=60)
        assert line.isdecimal()
        assert not has_ended()
    assert has_ended()


def test_all_lines_of_a_program_that_ended_were_shown(tmp_path: Path) -> None:
    """The message that says why a server did not start would be lost."""
    lines: list[str] = []
    code = "print('first'); print('last')"
    with running(PYTHON, ["-c", code], environment={}, folder=tmp_path, show_line=lines.append) as has_ended:
        while not has_ended():
            pass
        assert lines == ["first", "last"]


def test_program_that_cannot_run_beside_this_process_is_an_error(tmp_path: Path) -> None:
    """A user would see a traceback."""
    program = Program("gone", str(tmp_path / "gone"))
    with (
        pytest.raises(SubprocessError, match="cannot run gone"),
        running(program, [], environment={}, folder=tmp_path, show_line=print),
    ):
        pass


def test_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """A build would hang forever."""
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(SubprocessError, match=r"python was ended because it took longer than 0\.5 s"):
        run(PYTHON, ["-S", "-c", code], environment={}, folder=tmp_path, seconds=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
