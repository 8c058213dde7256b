"""Properties of the selection from lock files of version 2.0."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.version import Version
from samples import ARM, X86, Package, old_lock_text, read

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.dependency_graph import package_dependencies, reachable, root_dependencies
from pulumi_poetry_layer.plan.selection import select_packages
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.constraints import allows
from pulumi_poetry_layer.poetry.lockfile import LockedPackage
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment

NAMES = ("a", "b", "c", "d", "e")
VERSIONS = ("1.0", "1.5", "2.0", "2.0rc1")
ODD_VERSIONS = (*VERSIONS, "1.0+cpu", "1.5.post1")
"""With these, Poetry's arithmetic contradicts itself: ``1.0`` allows 1.0+cpu also where ``!=1.0+cpu`` was added."""

CONSTRAINTS = ("*", "*", "*", ">=1", "<2", "^1.0", "!=1.5", ">1.0", "==1.0", "!=1.0+cpu", "<1.5 || >=2")
MARKERS = ("", "", 'platform_machine == "aarch64"', 'platform_machine != "aarch64"')
HEAD = '[tool.poetry]\nname = "app"\nversion = "1.5"\n[tool.poetry.dependencies]\n'

targets = st.sampled_from((X86, ARM))


@st.composite
def locks(draw: st.DrawFn, versions: tuple[str, ...] = VERSIONS) -> list[Package]:
    """One to three versions of each package, which need each other and the project."""
    return [
        Package(name=name, version=version, dependencies=dependencies)
        for name in NAMES
        for version in draw(st.lists(st.sampled_from(versions), min_size=1, max_size=3, unique=True))
        for dependencies in [
            {
                needed: {"version": draw(st.sampled_from(CONSTRAINTS)), "markers": draw(st.sampled_from(MARKERS))}
                for needed in draw(st.lists(st.sampled_from((*NAMES, "app")), max_size=2, unique=True))
                if needed != name
            }
        ]
    ]


def constraints() -> st.SearchStrategy[dict[str, str]]:
    """The dependencies of the project."""
    return st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CONSTRAINTS), min_size=1)


def selected(wanted: dict[str, str], locked: list[Package], target: Target) -> dict[str, LockedPackage] | None:
    """Name → selected package; None if the locked packages do not fit together."""
    text = HEAD + "".join(f'{name} = "{constraint}"\n' for name, constraint in wanted.items())
    project, lock = read(text, old_lock_text(text, locked))
    try:
        packages = select_packages(project, lock, Choice.of(["main"]), target.marker_environment).packages
    except LockFileError:
        return None
    environment = MarkerEnvironment(target.marker_environment)
    chosen = {package.name: package for package in packages}
    assert chosen.keys() == reachable(root_dependencies(project, ["main"], environment), chosen, environment).keys()
    return chosen


def versions_of(chosen: dict[str, LockedPackage] | None) -> dict[str, str]:
    """Name → selected version; empty if the locked packages do not fit together."""
    return {name: package.version for name, package in (chosen or {}).items()}


@given(constraints(), locks(), targets)
def test_selected_packages_meet_all_requirements_on_the_target(
    wanted: dict[str, str], locked: list[Package], target: Target
) -> None:
    """A function would fail at import, because a package is missing or has the wrong version."""
    chosen = selected(wanted, locked, target)
    assume(chosen is not None)
    assert chosen is not None
    environment = MarkerEnvironment(target.marker_environment)
    versions = {name: Version(version) for name, version in versions_of(chosen).items()} | {"app": Version("1.5")}

    assert all(allows(constraint, versions[name]) for name, constraint in wanted.items())
    for package in chosen.values():
        for dependency in package_dependencies(package, frozenset(), environment):
            assert allows(dependency.constraint, versions[dependency.name]), (package.label, dependency.name)


@given(constraints(), locks(ODD_VERSIONS), targets, st.randoms(use_true_random=False))
def test_order_of_the_lock_file_does_not_matter(
    wanted: dict[str, str], locked: list[Package], target: Target, random: Any
) -> None:
    """Two machines, or two releases of Poetry, could give different layers."""
    shuffled = list(locked)
    random.shuffle(shuffled)

    first, second = selected(wanted, locked, target), selected(wanted, shuffled, target)

    assert versions_of(first) == versions_of(second)


@given(constraints(), locks(), targets)
def test_only_the_selected_versions_are_needed(wanted: dict[str, str], locked: list[Package], target: Target) -> None:
    """`poetry lock`, which drops what is not needed, would change the layer."""
    chosen = selected(wanted, locked, target)
    assume(chosen is not None)
    assert chosen is not None
    kept = [table for table in locked if table.name in chosen and table.version == chosen[table.name].version]

    again = selected(wanted, kept, target)

    assert versions_of(again) == versions_of(chosen)
