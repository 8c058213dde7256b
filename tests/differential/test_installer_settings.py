"""Tests that the settings of Poetry's installer decide between wheel and sdist as in the real ``poetry install``."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import tomli_w
from samples import Package, lock_text
from samples.index import Index, file_hash, serve
from samples.sources import sdist_of, source_tree
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.request import LayerRequest

from .conftest import find_poetry
from .hosts import give_up

RUNTIME = "python{}.{}".format(*sys.version_info[:2])
NAMES = ("alpha", "beta-two")


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with a wheel and an sdist of each package."""
    files: dict[str, bytes] = {}
    for name in NAMES:
        stem = name.replace("-", "_")
        wheel = WheelSample(name=name, files={f"{stem}.py": b"origin = 'wheel'\n"})
        source = source_tree(name, {f"{stem}.py": "origin = 'sdist'\n"})
        files |= {wheel.file_name: wheel.data(), f"{stem}-1.0.tar.gz": sdist_of(name, source)}
    with serve(Index(files=files, hashes=True)) as served:
        yield served


@pytest.fixture
def project(tmp_path: Path, index: Index) -> Path:
    """A project that needs both packages from the index."""
    folder = tmp_path / "project"
    folder.mkdir()
    pyproject = tomli_w.dumps(
        {
            "project": {"name": "service", "version": "1.0", "requires-python": ">=3.9", "dependencies": [*NAMES]},
            "tool": {"poetry": {"package-mode": False, "source": [{"name": "inner", "url": index.url}]}},
        }
    )
    source = {"type": "legacy", "url": index.url.rstrip("/"), "reference": "inner"}
    packages = [
        Package(
            name=name,
            source=source,
            other_keys={
                "files": [
                    {"file": file, "hash": file_hash(data)}
                    for file, data in index.files.items()
                    if file.startswith(name.replace("-", "_"))
                ]
            },
        )
        for name in NAMES
    ]
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / "poetry.lock").write_text(lock_text(pyproject, packages))
    return folder


def origins_in_layer(project: Path, builder: Builder, output: Path) -> dict[str, str]:
    """Package → where its module in a layer comes from."""
    build_request(LayerRequest(project_dir=project, runtime=RUNTIME, builder=builder), output)
    with zipfile.ZipFile(output) as archive:
        return {name: origin_of(archive.read(f"python/{name.replace('-', '_')}.py").decode()) for name in NAMES}


def origins_in_environment(project: Path, poetry: Path, home: Path) -> dict[str, str]:
    """Package → where its module comes from after ``poetry install`` in the project itself."""
    variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    variables |= {"POETRY_CACHE_DIR": str(home), "POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    subprocess.run([poetry, "install", "--no-interaction"], cwd=project, env=variables, check=True)
    (site_packages,) = (project / ".venv").glob("lib/python*/site-packages")
    return {name: origin_of((site_packages / f"{name.replace('-', '_')}.py").read_text()) for name in NAMES}


def origin_of(module: str) -> str:
    """The text in quotation marks."""
    return module.split("'")[1]


@pytest.mark.parametrize(
    ("own", "users", "variables"),
    [
        pytest.param({"no-binary": ["alpha"]}, {}, {}, id="project names a package"),
        pytest.param({}, {"no-binary": ["beta-two"]}, {}, id="user names a package", marks=pytest.mark.thorough),
        pytest.param({"no-binary": ["alpha"]}, {"no-binary": ["beta-two"]}, {}, id="project overrides user"),
        pytest.param(
            {"no-binary": [":all:"], "only-binary": ["alpha"]}, {}, {}, id="all but one", marks=pytest.mark.thorough
        ),
        pytest.param({"no-binary": "beta_two"}, {}, {}, id="text instead of array", marks=pytest.mark.thorough),
        pytest.param({}, {}, {"NO_BINARY": "Beta_Two,other"}, id="variable names a package"),
        pytest.param(
            {"no-binary": [":all:"]},
            {},
            {"NO_BINARY": ":none:"},
            id="variable overrides project",
            marks=pytest.mark.thorough,
        ),
        pytest.param({}, {}, {"NO_BINARY": "true", "ONLY_BINARY": "beta-two"}, id="variable is a boolean"),
        pytest.param(
            {"no-binary": ["alpha"], "only-binary": [":all:"]},
            {},
            {},
            id="only-binary for all others",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_every_builder_takes_the_kind_of_file_that_poetry_takes(
    tmp_path: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: Mapping[str, object],
    users: Mapping[str, object],
    variables: Mapping[str, str],
) -> None:
    """A project that builds a package from its sdist, to patch or to trust it, would get the wheel."""
    poetry = find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    configuration = tmp_path / "configuration"
    configuration.mkdir()
    monkeypatch.setenv("POETRY_CONFIG_DIR", str(configuration))
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "cache"))
    for name, value in variables.items():
        monkeypatch.setenv(f"POETRY_INSTALLER_{name}", value)
    for path, settings in ((project / "poetry.toml", own), (configuration / "config.toml", users)):
        path.write_text(tomli_w.dumps({"installer": settings}))

    ours = origins_in_layer(project, WheelBuilder(cache_dir=str(tmp_path / "wheels")), tmp_path / "wheels.zip")

    assert ours == origins_in_layer(project, LocalBuilder(poetry=str(poetry)), tmp_path / "local.zip")
    assert ours == origins_in_environment(project, poetry, tmp_path / "home")
    assert "sdist" in ours.values() or variables.get("NO_BINARY") == ":none:"
