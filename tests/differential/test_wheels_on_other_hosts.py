"""Tests that the wheels builder writes the same bytes on different hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli

from .hosts import find_python, give_up

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = REPOSITORY / "benchmarks" / "fixtures" / "small"
ARGUMENTS = ("--runtime", "python3.12", "--architecture", "arm64", "--builder", "wheels", "--json")


def build(
    folder: Path, python: Path, project: Path = PROJECT, *, umask: int = 0o022, **variables: str
) -> Mapping[str, Any]:
    """Run ``build --json`` in a new process with an empty cache. Returns its output without ``path``."""
    folder.mkdir()
    environment = {**os.environ, "PULUMI_POETRY_LAYER_CACHE_DIR": str(folder / "cache"), **variables}
    code = f"import os, runpy; os.umask({umask}); runpy.run_module('pulumi_poetry_layer', run_name='__main__')"
    paths = ("--project-dir", str(project), "--output", str(folder / "layer.zip"))
    command = [str(python), "-c", code, "build", *ARGUMENTS, *paths]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    output: Mapping[str, Any] = json.loads(result.stdout)
    return {key: value for key, value in output.items() if key != "path"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The result with the settings and the Python of this host."""
    return build(tmp_path_factory.mktemp("here") / "build", Path(sys.executable), PYTHONPATH=str(REPOSITORY))


def test_settings_of_the_host_do_not_change_the_zip(tmp_path: Path, here: Mapping[str, Any]) -> None:
    """A laptop and a CI runner would publish two layer versions of one lock file."""
    copy = tmp_path / "project"
    copy.mkdir(0o700)
    for file in PROJECT.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
        os.utime(copy / file.name, (1, 1))
    other = {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "tr_TR.UTF-8",
        "HOME": str(tmp_path / "home"),
        "USER": "another-user",
        "LOGNAME": "another-user",
        "PYTHONHASHSEED": "7",
        "SOURCE_DATE_EPOCH": "1700000000",
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(REPOSITORY),
    }

    assert build(tmp_path / "build", Path(sys.executable), copy, umask=0o077, **other) == here


def test_python_of_the_host_does_not_change_the_zip(tmp_path: Path, here: Mapping[str, Any]) -> None:
    """Two users with different Pythons would publish two layer versions of one lock file."""
    running = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    others = [f"python3.{minor}" for minor in (13, 12, 11, 10) if f"python3.{minor}" != running]
    python = next((found for runtime in others if (found := find_python(runtime))), None)
    if python is None:
        give_up("this host has no second Python version")
    subprocess.run([python, "-m", "venv", tmp_path / "venv"], check=True)
    declared = tomli.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    needed = [requirement for requirement in declared if not requirement.startswith("pulumi")]
    executable = tmp_path / "venv" / "bin" / "python"
    subprocess.run([executable, "-m", "pip", "install", "--quiet", *needed], check=True)

    assert build(tmp_path / "build", executable, PYTHONPATH=str(REPOSITORY)) == here
