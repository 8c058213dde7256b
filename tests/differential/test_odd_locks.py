"""Lock files that Poetry 2 reads, although it writes others: the packages and files are those of Poetry."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli
import tomli_w
from samples import ARM, X86, Package, lock_text, old_lock_text
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.local import LocalBuilder
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.request import LayerRequest

from .answers import our_packages
from .conftest import Oracle, find_poetry
from .hosts import give_up

PROJECT = """\
[tool.poetry]
name = "service"
version = "1.0"
package-mode = false
[tool.poetry.dependencies]
python = ">=3.9"
app = "*"
"""
GIT = {"type": "git", "url": "https://git.invalid/app.git", "reference": "a" * 40}
RUNS = [(target, ("main",), ()) for target in (X86, ARM)]
OPTIONAL = {
    letter: {"version": "*", "optional": True, "markers": f'extra == "{letter}"'} for letter in ("c", "d", "cd")
}
APP = Package(name="app", dependencies={"base": {"version": "*", "extras": "cd"}})
BASE = Package(name="base", dependencies=OPTIONAL, extras={letter: [f"{letter} (*)"] for letter in OPTIONAL})
PACKAGES = [APP, BASE, *(Package(name=name) for name in OPTIONAL)]


def with_version(lock: str, version: str) -> str:
    """A lock file with another lock version. Before 2.0, ``metadata`` lists the files."""
    document = tomli.loads(lock)
    document["metadata"]["lock-version"] = version
    if version < "2":
        document["metadata"]["files"] = {table["name"]: table.pop("files") for table in document["package"]}
    return tomli_w.dumps(document)


def without_files(package: Package) -> str:
    """A lock file with one package that has no list of files."""
    document = tomli.loads(lock_text(PROJECT, [package]))
    del document["package"][0]["files"]
    return tomli_w.dumps(document)


LOCKS = {
    "1.0": with_version(old_lock_text(PROJECT, PACKAGES), "1.0"),
    "1.0 with a git commit": with_version(old_lock_text(PROJECT, [Package(name="app", source=GIT)]), "1.0"),
    "2.0 with extras as a text": old_lock_text(PROJECT, PACKAGES),
    "2.2": with_version(lock_text(PROJECT, PACKAGES), "2.2"),
    "2.10": with_version(lock_text(PROJECT, PACKAGES), "2.10"),
    "git without files": without_files(Package(name="app", source={**GIT, "resolved_reference": "a" * 40})),
    "=== with a text": lock_text(PROJECT, [Package(name="app", markers='platform_machine === "x86_64"')]),
}


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_packages_and_files_are_those_that_poetry_installs(oracle: Oracle, lock: str) -> None:
    """A lock file that Poetry installs from would be refused, or select other packages."""
    theirs = oracle.install(PROJECT, lock, RUNS)["runs"]

    assert [{"packages": our_packages(PROJECT, lock, *run)} for run in RUNS] == theirs
    assert theirs[0]["packages"]


def test_project_that_names_a_patch_release_gives_the_same_layer_in_both_builders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Poetry would refuse to install for a Python whose patch release differs from that of this host."""
    poetry = find_poetry()
    if poetry is None:
        give_up("Poetry is not installed; run `make setup`")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    patch = "{}.{}.99".format(*sys.version_info[:2])
    wheel = WheelSample(name="app", files={"app.py": b"x = 1"})
    (tmp_path / wheel.file_name).write_bytes(wheel.data())
    pyproject = PROJECT.replace(">=3.9", f"=={patch}").replace('"*"', f'{{ path = "{wheel.file_name}" }}')
    files = [{"file": wheel.file_name, "hash": wheel.hash}]
    app = Package(name="app", source={"type": "file", "url": wheel.file_name}, other_keys={"files": files})
    (tmp_path / "pyproject.toml").write_text(pyproject)
    (tmp_path / "poetry.lock").write_text(lock_text(pyproject, [app]))
    layers = []
    for builder in (WheelBuilder(cache_dir=str(tmp_path / "cache")), LocalBuilder(poetry=str(poetry))):
        request = LayerRequest(
            project_dir=tmp_path,
            runtime="python{}.{}".format(*sys.version_info[:2]),
            python_patch=patch,
            builder=builder,
        )
        layer = build_request(request, tmp_path / "layer.zip").path
        with zipfile.ZipFile(layer) as archive:
            layers.append({name: archive.read(name) for name in archive.namelist()})

    assert "python/app.py" in layers[0]
    assert layers[0] == layers[1]


REFUSED: Mapping[str, dict[str, Any]] = {
    "lock version 3.0": {"metadata": {"lock-version": "3.0"}},
    "lock version 0.9": {"metadata": {"lock-version": "0.9"}},
    "=== with a version": {"markers": 'python_version === "3.12"'},
    "hashes without file names": {"metadata": {"lock-version": "1.0", "hashes": {"app": ["0" * 64]}}, "files": None},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_lock_file_that_poetry_refuses_is_refused(oracle: Oracle, changes: dict[str, Any]) -> None:
    """A layer would be built from a lock file that Poetry does not understand."""
    document = tomli.loads(lock_text(PROJECT, [Package(name="app")], metadata=changes.get("metadata")))
    document["package"][0] |= {"markers": changes.get("markers", "")}
    if "files" in changes:
        del document["package"][0]["files"]
    lock = tomli_w.dumps(document)

    assert ["error" in run for run in oracle.install(PROJECT, lock, RUNS)["runs"]] == [True, True]
    assert [our_packages(PROJECT, lock, *run) for run in RUNS] == [None, None]
