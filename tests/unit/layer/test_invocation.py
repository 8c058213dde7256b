"""Layers for the emulator, and what a failed import says."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pulumi_poetry_layer.emulator.answers import Answer, FunctionError
from pulumi_poetry_layer.emulator.interpreter import Interpreter
from pulumi_poetry_layer.errors import ArchiveError, InputError
from pulumi_poetry_layer.host.process import Program
from pulumi_poetry_layer.layer import invocation
from pulumi_poetry_layer.layer.invocation import import_modules, invoke_function
from pulumi_poetry_layer.plan.target import Target

TARGET = Target("python3.13", "x86_64")
INTERPRETER = Interpreter(
    program=Program("python3.13", ""), executable=Path(), prefix=Path(), modules=Path(), loader=Path(), libraries={}
)
MISSING = FunctionError(type="ModuleNotFoundError", message="No module named 'gone'")
CRASHED = FunctionError(type="Runtime.ExitError", message="Runtime exited with error: signal: aborted")


class FakeFunction:
    """A function whose answers depend on the event, and the content of the folders that it sees."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.layer = {
            path.relative_to(arguments["layer"]).as_posix(): path.stat().st_mode & 0o777
            for path in arguments["layer"].rglob("*")
            if path.is_file()
        }

    def invoke(self, event: object) -> Answer:
        return Answer(value=None, error={"needs": MISSING, "crashes": CRASHED}.get(str(event)))


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> list[FakeFunction]:
    """The functions that were started instead of those on the emulator."""
    started = []

    @contextmanager
    def start(*_: object, **arguments: Any) -> Iterator[FakeFunction]:
        started.append(FakeFunction(arguments))
        yield started[-1]

    monkeypatch.setattr(invocation, "running_function", start)
    return started


def layer_of(folder: Path, *names: str, mode: int = 0o644) -> Path:
    """A layer zip with these empty files."""
    path = folder / "layer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, b"")
    return path


def invoke(layer: Path, task: Path) -> Answer:
    """Invoke a function."""
    return invoke_function(
        layer, TARGET, INTERPRETER, task=task, handler="app.handler", event={}, timeout=1, show_line=print
    )


@pytest.mark.skipif(os.name != "posix", reason="Windows has no executable bit")
def test_files_of_the_layer_keep_their_modes(tmp_path: Path, functions: list[FakeFunction]) -> None:
    """A program in bin/ could not be started."""
    invoke(layer_of(tmp_path, "bin/tool", mode=0o755), tmp_path)
    assert functions[0].layer == {"bin/tool": 0o755}


def test_no_file_is_written_outside_of_the_layer(tmp_path: Path, functions: list[FakeFunction]) -> None:
    """A zip of a stranger could replace the user's files."""
    invoke(layer_of(tmp_path, "../../escaped", "/absolute"), tmp_path)
    assert sorted(functions[0].layer) == ["absolute", "escaped"]


@pytest.mark.usefixtures("functions")
def test_task_that_is_not_a_folder_is_an_error(tmp_path: Path) -> None:
    """The user would see that mount failed."""
    with pytest.raises(InputError, match="is not a folder") as caught:
        invoke(layer_of(tmp_path, "python/a.py"), tmp_path / "gone")
    assert "the folder with the code" in str(caught.value)


@pytest.mark.usefixtures("functions")
def test_layer_that_is_not_a_zip_is_an_error(tmp_path: Path) -> None:
    """The user would see a traceback of zipfile."""
    (tmp_path / "layer.zip").write_text("not a zip")
    with pytest.raises(ArchiveError, match="cannot be read as a zip"):
        invoke(tmp_path / "layer.zip", tmp_path)


@pytest.mark.usefixtures("functions")
def test_missing_module_is_a_warning_and_every_other_failure_an_error(tmp_path: Path) -> None:
    """A function that brings the module itself would not be deployed, or one that crashes would."""
    layer = layer_of(tmp_path, "python/needs.py", "python/crashes.py", "python/works.py")
    imported, findings = import_modules(layer, TARGET, INTERPRETER)
    assert imported == ["works"]
    assert [(finding.problem, finding.is_error) for finding in findings] == [
        ("`import crashes` fails: Runtime.ExitError: Runtime exited with error: signal: aborted", True),
        ("`import needs` fails: ModuleNotFoundError: No module named 'gone'", False),
    ]
