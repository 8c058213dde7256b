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
FLIT = '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
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
    "packed": {
        "setup.py": "from setuptools import find_packages, setup\n"
        "setup(name='packed', version='1.0', packages=find_packages())\n",
        "packed/__init__.py": "",
        "packed/made_pb2.py": "made = True\n",
        "packed/data_pb2.json": "{}",
    },
    "flit": {
        "pyproject.toml": FLIT + '[project]\nname = "flit"\nversion = "1.0"\ndescription = ""\n',
        "flit/__init__.py": "",
        "flit/made_pb2.py": "made = True\n",
        "flit/data_pb2.json": "{}",
    },
    "hatch": {
        "pyproject.toml": HATCH + '[project]\nname = "hatch"\nversion = "1.0"\n',
        "hatch/__init__.py": "",
        "hatch/made_pb2.py": "made = True\n",
        "hatch/data_pb2.json": "{}",
    },
    "core": {
        "pyproject.toml": POETRY_CORE + '[project]\nname = "core"\nversion = "1.0"\n',
        "core/__init__.py": "",
        "core/made_pb2.py": "made = True\n",
        "core/data_pb2.json": "{}",
    },
}
VERSIONS = dict.fromkeys(LIBRARIES, "1.0") | {"scm": "0.0.0"}
WITH_PACKAGE = ("generated", "packed", "flit", "hatch", "core")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a git repository beside its libraries."""
    root = tmp_path / "repository"
    files = {"README.md": "# Read me\n", "VERSION": "4.5\n", ".gitignore": "*_pb2.*\n"}
    for name, texts in LIBRARIES.items():
        files |= {f"libs/{name}/{path}": text for path, text in texts.items()}
        if name not in WITH_PACKAGE:
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
    for name in WITH_PACKAGE:
        (root / "libs" / name / name / "new.py").write_text("untracked = True\n")
    return root / "service"


def poetry_install(poetry: Path, project: Path, home: Path) -> dict[str, bytes]:
    """The modules and data of the libraries after ``poetry install`` in the project itself; path → content."""
    variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    variables |= {"POETRY_CACHE_DIR": str(home), "POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    subprocess.run([poetry, "install", "--no-interaction"], cwd=project, env=variables, check=True)
    (folder,) = (project / ".venv").glob("lib/python*/site-packages")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in LIBRARIES
        for path in (*folder.glob(f"{name}.py"), *folder.glob(f"{name}/*"))
        if path.is_file()
    }


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
    code = {name.removeprefix("python/"): data for name, data in ours.items() if ".dist-info/" not in name}
    assert code == poetry_install(poetry, project, tmp_path / "home")
    assert {"packed/made_pb2.py", "flit/data_pb2.json", "hatch/new.py"} <= code.keys()
    expected = {
        "scm 0.0.0: its build gave version 2.3.0; run `poetry lock` to lock that version",
        "script 1.0: its build gave version 4.5; run `poetry lock` to lock that version",
    }
    assert warned == set(caplog.messages) == expected
