"""Tests of finding out why a package is in a layer."""

from __future__ import annotations

from itertools import pairwise

from samples import X86, Package, lock_text, read

from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.requirement_graph import Requirement, RequirementGraph, only_needed_by, requirement_graph
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment

PROJECT = """\
[project]
name = "service"
version = "1.0"
dependencies = ["pandas[fast] (>=2); python_version >= '3.10'", "tool; sys_platform == 'win32'"]

[project.optional-dependencies]
plot = ["plotter"]

[dependency-groups]
dev = ["numpy"]
"""
PACKAGES = [
    Package(
        name="pandas",
        dependencies={
            "numpy": [
                {"version": ">=1.22", "markers": "python_version < '3.11'"},
                {"version": ">=1.26", "markers": "python_version >= '3.12'"},
            ],
            "bottleneck": {"version": ">=1.3", "optional": True, "markers": 'extra == "fast"'},
            "tzdata": ">=2022",
        },
        extras={"fast": ["bottleneck (>=1.3)"]},
    ),
    Package(name="bottleneck", dependencies={"numpy": "*", "pandas": "*"}),
    Package(name="plotter", dependencies={"numpy": "*", "six": "*"}, markers='extra == "plot"'),
    Package(name="numpy", groups=["main", "dev"]),
    Package(name="six", markers='extra == "plot"'),
    Package(name="tzdata"),
    Package(name="tool", markers="sys_platform == 'win32'"),
]


class Layer:
    """The graph of a layer of this project."""

    def __init__(self, groups: tuple[str, ...] = ("main",), extras: tuple[str, ...] = (), without: str = "") -> None:
        self.project, lock = read(PROJECT, lock_text(PROJECT, PACKAGES, extras={"plot": ["plotter"]}))
        self.choice = Choice.of(groups, extras)
        self.packages = {package.name: package for package in lock.packages if package.name != without}
        self.environment = MarkerEnvironment(X86.marker_environment, self.choice.extras)
        self.graph = requirement_graph(self.project, self.packages, self.choice, self.environment)

    def lost_without(self, name: str) -> tuple[str, ...]:
        """What only this package needs."""
        return only_needed_by(name, self.project, self.packages, self.choice, self.environment)


def ways(graph: RequirementGraph, name: str, most: int = 100) -> list[list[str]]:
    """The names on each path to a package, without that package."""
    return [[requirement.by for requirement in path] for path in graph.paths_to(name, most).found]


def test_requirement_says_by_what_and_under_which_condition() -> None:
    """Otherwise a user has to evaluate markers and extras by hand."""
    (root,) = Layer().graph.of()
    assert root == Requirement(
        by="",
        group="main",
        name="pandas",
        extras=("fast",),
        constraint=root.constraint,
        condition='python_version >= "3.10"',
    )
    below = {requirement.name: requirement for requirement in Layer().graph.of("pandas")}
    assert below["bottleneck"].by_extras == ("fast",)
    assert below["bottleneck"].condition == "", "the marker says no more than the extra"
    assert (below["numpy"].constraint, below["numpy"].condition) == (">=1.26", "python_version >= '3.12'")
    assert below["tzdata"] == Requirement(by="pandas", name="tzdata", constraint=">=2022")


def test_every_path_is_found_and_the_shortest_is_first() -> None:
    """A user who leaves out one of two packages would wonder why numpy stays."""
    assert ways(Layer().graph, "numpy") == [["", "pandas"], ["", "pandas", "bottleneck"]]
    with_all = Layer(("main", "dev"), ("plot",)).graph
    assert ways(with_all, "numpy") == [[""], ["", "pandas"], ["", "plotter"], ["", "pandas", "bottleneck"]]
    (by_extra,) = with_all.requiring("plotter")
    assert (by_extra.group, by_extra.by_extras) == ("main", ("plot",))


def test_number_of_paths_is_limited() -> None:
    """Thirty layers of two packages each have a thousand million paths."""
    levels = [("",), *(((f"a{level}", f"b{level}")) for level in range(30))]
    requirements = tuple(
        Requirement(by=by, name=name) for above, below in pairwise(levels) for by in above for name in below
    )
    paths = RequirementGraph(requirements=requirements).paths_to("a29", 5)
    assert (len(paths.found), paths.are_complete) == (5, False)
    assert {len(path) for path in paths.found} == {30}


def test_packages_that_only_one_package_needs() -> None:
    """A user could not see what `--exclude` would remove."""
    assert Layer().lost_without("pandas") == ("bottleneck", "numpy", "tzdata")
    assert Layer(extras=("plot",)).lost_without("pandas") == ("bottleneck", "tzdata")
    assert Layer(extras=("plot",)).lost_without("plotter") == ("six",)
    assert Layer().lost_without("numpy") == ()


def test_packages_that_are_not_in_the_layer_have_no_requirements() -> None:
    """A path would lead through a distribution that is excluded."""
    graph = Layer(extras=("plot",), without="pandas").graph
    assert ways(graph, "numpy") == [["", "plotter"]]
    assert graph.requiring("pandas") == ()
