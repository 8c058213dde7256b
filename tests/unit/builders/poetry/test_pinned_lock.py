"""The pinned lock file that Poetry installs from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import tomli
import tomli_w
from samples import PROJECT as SERVICE
from samples import PROJECTS, Package, lock_text, old_lock_text, plan

from pulumi_poetry_layer.builders.poetry.pinned_lock import pin_lock
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project

PROJECT = PROJECTS / "base"


def pinned(**choice: tuple[str, ...]) -> str:
    """The pinned lock file of the base project."""
    plan, files = plan_request(LayerRequest(project_dir=PROJECT, runtime="python3.11", **choice))  # type: ignore[arg-type]
    return pin_lock(files.lock, plan)


def test_only_planned_packages_with_their_chosen_file_are_in_it() -> None:
    """Otherwise Poetry installs a dev package, or a wheel that fits this host but not the runtime."""
    packages = {package["name"]: package for package in tomli.loads(pinned(extras=("yaml",)))["package"]}
    assert set(packages) == {"idna", "pyyaml", "six"}
    (file,) = packages["pyyaml"]["files"]
    assert file["file"] == "PyYAML-6.0.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


def test_no_package_has_markers_or_is_optional() -> None:
    """Otherwise Poetry evaluates markers for this host instead of the target."""
    for package in tomli.loads(pinned(extras=("yaml",)))["package"]:
        assert "markers" not in package
        assert package["optional"] is False


def test_first_line_and_content_hash_are_those_of_the_original() -> None:
    """Otherwise Poetry refuses the pinned lock file as stale."""
    text = pinned()
    original = (PROJECT / "poetry.lock").read_text()
    assert text.splitlines()[0] == original.splitlines()[0]
    assert parse_project((PROJECT / "pyproject.toml").read_text()).matches(parse_lockfile(text))


def test_excluded_packages_are_not_in_it() -> None:
    """Otherwise the layer contains packages that the user excluded."""
    names = {package["name"] for package in tomli.loads(pinned(exclude=("six",)))["package"]}
    assert names == {"idna"}


@pytest.mark.parametrize("write", [lock_text, old_lock_text])
def test_packages_have_groups_and_no_dependencies_for_every_lock_version(write: Callable[..., str]) -> None:
    """Otherwise Poetry solves an old lock file again, on this host's Python, and misses the removed packages."""
    lock = write(SERVICE, [Package(name="app", dependencies={"helper": "*"}), Package(name="helper")])
    document = tomli.loads(pin_lock(lock, plan(SERVICE, lock, exclude=["helper"])))
    (package,) = document["package"]
    assert document["metadata"]["lock-version"] == "2.1"
    assert package["groups"] == ["main"]
    assert "dependencies" not in package


def test_files_of_lock_version_1_1_move_to_their_package() -> None:
    """Otherwise Poetry finds no file for any package."""
    lock = lock_text(SERVICE, [Package(name="app", files=["app-1.0-py3-none-any.whl", "app-1.0.tar.gz"])])
    document = tomli.loads(lock)
    document["metadata"] |= {"lock-version": "1.1", "files": {"app": document["package"][0].pop("files")}}
    old = tomli_w.dumps(document)
    pinned_document = tomli.loads(pin_lock(old, plan(SERVICE, old)))
    assert [file["file"] for file in pinned_document["package"][0]["files"]] == ["app-1.0-py3-none-any.whl"]
    assert "files" not in pinned_document["metadata"]


def test_git_dependency_of_lock_version_1_0_keeps_its_commit() -> None:
    """Otherwise the package is missing in the layer: Poetry 1.0 wrote the commit into another key."""
    git = {"type": "git", "url": "https://git.invalid/app", "reference": "a" * 40}
    lock = lock_text(SERVICE, [Package(name="app", source=git, files=[])])
    (package,) = tomli.loads(pin_lock(lock, plan(SERVICE, lock)))["package"]
    assert package["source"] == git


def test_package_of_the_same_version_from_another_source_is_left_out() -> None:
    """Otherwise Poetry installs the package from an index although its git repository was planned."""
    git = {"type": "git", "url": "https://git.invalid/app", "reference": "main", "resolved_reference": "a" * 40}
    on_windows = Package(name="app", markers="sys_platform == 'win32'")
    lock = lock_text(SERVICE, [on_windows, Package(name="app", source=git, files=[])])
    (package,) = tomli.loads(pin_lock(lock, plan(SERVICE, lock)))["package"]
    assert package["source"] == git
    assert package["files"] == []
