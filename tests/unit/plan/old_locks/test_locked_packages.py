"""Tests of the candidates of old lock files, and of what they need on a target."""

from __future__ import annotations

from typing import Any

import pytest
from samples import ARM, X86, Package

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.plan.old_locks.locked_packages import LockedPackages
from pulumi_poetry_layer.plan.old_locks.requirements import Node
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.constraints import InvalidConstraint

from .made import locked_packages

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FOLDER = {"type": "directory", "url": "folder"}
INNER = {"type": "legacy", "url": "https://index.invalid", "reference": "inner"}


def needs(packages: LockedPackages, name: str, *extras: str) -> list[str]:
    """What the highest version of a package needs, as labels."""
    candidate = packages.candidate(packages.named(name)[0], Node(name, frozenset(extras)))
    return [requirement.label for requirement in candidate.needs]


def test_candidates_are_sorted_by_version() -> None:
    """An old version would be in the layer."""
    versions = ["1.9", "1.10", "1.10rc1", "1.10+local"]

    packages = locked_packages('a = "*"\n', [Package(name="a", version=version) for version in versions])

    assert [package.version for package in packages.named("a")] == ["1.10+local", "1.10", "1.10rc1", "1.9"]
    assert packages.named("b") == ()


def test_project_needs_its_dependencies_on_the_target() -> None:
    """The layer would contain a package for another platform, or in a version for one."""
    dependencies = (
        'a = [{ version = ">=1", markers = "sys_platform == \'linux\'" }, { version = "<3", python = ">=3.9" },'
        ' { version = "5", platform = "win32" }]\nb = { version = "*", python = "<3" }\n'
    )

    root = locked_packages(dependencies, []).root

    assert root.node == Node("app")
    assert [requirement.label for requirement in root.needs] == ["a (>=1 and <3)"]


@pytest.mark.parametrize(("target", "expected"), [(X86, ["b (*)"]), (ARM, ["c (*)"])])
def test_package_needs_its_dependencies_on_the_target(target: Target, expected: list[str]) -> None:
    """The layer would contain a package for another platform."""
    dependencies = {
        "b": {"version": "*", "markers": 'platform_machine == "x86_64"'},
        "c": {"version": "*", "markers": 'platform_machine == "aarch64"'},
    }

    packages = locked_packages('a = "*"\n', [Package(name="a", dependencies=dependencies)], target=target)

    assert needs(packages, "a") == expected


WITH_EXTRAS: dict[str, Any] = {
    "dependencies": {
        "b": {"version": ">=1", "optional": True, "markers": 'extra == "x"'},
        "c": {"version": "*", "optional": True},
        "d": {"version": "*"},
    },
    "extras": {"x": ["b (>=1)"], "y": ["c"], "all": ["a[x]", "A[Y]"]},
}


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        ([], ["d (*)"]),
        (["x"], ["a (1.0)", "b (>=1)", "d (*)"]),
        (["y"], ["a (1.0)", "c (*)", "d (*)"]),
        (["all"], ["a (1.0)", "b (>=1)", "c (*)", "d (*)"]),
        (["unknown"], ["a (1.0)", "d (*)"]),
    ],
)
def test_extras_add_their_dependencies_and_the_package_itself(extras: list[str], expected: list[str]) -> None:
    """`requests[socks]` would be in the layer without PySocks, or without requests."""
    packages = locked_packages('a = "*"\n', [Package(name="a", **WITH_EXTRAS)])

    assert needs(packages, "a", *extras) == expected


def test_extra_of_a_path_dependency_that_is_not_locked_as_dependencies() -> None:
    """A package would be missing: Poetry locks as dependencies of a folder only the extras in use."""
    packages = locked_packages(
        'a = { path = "folder" }\n',
        [
            Package(
                name="a",
                dependencies={"b": {"version": ">=1", "optional": True, "markers": 'extra == "x"'}},
                extras={"x": ["b (>=1)"], "y": ['c (>=2) ; python_version < "3"', "d[z] (>=3)", "a[x]"]},
                source=FOLDER,
            )
        ],
    )

    assert needs(packages, "a", "y") == ["a (1.0) from folder", "b (>=1)", "d[z] (>=3)"]


def test_requirements_of_one_package_that_contradict_each_other_are_an_error() -> None:
    """A version that Poetry refuses would be in the layer."""
    dependencies = {"b": [{"version": "<1"}, {"version": ">=2", "markers": 'sys_platform == "linux"'}]}
    packages = locked_packages('a = "*"\n', [Package(name="a", dependencies=dependencies)])

    with pytest.raises(
        LockFileError, match=r"a 1\.0 has dependencies that contradict each other.*b \(<1\) and b \(>=2"
    ):
        needs(packages, "a")


def test_requirements_of_the_project_that_contradict_each_other_are_an_error() -> None:
    """A version that Poetry refuses would be in the layer."""
    dependencies = 'a = [{ version = "<1" }, { version = ">=2", markers = "sys_platform == \'linux\'" }]\n'

    with pytest.raises(LockFileError, match=r"pyproject\.toml has dependencies that contradict each other"):
        locked_packages(dependencies, [])


def test_two_origins_for_one_package_contradict_each_other() -> None:
    """One of the two folders would be in the layer, the other one would be ignored."""
    with pytest.raises(LockFileError, match=r"a \(\*\) from one and a \(\*\) from two"):
        locked_packages('a = [{ path = "one" }, { path = "two" }]\n', [])


def chosen_version(packages: LockedPackages) -> str | None:
    """The version that is chosen for the first need of the project."""
    candidate = packages.choose(packages.root.needs[0])
    return candidate.package.version if candidate else None


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        ('"*"', "3.0"),
        ('"<3"', "2.0"),
        ('"<1"', None),
        ('{ version = "*", source = "Inner" }', "2.0"),
        ('{ version = "*", source = "pypi" }', "1.0"),
        ('{ path = "folder" }', "3.0"),
    ],
)
def test_highest_version_that_fits_is_chosen(dependency: str, expected: str | None) -> None:
    """The layer would contain a package of the same name from another source."""
    packages = [
        Package(name="a", version="1.0"),
        Package(name="a", version="2.0", source=INNER),
        Package(name="a", version="3.0", source=FOLDER),
    ]

    assert chosen_version(locked_packages(f"a = {dependency}\n", packages)) == expected


def test_source_that_the_project_names_counts_for_all_that_need_the_package() -> None:
    """The package would come from another index than the one that the user chose."""
    packages = locked_packages(
        'a = { version = "*", source = "inner" }\nb = "*"\n',
        [
            Package(name="a", version="1.0", source=INNER),
            Package(name="a", version="2.0"),
            Package(name="b", dependencies={"a": "*"}),
        ],
    )
    (need,) = packages.candidate(packages.named("b")[0], Node("b")).needs

    candidate = packages.choose(need)

    assert candidate is not None
    assert candidate.package.version == "1.0"


def test_same_version_from_two_indexes_comes_from_the_first_one() -> None:
    """Layers from the same files would differ."""
    packages = locked_packages('a = "*"\n', [Package(name="a", source=INNER), Package(name="a")])
    candidate = packages.choose(packages.root.needs[0])

    assert candidate is not None
    assert candidate.package.source is not None


@pytest.mark.parametrize(
    ("dependency", "message"),
    [
        ('{ path = "elsewhere" }', "a is needed from 'elsewhere', but is not locked from there"),
        ('{ git = "https://u:secret@git.invalid/a" }', r"a is needed from 'https://[^']*git\.invalid/a', but"),
        ('{ version = "*", source = "other" }', "a is needed from the source 'other', but nothing is locked"),
    ],
)
def test_place_from_which_nothing_is_locked_is_an_error(dependency: str, message: str) -> None:
    """Another package of that name would be in the layer, or a login in the message."""
    packages = locked_packages(f"a = {dependency}\n", [Package(name="a", source=FOLDER)])

    with pytest.raises(LockFileError, match=message) as raised:
        _ = packages.priorities[packages.root.needs[0]]

    assert "secret" not in str(raised.value)


def test_order_of_decisions() -> None:
    """Of several solutions another one than Poetry's would be found."""
    dependencies = 'direct = { path = "folder" }\nfree = "*"\nlow = "*"\nbounded = "*"\nmissing = "*"\n'
    packages = locked_packages(
        dependencies,
        [
            Package(name="free"),
            Package(name="low", dependencies={"free": ">=1"}),
            Package(name="bounded", dependencies={"free": "<3", "low": "*"}),
            Package(name="direct", source=FOLDER),
        ],
    )

    ordered = sorted(packages.root.needs, key=packages.priorities.__getitem__)

    assert [requirement.node.name for requirement in ordered] == ["direct", "missing", "bounded", "low", "free"]


def test_package_for_another_python_is_a_candidate_that_does_not_fit() -> None:
    """The message would say that the package is not locked."""
    packages = locked_packages('a = "*"\n', [Package(name="a", python=">=3.13")])

    assert not packages.candidate(packages.named("a")[0], Node("a")).fits_python


@pytest.mark.parametrize(
    "values",
    [{"dependencies": {"b": "latest"}}, {"extras": {"x": ["b[] (<empty>)"]}}, {"extras": {"x": ["b (latest)"]}}],
)
def test_invalid_constraint_of_a_package_that_nothing_needs_is_an_error(values: dict[str, Any]) -> None:
    """A lock file that Poetry refuses would be accepted."""
    with pytest.raises(InvalidConstraint):
        locked_packages('b = "*"\n', [Package(name="a", **values), Package(name="b")])
