"""Properties of the selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from samples import X86, Package, lock_text, old_lock_text, plan, read

from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.selection import Selection, select_packages

from .strategies import NAMES, packages

PROJECT = """\
[tool.poetry]
name = "service"
version = "1"
[tool.poetry.dependencies]
app = "*"
gamma = "*"
[tool.poetry.group.dev.dependencies]
beta = "*"
"""
groups = st.sampled_from((("main",), ("dev",), ("main", "dev")))


def select(locked: list[Package], chosen: tuple[str, ...], exclude: frozenset[str] = frozenset()) -> Selection:
    """The selection from a lock of version 2.1."""
    project, lock = read(PROJECT, lock_text(PROJECT, locked))
    return select_packages(project, lock, Choice.of(chosen, (), exclude), X86.marker_environment)


def names(selection: Selection) -> set[str]:
    """Names of the selected packages."""
    return {package.name for package in selection.packages}


@given(packages())
def test_groups_add_up(locked: list[Package]) -> None:
    """A layer of two groups would miss something that one of them needs."""
    assert names(select(locked, ("main", "dev"))) == names(select(locked, ("main",))) | names(select(locked, ("dev",)))


@given(packages(), groups, st.frozensets(st.sampled_from(NAMES)))
def test_exclusion_only_takes_away_and_says_so(
    locked: list[Package], chosen: tuple[str, ...], exclude: frozenset[str]
) -> None:
    """Excluding a package would bring another in, or make one vanish without a word."""
    whole, left = select(locked, chosen), select(locked, chosen, exclude)
    gone = {excluded.name for excluded in left.excluded}

    assert names(left) | gone == names(whole)
    assert not names(left) & gone
    assert not names(left) & exclude


@given(packages(), groups, st.frozensets(st.sampled_from(NAMES)))
def test_exclusion_keeps_what_anything_left_needs(
    locked: list[Package], chosen: tuple[str, ...], exclude: frozenset[str]
) -> None:
    """A function would fail at import for a package that was taken along with an excluded one."""
    left, whole = select(locked, chosen, exclude), names(select(locked, chosen))
    project, _ = read(PROJECT, lock_text(PROJECT, locked))
    needed = {d.name for group in chosen for d in project.groups[group]}
    edges = {package.name: {d.name for d in package.dependencies} for package in left.packages}
    reached = set(needed)
    while (more := reached | {n for name in reached for n in edges.get(name, ())}) != reached:
        reached = more

    assert reached & whole <= names(left) | exclude


@st.composite
def graphs(draw: st.DrawFn) -> list[Package]:
    """Packages that need each other, all there, none with a marker."""
    return [
        Package(name=name, dependencies=dict.fromkeys(draw(st.lists(st.sampled_from(NAMES), unique=True)), "*"))
        for name in NAMES
    ]


@given(graphs(), groups)
def test_old_locks_give_what_is_reached_from_the_groups(locked: list[Package], chosen: tuple[str, ...]) -> None:
    """A package would be missing from the layers of everyone who has not moved to Poetry 2."""
    project, lock = read(PROJECT, old_lock_text(PROJECT, locked))
    edges = {package.name: set(package.dependencies) for package in locked}
    reached = {d.name for group in chosen for d in project.groups[group]}
    while (more := reached | {n for name in reached for n in edges[name]}) != reached:
        reached = more

    assert names(select_packages(project, lock, Choice.of(chosen), X86.marker_environment)) == reached


@given(graphs(), st.sampled_from(NAMES), groups)
def test_a_version_that_nobody_can_take_does_not_count(
    locked: list[Package], name: str, chosen: tuple[str, ...]
) -> None:
    """A version that is locked for another Python would change the layer, or the solver would lose its way."""
    other = next(replace(package, version="9.0", python=">=3.13") for package in locked if package.name == name)

    def old(all_locked: list[Package]) -> Mapping[str, str]:
        planned = plan(PROJECT, old_lock_text(PROJECT, all_locked), groups=chosen).packages
        return {package.name: package.version for package in planned}

    assert old([*locked, other]) == old(locked)
