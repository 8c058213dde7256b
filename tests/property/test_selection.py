"""Properties of selecting packages."""

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
    """The selection from a lock file of version 2.1."""
    project, lock = read(PROJECT, lock_text(PROJECT, locked))
    return select_packages(project, lock, Choice.of(chosen, (), exclude), X86.marker_environment)


def names(selection: Selection) -> set[str]:
    """The names of the selected packages."""
    return {package.name for package in selection.packages}


@given(packages())
def test_selection_of_two_groups_is_the_union_of_both(locked: list[Package]) -> None:
    """A layer of two groups would lack a package that one of them needs."""
    assert names(select(locked, ("main", "dev"))) == names(select(locked, ("main",))) | names(select(locked, ("dev",)))


@given(packages(), groups, st.frozensets(st.sampled_from(NAMES)))
def test_excluding_only_removes_packages_and_lists_them(
    locked: list[Package], chosen: tuple[str, ...], exclude: frozenset[str]
) -> None:
    """`exclude` would add a package, or remove one without listing it."""
    everything, remaining = select(locked, chosen), select(locked, chosen, exclude)
    removed = {excluded.name for excluded in remaining.excluded}

    assert names(remaining) | removed == names(everything)
    assert not names(remaining) & removed
    assert not names(remaining) & exclude


@given(packages(), groups, st.frozensets(st.sampled_from(NAMES)))
def test_excluding_keeps_packages_that_others_need(
    locked: list[Package], chosen: tuple[str, ...], exclude: frozenset[str]
) -> None:
    """A function would fail at import because `exclude` removed a package that others need."""
    remaining, everything = select(locked, chosen, exclude), names(select(locked, chosen))
    project, _ = read(PROJECT, lock_text(PROJECT, locked))
    needed = {d.name for group in chosen for d in project.groups[group]}
    edges = {package.name: {d.name for d in package.dependencies} for package in remaining.packages}
    reached = set(needed)
    while (more := reached | {n for name in reached for n in edges.get(name, ())}) != reached:
        reached = more

    assert reached & everything <= names(remaining) | exclude


@st.composite
def graphs(draw: st.DrawFn) -> list[Package]:
    """Locked packages with dependencies on each other, but not on themselves, and without markers."""
    return [
        Package(
            name=name,
            dependencies=dict.fromkeys(
                draw(st.lists(st.sampled_from([other for other in NAMES if other != name]), unique=True)), "*"
            ),
        )
        for name in NAMES
    ]


@given(graphs(), groups)
def test_old_lock_file_selects_all_that_the_groups_need(locked: list[Package], chosen: tuple[str, ...]) -> None:
    """A package would be missing from the layers of users of Poetry 1."""
    project, lock = read(PROJECT, old_lock_text(PROJECT, locked))
    edges = {package.name: set(package.dependencies) for package in locked}
    reached = {d.name for group in chosen for d in project.groups[group]}
    while (more := reached | {n for name in reached for n in edges[name]}) != reached:
        reached = more

    assert names(select_packages(project, lock, Choice.of(chosen), X86.marker_environment)) == reached


@given(graphs(), st.sampled_from(NAMES), groups)
def test_version_for_another_python_does_not_change_the_selection(
    locked: list[Package], name: str, chosen: tuple[str, ...]
) -> None:
    """A version for another Python would change the layer, or the solver would find no solution."""
    other = next(replace(package, version="9.0", python=">=3.13") for package in locked if package.name == name)

    def selected_versions(all_locked: list[Package]) -> Mapping[str, str]:
        planned = plan(PROJECT, old_lock_text(PROJECT, all_locked), groups=chosen).packages
        return {package.name: package.version for package in planned}

    assert selected_versions([*locked, other]) == selected_versions(locked)
