"""Properties of the paths to a package."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from samples import X86, Package, lock_text, read

from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.requirement_graph import Requirement, RequirementGraph, only_needed_by, requirement_graph
from pulumi_poetry_layer.poetry.lockfile import LockedPackage
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment
from pulumi_poetry_layer.poetry.pyproject import Project

NAMES = "abcdef"
names = st.sampled_from(NAMES)
MANY = 10_000


@st.composite
def layers(draw: st.DrawFn) -> tuple[Project, dict[str, LockedPackage]]:
    """A project, and locked packages with any requirements between them, cycles too."""
    needs = {name: sorted(draw(st.frozensets(names, max_size=4)) - {name}) for name in NAMES}
    roots = sorted(draw(st.frozensets(names, min_size=1, max_size=2)))
    text = f'[project]\nname = "service"\nversion = "1"\ndependencies = {roots}\n'
    packages = [Package(name=name, dependencies=dict.fromkeys(needs[name], "*")) for name in NAMES]
    project, lock = read(text, lock_text(text, packages))
    return project, {package.name: package for package in lock.packages}


ENVIRONMENT = MarkerEnvironment(X86.marker_environment)


def simple_paths(graph: RequirementGraph, name: str, visited: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All paths to a package, found in the most simple way."""
    for requirement in graph.requiring(name):
        if not requirement.by:
            yield (name, *visited)
        elif requirement.by not in {name, *visited}:
            yield from simple_paths(graph, requirement.by, (name, *visited))


def visited_by(path: tuple[Requirement, ...]) -> tuple[str, ...]:
    """The packages on a path."""
    return tuple(requirement.name for requirement in path)


@given(layers(), names)
def test_all_paths_are_found_in_order_of_their_length(
    layer: tuple[Project, dict[str, LockedPackage]], name: str
) -> None:
    """`why` would not show one of the reasons, or show a long way round first."""
    graph = requirement_graph(*layer, Choice(), ENVIRONMENT)
    paths = graph.paths_to(name, MANY)
    assert paths.are_complete
    found = [visited_by(path) for path in paths.found]
    assert sorted(found) == sorted(simple_paths(graph, name))
    assert found == sorted(found, key=len)
    for path in paths.found:
        assert path[0].by == ""
        assert all(upper.name == lower.by for upper, lower in pairwise(path))
    some = graph.paths_to(name, 1)
    assert some.found == paths.found[:1]
    assert len(found) <= 1 or not some.are_complete


@given(layers(), names)
def test_only_packages_with_a_path_around_it_stay(layer: tuple[Project, dict[str, LockedPackage]], name: str) -> None:
    """`why` would promise a smaller layer than `--exclude` brings."""
    graph = requirement_graph(*layer, Choice(), ENVIRONMENT)
    lost = only_needed_by(name, *layer, Choice(), ENVIRONMENT)
    for other in NAMES:
        ways = list(simple_paths(graph, other))
        assert (other in lost) == (other != name and bool(ways) and all(name in way for way in ways))
