"""The lock file that Poetry gets to see."""

from __future__ import annotations

from pathlib import Path

import tomli

from pulumi_poetry_layer.lockfile import parse_lockfile
from pulumi_poetry_layer.pinned_lock import pin_lock
from pulumi_poetry_layer.pipeline import LayerRequest, plan_request
from pulumi_poetry_layer.project import parse_project

PROJECT = Path(__file__).parent.parent / "projects" / "base"


def pinned(**choice: tuple[str, ...]) -> str:
    """The pinned lock of the base project."""
    plan, files = plan_request(LayerRequest(project_dir=PROJECT, runtime="python3.11", **choice))  # type: ignore[arg-type]
    return pin_lock(files.lock, plan)


def test_only_planned_packages_with_their_one_file_are_left() -> None:
    """Otherwise Poetry installs a dev package, or a wheel that this host likes and the Lambda does not."""
    packages = {package["name"]: package for package in tomli.loads(pinned(extras=("yaml",)))["package"]}
    assert set(packages) == {"idna", "pyyaml", "six"}
    (file,) = packages["pyyaml"]["files"]
    assert file["file"] == "PyYAML-6.0.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


def test_markers_are_gone_and_nothing_is_optional() -> None:
    """Otherwise Poetry asks this host's Python what the plan has already answered for the target's."""
    for package in tomli.loads(pinned(extras=("yaml",)))["package"]:
        assert "markers" not in package
        assert package["optional"] is False


def test_poetry_finds_it_as_fresh_as_the_original() -> None:
    """Otherwise Poetry refuses the copy, or takes a stale lock for a fresh one."""
    text = pinned()
    original = (PROJECT / "poetry.lock").read_text()
    assert text.splitlines()[0] == original.splitlines()[0]
    assert parse_project((PROJECT / "pyproject.toml").read_text()).matches(parse_lockfile(text))


def test_excluded_packages_are_not_installed() -> None:
    """Otherwise what was left out of the layer's plan is in the layer."""
    names = {package["name"] for package in tomli.loads(pinned(exclude=("six",)))["package"]}
    assert names == {"idna"}
