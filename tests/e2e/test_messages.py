"""What a user reads while a layer is built, and if that fails."""

from __future__ import annotations

import os
import re
import time
from io import BufferedIOBase

from samples.index import Index, serve

from .harness import LocalAws, Result
from .harness.one_layer import LAYER, PROGRAM, UNREACHABLE, NewProgram, project_files
from .test_preview import PROGRAM as LARGE_PROGRAM
from .test_preview import service, wheel


def error_lines(result: Result) -> list[str]:
    """The lines under "Diagnostics" from the first error on."""
    diagnostics = result.stdout.rpartition("Diagnostics:\n")[2].partition("\nResources:")[0].partition("\nOutputs:")[0]
    lines = [line.strip() for line in diagnostics.splitlines()]
    return [line for line in lines if line and "using pulumi-resource-" not in line]


def test_failed_build_is_one_message_with_its_cause_first(new_program: NewProgram) -> None:
    """Otherwise the cause is below a traceback, is repeated for each package, and a second error hides it."""
    stack = new_program({"__main__.py": PROGRAM, **project_files("base")}).stack()
    command = ("up", "--yes", "--skip-preview", "--continue-on-error", "--stack", "dev")
    env = {"POETRY_PYPI_MIRROR_URL": UNREACHABLE, "PULUMI_POETRY_LAYER_PROGRESS_SECONDS": "0"}
    failed = stack.program.pulumi(*command, check=False, planning=False, env=env)
    assert failed.exit_code != 0
    lines = error_lines(failed)
    assert [line for line in lines if not line.startswith(("pulumi", "error: update failed"))] == [
        "error: idna 3.10, six 1.16.0: PyPI (http://127.0.0.1:9/simple) cannot be reached: Connection refused",
        "hint: check the network, the proxy (HTTPS_PROXY, NO_PROXY) and the address in POETRY_PYPI_MIRROR_URL, "
        "if it is set",
    ]


def test_wrong_project_folder_is_shown_as_the_user_wrote_it(new_program: NewProgram) -> None:
    """Otherwise the message has a path that is in no file of the user."""
    program = PROGRAM.replace('"service"', '"../servcie"')
    stack = new_program({"__main__.py": program, **project_files("base")}).stack()
    lines = error_lines(stack.preview(check=False))
    assert "- ../servcie/pyproject.toml: no such file" in lines


def test_output_that_is_not_utf_8_does_not_stop_a_deployment(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise each change of a package fails on Windows, because its code page has no arrow."""
    stack = new_program({"__main__.py": PROGRAM, **project_files("base")}).stack()
    stack.up(skip_preview=True)
    stack.program.write(project_files("package_changed"))
    up = stack.up(PYTHONIOENCODING="ascii")
    assert up.text.count("deps: six 1.16.0 -> 1.17.0; ") >= 2
    assert aws.layer_versions("deps-dev") == [2]


def test_layer_over_a_limit_is_not_downloaded_without_a_preview(new_program: NewProgram) -> None:
    """Otherwise `up --skip-preview` downloads and builds for minutes what AWS refuses."""
    with serve(Index(sizes=True)) as index:
        heavy = wheel("heavy", os.urandom(54 << 20))
        index.files = {heavy.file_name: heavy.data()}
        stack = new_program({"__main__.py": LARGE_PROGRAM, **service(*index.files.items())}).stack()
        failed = stack.up(skip_preview=True, check=False, POETRY_PYPI_MIRROR_URL=index.url)
    assert failed.exit_code != 0
    assert failed.ops(LAYER) == []
    assert "error: layer deps: the layer will be about 54.0 MiB zipped, over Lambda's limit of 50 MiB" in failed.text
    assert not [headers for path, headers in index.requests if path.startswith("/files/") and "Range" not in headers]


def test_long_build_says_how_far_it_is(new_program: NewProgram) -> None:
    """Otherwise `up` prints nothing for as long as the download takes."""
    app = wheel("app", os.urandom(2_000_000))
    with serve(Index(files={app.file_name: app.data()}, sizes=True)) as index:
        stack = new_program({"__main__.py": LARGE_PROGRAM, **service(*index.files.items())}).stack()
        stack.preview(POETRY_PYPI_MIRROR_URL=index.url)

        def slow(output: BufferedIOBase) -> None:
            output.write(b"HTTP/1.0 200 OK\r\n\r\n" + app.data()[:1_500_000])
            output.flush()
            time.sleep(1)
            output.write(app.data()[1_500_000:])

        index.answers = {f"/files/{app.file_name}": [slow]}
        up = stack.up(skip_preview=True, POETRY_PYPI_MIRROR_URL=index.url, PULUMI_POETRY_LAYER_PROGRESS_SECONDS="0.05")
    lines = {line.strip() for line in up.text.splitlines() if line.strip().startswith("deps: 0 of 1 package")}
    assert any(re.fullmatch(r"deps: 0 of 1 package, 1\.[24] of 1\.9 MiB", line) for line in lines), up
