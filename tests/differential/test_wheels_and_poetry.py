"""Tests that a layer from wheels has the same files as ``poetry install`` writes to site-packages."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from pulumi_poetry_layer.archive.members import FileContent, Member
from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.plan.build_plan import BuildPlan

from .conftest import find_poetry
from .hosts import give_up, require_python

HERE = Path(__file__).parent
FIXTURES = HERE.parents[1] / "benchmarks" / "fixtures"

PROJECTS = {
    "small": FIXTURES / "small",
    "medium": FIXTURES / "medium",
    "large": FIXTURES / "large",
    "native": HERE / "projects" / "native",
}
"""The projects of the benchmarks, and one with native packages that have wheels for Amazon Linux 2 too."""

DIFFERENT = {
    "INSTALLER": "names the installer: Poetry or this package",
    "RECORD": "contains the hash of INSTALLER; Poetry's also lists files outside of site-packages, such as scripts",
    "direct_url.json": "contains the origin of an installation, which can be a folder of the host",
    "REQUESTED": "marks distributions that a user requested directly",
}
"""Files of a .dist-info folder that may differ or be missing, and why. ``__pycache__`` is ignored too."""


def planned(project: str, runtime: str, architecture: str = "x86_64") -> tuple[BuildPlan, ProjectFiles]:
    """The plan of a project's layer, and the project's files."""
    return plan_request(LayerRequest(project_dir=PROJECTS[project], runtime=runtime, architecture=architecture))


def layer(path: Path) -> dict[str, tuple[bytes, bool]]:
    """The files of a layer: path → content and executable bit."""
    with zipfile.ZipFile(path) as archive:
        return {
            info.filename.removeprefix("python/"): (archive.read(info), bool(info.external_attr >> 16 & 0o100))
            for info in archive.infolist()
        }


def site_packages(members: list[Member]) -> Path:
    """The site-packages folder into which Poetry installed."""
    paths = (member.content.path for member in members if isinstance(member.content, FileContent))
    return next(folder for folder in next(paths).parents if folder.name == "site-packages")


def installed(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """The files in site-packages: path → content and executable bit."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), os.access(path, os.X_OK))
        for path in folder.rglob("*")
        if path.is_file()
    }


def may_differ(name: str) -> bool:
    """Whether a file may differ."""
    path = PurePosixPath(name)
    return "__pycache__" in path.parts or (path.parent.name.endswith(".dist-info") and path.name in DIFFERENT)


def differences(ours: dict[str, tuple[bytes, bool]], theirs: dict[str, tuple[bytes, bool]]) -> list[str]:
    """Paths of the files that differ or are in only one of the two."""
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


@pytest.mark.parametrize(
    ("project", "runtime"),
    [
        ("small", "python3.11"),
        ("native", "python3.11"),
        ("small", "python3.13"),
        pytest.param("medium", "python3.13", marks=pytest.mark.thorough),
        pytest.param("large", "python3.13", marks=pytest.mark.thorough),
        pytest.param("native", "python3.13", marks=pytest.mark.thorough),
    ],
)
def test_layer_has_the_same_files_as_poetry_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str, runtime: str
) -> None:
    """A function would import other code in Lambda than in its tests."""
    python, poetry = require_python(runtime), find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(python.parent), os.environ["PATH"]]))
    plan, files = planned(project, runtime)
    with WheelBuilder().build(plan, files) as parts:
        write_archive(parts, tmp_path / "wheels.zip")
    ours = layer(tmp_path / "wheels.zip")

    with LocalBuilder(poetry=str(poetry)).build(plan, files) as members:
        theirs = installed(site_packages(list(members)))
        write_archive(members, tmp_path / "local.zip")

    assert [name for name in differences(ours, theirs) if not may_differ(name)] == []
    assert len(ours) > 20 * len(plan.packages)
    assert differences(ours, layer(tmp_path / "local.zip")) == []


@pytest.mark.parametrize("project", ["native", "medium"])
def test_arm64_layer_contains_only_arm64_libraries(tmp_path: Path, project: str) -> None:
    """A layer for arm64 that was built on an x86_64 laptop could not be imported in Lambda."""
    from elftools.elf.elffile import ELFFile

    plan, files = planned(project, "python3.13", "arm64")
    with WheelBuilder().build(plan, files) as parts:
        write_archive(parts, tmp_path / "layer.zip")

    machines: dict[str, list[str]] = {}
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                if file.read(4) == b"\x7fELF":
                    machines.setdefault(ELFFile(file)["e_machine"], []).append(name)

    assert list(machines) == ["EM_AARCH64"]
    assert len(machines["EM_AARCH64"]) > 20
