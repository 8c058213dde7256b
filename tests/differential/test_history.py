"""Tests on 400 commits of a real project: the layer changes if and only if Poetry installs something else."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from samples import WHEELS, X86, plan_layer, read

from pulumi_poetry_layer.errors import StaleLockError
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.poetry.lockfile import LockFile, parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import Project, parse_project

from .answers import Packages, packages_of
from .conftest import Oracle
from .history import EXTRAS, commits, recorded_answers
from .record_history import answer

pytestmark = pytest.mark.xdist_group("history")  # one process reads the 400 commits

LIVE = (0, 12, 58, 121, 302, 399)
"""Commits at which the installed Poetry must still give the recorded answer."""


@pytest.fixture(scope="module")
def history() -> list[tuple[str, str]]:
    """The texts of all commits."""
    return list(commits())


@dataclass(frozen=True)
class Layer:
    """The layer of a commit with some extras."""

    packages: Packages
    fingerprint: str


@pytest.fixture(scope="module")
def layers(history: list[tuple[str, str]]) -> list[dict[str, Layer]]:
    """The layers of each commit by the name of the extras; empty where the lock file is stale."""
    return [layers_of(*read(project, lock)) for project, lock in history]


def layers_of(project: Project, lock: LockFile) -> dict[str, Layer]:
    """The layers of one commit by the name of the extras."""
    layers = {}
    for name, extras in EXTRAS.items():
        try:
            plan = plan_layer(project, lock, target=X86, choice=Choice.of(["main"], extras), builder=WHEELS)
        except StaleLockError:
            continue
        layers[name] = Layer(packages_of(plan), plan.fingerprint)
    return layers


def test_history_has_400_commits(history: list[tuple[str, str]]) -> None:
    """The other tests in this module would cover fewer commits than they claim."""
    assert len(history) == 400
    assert {parse_lockfile(lock).lock_version for _, lock in history[::50]} == {"2.0"}


def test_layers_contain_what_poetry_installs(layers: list[dict[str, Layer]]) -> None:
    """A layer would contain a different package, version or file than `poetry install` installs."""
    theirs = recorded_answers(len(layers))
    ours = [
        {"fresh": bool(by_extras)} | {name: layer.packages for name, layer in by_extras.items()} for by_extras in layers
    ]

    assert [number for number, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1]] == []


@pytest.mark.parametrize(("extras", "changes"), [("none", 7), ("all", 33)])
def test_fingerprint_changes_if_and_only_if_poetry_installs_something_else(
    layers: list[dict[str, Layer]], extras: str, changes: int
) -> None:
    """Unchanged layers would be published again, or changed layers would not be published."""
    ours = [by_extras[extras].fingerprint for by_extras in layers if by_extras]
    theirs = [answer[extras] for answer in recorded_answers(len(layers)) if answer["fresh"]]
    changed = [before != after for before, after in pairwise(theirs)]

    assert [before != after for before, after in pairwise(ours)] == changed
    assert sum(changed) == changes


@pytest.mark.parametrize("number", LIVE)
def test_recorded_answers_are_those_of_the_installed_poetry(
    oracle: Oracle, history: list[tuple[str, str]], number: int
) -> None:
    """The tests above would compare with the behavior of an old Poetry release."""
    assert answer(oracle, *history[number]) == recorded_answers(len(history))[number]


@pytest.mark.parametrize(
    "edit",
    [
        ("", ""),
        ("[tool.poetry.dependencies]", "[tool.poetry.dependencies]\nidna = '*'"),
        ("[tool.poetry.extras]", "[tool.poetry.extras]\nnew = []"),
        ("[tool.poetry]", "[tool.poetry]\nhomepage = 'https://elsewhere.invalid'"),
        ("[tool.poetry]", "[dependency-groups]\nnew = []\n[tool.poetry]"),
        ("[tool.poetry]", "[project]\nname = 'x'\nversion = '1'\n[tool.poetry]"),
        ("[tool.poetry]", "[project]\nname = 'x'\nversion = '1'\ndependencies = []\n[tool.poetry]"),
    ],
)
def test_lock_file_is_stale_after_an_edit_if_poetry_says_so(
    oracle: Oracle, history: list[tuple[str, str]], edit: tuple[str, str]
) -> None:
    """A layer would be built from a lock file that Poetry refuses, or a valid lock file would be refused."""
    project, lock = history[399]
    edited = project.replace(*edit, 1)
    assert (edited != project) is (edit != ("", ""))
    fresh = oracle.ask(pyproject=edited, lock=lock, runs=[])["fresh"]

    assert parse_project(edited).matches(parse_lockfile(lock)) is fresh
