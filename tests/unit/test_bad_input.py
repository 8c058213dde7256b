"""Bad input raises an error that names the file and the key, before anything is registered.

``tests/e2e/test_bad_input.py`` checks that such an error fails a preview of the real engine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from samples import PROJECT as SAMPLE
from samples import Package, lock_text

from pulumi_poetry_layer import PoetryLayer

PROJECTS = Path(__file__).parent.parent / "projects"
RUNTIME = "python{}.{}".format(*sys.version_info[:2])


class RecordingMocks(pulumi.runtime.Mocks):
    """Records the names of the registered resources."""

    def __init__(self) -> None:
        self.registered: list[str] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.registered.append(args.name)
        return args.name, args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no call is expected: {args.token}")


@pytest.fixture
def mocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingMocks]:
    """Pulumi's runtime with mocks, and an empty program folder."""
    monkeypatch.chdir(tmp_path)
    recorder = RecordingMocks()
    pulumi.runtime.set_mocks(recorder)
    yield recorder
    pulumi.runtime.settings.reset_options()


def write_project(folder: Path, name: str, files: Mapping[str, str | None]) -> None:
    """Write a project of ``tests/projects``, with other contents for ``files``; None leaves a file out."""
    folder.mkdir()
    for file in ("pyproject.toml", "poetry.lock"):
        text = files.get(file, (PROJECTS / name / file).read_text(encoding="utf-8"))
        if text is not None:
            (folder / file).write_text(text, encoding="utf-8")


def problem_of(**arguments: Any) -> str:
    """The message of the error that a program with a layer for ``service`` raises."""

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        PoetryLayer("deps", **{"project_dir": "service", "runtime": RUNTIME, **arguments})

    # The engine shows a RunError without a traceback.
    with pytest.raises(pulumi.RunError) as caught:
        program()
    return str(caught.value)


@pytest.mark.parametrize(
    ("files", "messages"),
    [
        ({"poetry.lock": None}, ["poetry.lock: no such file", "poetry lock"]),
        ({"pyproject.toml": None}, ["pyproject.toml: no such file"]),
        ({"poetry.lock": "[[package]\n"}, ["poetry.lock: not valid TOML", "line 1"]),
    ],
    ids=["missing lock", "missing pyproject", "broken TOML"],
)
def test_project_file_that_cannot_be_used_is_named(
    mocks: RecordingMocks, tmp_path: Path, files: Mapping[str, str | None], messages: list[str]
) -> None:
    """A user would get a traceback from a library."""
    write_project(tmp_path / "service", "base", files)
    problem = problem_of()
    assert "PoetryLayer 'deps'" in problem
    for message in messages:
        assert message in problem
    assert mocks.registered == []


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        ({"groups": ["main", "debg"]}, ["groups: unknown group 'debg'", "did you mean 'debug'?"]),
        ({"extras": ["yml"]}, ["extras: unknown extra 'yml'", "did you mean 'yaml'?"]),
        (
            {"runtime": "python3.7", "architecture": "riscv"},
            ["runtime: unsupported runtime 'python3.7'", "architecture: unsupported architecture 'riscv'", "arm64"],
        ),
    ],
    ids=["unknown group", "unknown extra", "unsupported runtime and architecture"],
)
def test_wrong_argument_is_named_with_a_correct_value(
    mocks: RecordingMocks, tmp_path: Path, arguments: Mapping[str, object], messages: list[str]
) -> None:
    """A user would notice a typo only after the build."""
    write_project(tmp_path / "service", "base", {})
    problem = problem_of(**arguments)
    assert "PoetryLayer 'deps'" in problem
    for message in messages:
        assert message in problem
    assert mocks.registered == []


def test_package_without_a_file_for_the_target_is_named(mocks: RecordingMocks, tmp_path: Path) -> None:
    """The preview would succeed, and the build would fail."""
    write_project(tmp_path / "service", "no_artifact", {})
    problem = problem_of()
    for message in ("PoetryLayer 'deps'", "package pywin32 306", "none of its 14 locked files is compatible", "glibc"):
        assert message in problem
    assert mocks.registered == []


def test_package_that_must_be_compiled_fails_the_preview_with_a_builder_that_can_do_it(
    mocks: RecordingMocks, tmp_path: Path
) -> None:
    """Otherwise the preview is fine, and the deployment then fails for sure."""
    package = Package(name="app", files=["app-1.0-cp313-cp313-win_amd64.whl", "app-1.0.tar.gz"])
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(SAMPLE, encoding="utf-8")
    (folder / "poetry.lock").write_text(lock_text(SAMPLE, [package]), encoding="utf-8")

    problem = problem_of(runtime="python3.13")

    assert "app 1.0: its sdist must be compiled: it has no wheel for python3.13 on x86_64" in problem
    assert 'use the container builder (builder="container")' in problem
    assert mocks.registered == []
