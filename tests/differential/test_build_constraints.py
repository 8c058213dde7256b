"""Tests that ``[tool.poetry.build-constraints]`` decides what sources are built with, as in the real Poetry."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from samples import Package, lock_text
from samples.index import Index, file_hash, serve
from samples.sources import made_tree, maker, sdist_of
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.request import LayerRequest

from .conftest import find_poetry
from .hosts import give_up

RUNTIME = "python{}.{}".format(*sys.version_info[:2])
NAMES = ("from-sdist", "from-git", "from-folder")


def backends(*versions: str) -> dict[str, bytes]:
    """Wheels of the build backend, and one of a package that is named in constraints but not needed."""
    wheels = [maker(version) for version in versions]
    return {wheel.file_name: wheel.data() for wheel in (*wheels, WheelSample(name="other"))}


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a new folder."""
    folder.mkdir()
    for path, text in files.items():
        (folder / path).write_text(text)


def repository(folder: Path) -> str:
    """Make a git repository of the package that comes from git, and return its commit."""
    write(folder, made_tree("from-git"))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True).stdout


def project(tmp_path: Path, index: Index, constraints: Mapping[str, Any]) -> Path:
    """A project with a package from an sdist, one from git and one from a folder."""
    index.files["from_sdist-1.0.tar.gz"] = sdist_of("from-sdist", made_tree("from-sdist"))
    commit = repository(tmp_path / "repository").strip()
    write(tmp_path / "folder", made_tree("from-folder"))
    git = {"git": (tmp_path / "repository").as_uri(), "rev": commit}
    pyproject = tomli_w.dumps(
        {
            "project": {"name": "service", "version": "1.0", "requires-python": ">=3.9"},
            "tool": {
                "poetry": {
                    "package-mode": False,
                    "dependencies": {"from-sdist": "*", "from-git": git, "from-folder": {"path": "../folder"}},
                    "source": [{"name": "inner", "url": index.url}],
                    "build-constraints": constraints,
                }
            },
        }
    )
    legacy = {"type": "legacy", "url": index.url.rstrip("/"), "reference": "inner"}
    files = [{"file": name, "hash": file_hash(data)} for name, data in index.files.items() if name.endswith(".gz")]
    packages = [
        Package(name="from-folder", files=[], source={"type": "directory", "url": "../folder"}),
        Package(
            name="from-git",
            files=[],
            source={"type": "git", "url": git["git"], "reference": commit, "resolved_reference": commit},
        ),
        Package(name="from-sdist", source=legacy, other_keys={"files": files}),
    ]
    write(tmp_path / "project", {"pyproject.toml": pyproject, "poetry.lock": lock_text(pyproject, packages)})
    return tmp_path / "project"


def makers_in_layer(folder: Path, builder: Builder, output: Path) -> dict[str, str]:
    """Package → version of the backend that has built it."""
    build_request(LayerRequest(project_dir=folder, runtime=RUNTIME, builder=builder), output)
    with zipfile.ZipFile(output) as archive:
        return {name: archive.read(f"python/{name.replace('-', '_')}.py").decode().split("'")[1] for name in NAMES}


def makers_in_environment(folder: Path, poetry: Path, home: Path) -> dict[str, str]:
    """Package → version of the backend that has built it for ``poetry install`` in the project itself."""
    variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    variables |= {
        "POETRY_CACHE_DIR": str(home),
        "POETRY_CONFIG_DIR": str(home),
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    }
    subprocess.run([poetry, "install", "--no-interaction"], cwd=folder, env=variables, check=True)
    (site_packages,) = (folder / ".venv").glob("lib/python*/site-packages")
    return {name: (site_packages / f"{name.replace('-', '_')}.py").read_text().split("'")[1] for name in NAMES}


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        ({}, ("2.1", "2.1", "2.1")),
        (
            {
                "From_Sdist": {"maker": "<2"},
                "from-git": {
                    "maker": [{"version": "^1.0,!=1.4"}, {"version": "1.0", "markers": "sys_platform == 'x'"}]
                },
                "from-folder": {"maker": {"version": "~2.0"}, "other": "1.0"},
                "unknown": {"maker": "1.0"},
            },
            ("1.4", "1.2", "2.0"),
        ),
    ],
)
def test_every_builder_builds_with_what_poetry_builds_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, constraints: Mapping[str, Any], expected: tuple[str, ...]
) -> None:
    """A package whose build needs an old setuptools could not be built, or would be built in another way."""
    poetry = find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    wheels = backends("1.0", "1.2", "1.4", "2.0", "2.1")
    with serve(Index(files=wheels, hashes=True)) as index:
        folder = project(tmp_path, index, constraints)
        wanted = dict(zip(NAMES, expected, strict=True))

        assert makers_in_layer(folder, WheelBuilder(), tmp_path / "wheels.zip") == wanted
        assert makers_in_layer(folder, LocalBuilder(poetry=str(poetry)), tmp_path / "local.zip") == wanted
        assert makers_in_environment(folder, poetry, tmp_path / "home") == wanted


def test_changed_constraints_build_again_with_every_builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of this package or of Poetry would still have the wheels that were built with something else."""
    poetry = find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    wheels = backends("1.0", "2.0")
    with serve(Index(files=wheels, hashes=True)) as index:
        folder = project(tmp_path, index, {})
        pyproject = (folder / "pyproject.toml").read_text()
        for table, version in (
            ("", "2.0"),
            (f'[tool.poetry.build-constraints]\n{NAMES[0]} = {{maker = "<2"}}\n', "1.0"),
        ):
            (folder / "pyproject.toml").write_text(pyproject.replace("[tool.poetry.build-constraints]\n", table))
            for builder in (WheelBuilder(), LocalBuilder(poetry=str(poetry))):
                assert makers_in_layer(folder, builder, tmp_path / "layer.zip")["from-sdist"] == version
