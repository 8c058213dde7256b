"""Finding a Python of a certain version."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pulumi_poetry_layer.host.interpreters import find_python
from pulumi_poetry_layer.host.process import run

RUNNING = sys.version_info[:2]


def test_running_python_is_found_first() -> None:
    """A search through the whole machine takes seconds."""
    found = find_python(RUNNING)
    assert found is not None
    assert (found.name, found.path) == ("python{}.{}".format(*RUNNING), sys.executable)


def test_version_that_this_machine_does_not_have_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version would run the function."""
    for name in ("PATH", "HOME", "PYENV_ROOT"):  # a search through all Pythons takes long
        monkeypatch.setenv(name, str(tmp_path))
    assert find_python((3, 99)) is None


def test_other_python_on_this_machine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer has several Pythons, and the tool runs on one of them."""
    running = SimpleNamespace(version_info=(3, 99, 0), implementation=sys.implementation, executable="another")
    monkeypatch.setattr("pulumi_poetry_layer.host.interpreters.sys", running)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    found = find_python(RUNNING)
    assert found is not None
    script = "import sys; print(sys.version_info[:2])"
    assert run(found, ["-c", script], environment={}, folder=Path.cwd()).strip() == str(RUNNING)
