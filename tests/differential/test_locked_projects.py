"""Tests on real lock files: the layer contains what Poetry would install, for every runtime."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import pytest
from packaging.version import Version

from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES, Target
from pulumi_poetry_layer.poetry.constraints import allows
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project

from .answers import our_packages
from .conftest import Oracle

TESTS = Path(__file__).resolve().parents[1]
FOLDERS = [
    path.parent
    for folder in (TESTS / "data" / "locked", TESTS.parent / "benchmarks" / "fixtures")
    for path in sorted(folder.glob("*/poetry.lock"))
]
TARGETS = [Target(runtime, architecture) for runtime, architecture in zip(RUNTIMES, cycle(MACHINES), strict=False)]


def choices(project: str, lock: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(groups, extras) to select: each group alone and all together, each extra alone and all together."""
    groups = sorted(parse_project(project).groups)
    extras = sorted(parse_lockfile(lock).extras)
    by_group = [(group,) for group in groups] + ([tuple(groups)] if len(groups) > 1 else [])
    by_extra = [(extra,) for extra in extras] + ([tuple(extras)] if len(extras) > 1 else [])
    return [(group, ()) for group in by_group] + [((MAIN_GROUP,), extra) for extra in by_extra]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_packages_and_files_are_those_that_poetry_installs(oracle: Oracle, folder: Path) -> None:
    """The layer would contain a different package, version or file than Poetry installs in the runtime."""
    project = (folder / "pyproject.toml").read_text(encoding="utf-8")
    lock = (folder / "poetry.lock").read_text(encoding="utf-8")
    # Poetry solves the dependencies of an older lock file again in each run, which is slow. Fewer targets will do.
    targets = TARGETS if parse_lockfile(lock).has_groups_and_markers else TARGETS[1::3]
    runs = [(target, *choice) for target in targets for choice in choices(project, lock)]

    answer = oracle.install(project, lock, runs)

    assert answer["fresh"]
    assert parse_project(project).matches(parse_lockfile(lock))
    allowed = 0
    for (target, groups, extras), theirs in zip(runs, answer["runs"], strict=True):
        ours = our_packages(project, lock, target, groups, extras)
        if ours is None and "packages" in theirs:
            # The oracle does not run the check of the project's Python constraint; `poetry install` does.
            assert not _python_is_allowed(project, target), (str(target), groups, extras)
            continue
        assert ours == theirs.get("packages"), (str(target), groups, extras)
        allowed += ours is not None
    assert allowed > len(runs) / 4


def _python_is_allowed(project: str, target: Target) -> bool:
    python = Version(target.marker_environment["python_full_version"])
    return all(allows(constraint, python) for constraint in parse_project(project).python.values())
