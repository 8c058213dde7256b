"""Sixty popular packages in twelve locked projects: built, checked, and imported on AWS's emulator of Lambda."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .harness.emulator import Emulator
from .harness.one_layer import PROJECTS
from .test_emulator import ARCHITECTURE, OTHER_ARCHITECTURE

POPULAR = PROJECTS / "popular"
RUNTIMES = ["python3.11", "python3.12", "python3.13"]
"""The runtimes that the projects are locked for."""

WITHOUT_WHEELS = {"arrow", "databases", "frames", "images", "rpc", "science"}
"""Projects with packages whose wheels, on x86_64 or arm64, need a newer glibc than that of python3.11."""

WARNINGS = {"rpc": {("warning", "google-cloud-storage 3.17.1")}}
"""Modules for an optional part, which need a distribution that is not locked."""


def results(emulator: Emulator, folder: Path, project: str, runtime: str, architecture: str, *options: str) -> str:
    """Build the layer of a project, verify it, and return what ``verify --json`` prints."""
    target = ("--runtime", runtime, "--architecture", architecture)
    command = ("python", "-m", "pulumi_poetry_layer")
    layer = str(folder / f"{architecture}.zip")
    built = emulator.machine.run([*command, "build", "-C", str(POPULAR / project), *target, "-o", layer], cwd=folder)
    assert built.returncode == 0, built.stderr
    verified = emulator.machine.run([*command, "verify", layer, *target, "--json", *options], cwd=folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return verified.stdout


def check(emulator: Emulator, folder: Path, project: str, runtime: str) -> None:
    """Import the packages of a project here, and check its layer for the other architecture without running it."""
    here = json.loads(results(emulator, folder, project, runtime, ARCHITECTURE, "--import"))
    assert {(one["severity"], one["package"]) for one in here["findings"]} == WARNINGS.get(project, set())
    assert here.get("imported"), "this machine has no Python for the runtime"
    there = json.loads(results(emulator, folder, project, runtime, OTHER_ARCHITECTURE))
    assert there["findings"] == []


def test_packages_of_one_project_are_imported(emulator: Emulator, tmp_path: Path) -> None:
    """Otherwise a layer of common packages is refused or fails in Lambda."""
    check(emulator, tmp_path, "text", "python3.12")


@pytest.mark.thorough
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("project", sorted(path.name for path in POPULAR.iterdir()))
def test_popular_packages_are_imported(emulator: Emulator, tmp_path: Path, project: str, runtime: str) -> None:
    """Otherwise a layer of popular packages is refused or fails in Lambda."""
    if runtime == "python3.11" and project in WITHOUT_WHEELS:
        with pytest.raises(AssertionError, match=r"it has no wheel for python3.11 on .* glibc 2.26"):
            check(emulator, tmp_path, project, runtime)
        return
    check(emulator, tmp_path, project, runtime)
