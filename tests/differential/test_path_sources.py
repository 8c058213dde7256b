"""Tests that path dependencies of a monorepo are built alike by the wheels builder and by the real Poetry."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import tomli_w
from samples import Package, lock_text

from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.request import LayerRequest

from .conftest import find_poetry
from .hosts import give_up

RUNTIME = "python{}.{}".format(*sys.version_info[:2])
POETRY_CORE = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
SETUPTOOLS = '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\nbuild-backend = "setuptools.build_meta"\n'

LIBRARIES = {
    "readme": {
        "pyproject.toml": POETRY_CORE + '[project]\nname = "readme"\nversion = "1.0"\nreadme = "../../README.md"\n',
    },
    "script": {
        "setup.py": "from pathlib import Path\nfrom setuptools import setup\n"
        "version = (Path(__file__).resolve().parents[2] / 'VERSION').read_text().strip()\n"
        "setup(name='script', version=version, py_modules=['script'])\n",
    },
    "scm": {
        "pyproject.toml": SETUPTOOLS
        + '[project]\nname = "scm"\ndynamic = ["version"]\n[tool.setuptools]\npy-modules = ["scm"]\n'
        '[tool.setuptools_scm]\nroot = "../.."\n',
    },
    "generated": {
        "pyproject.toml": POETRY_CORE + '[project]\nname = "generated"\nversion = "1.0"\n'
        '[tool.poetry]\npackages = [{ include = "generated" }]\n'
        'include = [{ path = "generated/made_pb2.py", format = ["sdist", "wheel"] }]\n',
        "generated/__init__.py": "",
        "generated/made_pb2.py": "made = True\n",
    },
}
VERSIONS = {"readme": "1.0", "script": "1.0", "scm": "0.0.0", "generated": "1.0"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a git repository beside its libraries."""
    root = tmp_path / "repository"
    files = {"README.md": "# Read me\n", "VERSION": "4.5\n", ".gitignore": "*_pb2.py\n"}
    for name, texts in LIBRARIES.items():
        files |= {f"libs/{name}/{path}": text for path, text in texts.items()}
        if name != "generated":
            files[f"libs/{name}/{name}.py"] = f"name = {name!r}\n"
    dependencies = {name: {"path": f"../libs/{name}"} for name in LIBRARIES}
    pyproject = tomli_w.dumps(
        {
            "project": {"name": "service", "version": "1.0", "requires-python": ">=3.9"},
            "tool": {"poetry": {"package-mode": False, "dependencies": dependencies}},
        }
    )
    packages = [
        Package(name=name, version=VERSIONS[name], files=[], source={"type": "directory", "url": f"../libs/{name}"})
        for name in sorted(LIBRARIES)
    ]
    files |= {"service/pyproject.toml": pyproject, "service/poetry.lock": lock_text(pyproject, packages)}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["tag", "v2.3.0"]):
        subprocess.run([*git, *arguments], cwd=root, check=True)
    return root / "service"


def layer(project: Path, builder: Builder, output: Path) -> dict[str, bytes]:
    """Build a layer; path → content."""
    build_request(LayerRequest(project_dir=project, runtime=RUNTIME, builder=builder), output)
    with zipfile.ZipFile(output) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_libraries_of_a_monorepo_are_the_same_in_both_builders(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A library that Poetry installs would be refused, or would lack generated code."""
    poetry = find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))

    ours = layer(project, WheelBuilder(cache_dir=str(tmp_path / "cache")), tmp_path / "wheels.zip")
    warned = set(caplog.messages)
    caplog.clear()
    theirs = layer(project, LocalBuilder(poetry=str(poetry)), tmp_path / "local.zip")

    assert ours.keys() == theirs.keys()
    assert {"python/scm-2.3.0.dist-info/METADATA", "python/script-4.5.dist-info/METADATA"} <= ours.keys()
    assert ours["python/generated/made_pb2.py"] == b"made = True\n"
    for name in ours:
        if ".dist-info/" not in name:
            assert ours[name] == theirs[name]
    assert b"# Read me" in ours["python/readme-1.0.dist-info/METADATA"]
    assert b"# Read me" in theirs["python/readme-1.0.dist-info/METADATA"]
    expected = {
        "scm 0.0.0: its build gave version 2.3.0; run `poetry lock` to lock that version",
        "script 1.0: its build gave version 4.5; run `poetry lock` to lock that version",
    }
    assert warned == set(caplog.messages) == expected
