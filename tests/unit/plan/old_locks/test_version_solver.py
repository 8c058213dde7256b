"""Tests of the solver for old lock files. The expected versions are those that Poetry 2.5.1 installs."""

from __future__ import annotations

from typing import Any

import pytest
from samples import ARM, X86, Package

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.plan.old_locks.version_solver import solve
from pulumi_poetry_layer.plan.target import Target

from .made import locked_packages


def solved(dependencies: str, packages: list[Package], **options: Any) -> dict[str, str]:
    """Node → version, without the project."""
    candidates = solve(locked_packages(dependencies, packages, **options))
    return {node.label: candidate.package.version for node, candidate in candidates.items() if node.name != "app"}


def test_newest_version_is_taken_although_it_needs_the_project() -> None:
    """An older version of a plugin than the one that Poetry installs would be in the layer."""
    packages = [Package(name="dew", version="3.8", dependencies={"app": "*"}), Package(name="dew", version="2.3")]

    assert solved('dew = "*"\n', packages) == {"dew": "3.8"}


def test_order_of_decisions_is_the_one_of_poetry() -> None:
    """Of two possible solutions, the one that Poetry does not install would be in the layer."""
    packages = [
        Package(name="hop", version="2.6", dependencies={"silk": "<1"}),
        Package(name="hop", version="1.4"),
        Package(name="silk", version="1.2", dependencies={"hop": "*"}),
        Package(name="silk", version="0.4", dependencies={"hop": "*"}),
    ]

    assert solved('silk = "*"\n', packages) == {"silk": "1.2", "hop": "1.4"}
    assert solved('hop = "*"\nsilk = "*"\n', packages) == {"silk": "0.4", "hop": "2.6"}


@pytest.mark.parametrize(
    ("version", "constraint", "expected"),
    [
        ("1.0", ">=2", {"dew": "2.3"}),
        ("2.0", ">=2", {"dew": "3.8"}),
        ("2.0rc1", ">=2", {"dew": "2.3"}),
        ("1.0+local", "==1.0", {"dew": "3.8"}),
    ],
)
def test_version_of_the_project_must_fit_a_package_that_needs_the_project(
    version: str, constraint: str, expected: dict[str, str]
) -> None:
    """A plugin for another version of the project would be in the layer."""
    packages = [
        Package(name="dew", version="3.8", dependencies={"app": constraint}),
        Package(name="dew", version="2.3"),
    ]

    assert solved('dew = "*"\n', packages, version=version) == expected


def test_package_for_another_version_of_the_project_is_an_error() -> None:
    """A plugin for another version of the project would be in the layer."""
    packages = [Package(name="dew", dependencies={"app": "^2"})]

    with pytest.raises(LockFileError, match=r"dew 1\.0 needs app \(\^2\), and the project is app 1\.0"):
        solved('dew = "*"\n', packages)


@pytest.mark.parametrize(
    ("versions", "constraint", "expected"),
    [
        (("1.0.1", "1.0.1+cpu"), "!=1.0.1+cpu", "1.0.1"),
        (("1.0.1", "1.0.1+cpu"), "==1.0.1", "1.0.1+cpu"),
        (("1.0.1", "1.0.1+cpu"), "!=1.0.1", None),
        (("1.3.0", "1.3.0.post2", "1.2"), "!=1.3.0", None),
        (("1.3.0", "1.3.0.post2", "1.2"), ">1.2,!=1.3.0", None),
        (("1.3.0.post2",), ">1.3.0", None),
        (("1.3.0.post2",), ">=1.3.0", "1.3.0.post2"),
        (("2.0rc1", "1.0"), "<2", "1.0"),
        (("2.0rc1", "1.0"), "*", "2.0rc1"),
        (("2.0.dev1", "1.0"), "!=2.0,<3", "2.0.dev1"),
    ],
)
def test_local_post_and_pre_releases_follow_poetrys_rules(
    versions: tuple[str, ...], constraint: str, expected: str | None
) -> None:
    """A version that Poetry rules out would be in the layer, or a lock file that Poetry installs would be refused."""
    packages = [Package(name="a", version=version) for version in versions]

    if expected is None:
        with pytest.raises(LockFileError):
            solved(f'a = "{constraint}"\n', packages)
    else:
        assert solved(f'a = "{constraint}"\n', packages) == {"a": expected}


def test_wrong_decision_is_taken_back_over_several_levels() -> None:
    """A lock file that Poetry installs would be refused."""
    packages = [
        Package(name="a", version="2.0", dependencies={"b": ">=2", "c": "*"}),
        Package(name="a", version="1.0", dependencies={"b": "<2", "c": "*"}),
        Package(name="b", version="2.0", dependencies={"d": ">=2"}),
        Package(name="b", version="1.0"),
        Package(name="c", dependencies={"d": "<2"}),
        Package(name="d", version="1.0"),
        Package(name="d", version="2.0"),
    ]

    assert solved('a = "*"\n', packages) == {"a": "1.0", "b": "1.0", "c": "1.0", "d": "1.0"}


@pytest.mark.parametrize("length", [1500])
def test_chain_of_any_length_is_solved(length: int) -> None:
    """A lock file with a long chain of dependencies would end in a RecursionError."""
    packages = [Package(name=f"n{number}", dependencies={f"n{number + 1}": "*"}) for number in range(length)]
    packages.append(Package(name=f"n{length}"))

    assert len(solved('n0 = "*"\n', packages)) == length + 1


def test_conflict_at_the_end_of_a_chain_is_explained() -> None:
    """The message would be too long to read."""
    packages = [Package(name=f"n{number}", dependencies={f"n{number + 1}": "*"}) for number in range(150)]

    with pytest.raises(LockFileError, match=r"n0 \(\*\); \.\.\. 139 more \.\.\.; .*n150 \(\*\); no n150 is locked"):
        solved('n0 = "*"\n', packages)


def test_circle_of_extras_is_solved() -> None:
    """Four packages that need each other's extras would end in a RecursionError."""
    packages = [
        Package(
            name=name,
            version=version,
            dependencies={
                needed: {"version": "*", "extras": ["x"], "optional": True, "markers": 'extra == "x"'},
                "z": "<2" if version == "2.0" and name == "d" else "*",
            },
            extras={"x": [needed]},
        )
        for name, needed in (("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"))
        for version in ("1.0", "2.0")
    ]
    packages += [Package(name="z", version="1.0"), Package(name="z", version="2.0")]

    versions = solved('a = { version = "*", extras = ["x"] }\nz = ">=2"\n', packages)

    assert versions == {
        **{node: "2.0" for name in "abc" for node in (name, f"{name}[x]")},
        **dict.fromkeys(("d", "d[x]"), "1.0"),
        "z": "2.0",
    }


@pytest.mark.parametrize(("target", "expected"), [(X86, {"a": "2.0"}), (ARM, {"a": "1.0"})])
def test_requirements_are_those_of_the_target(target: Target, expected: dict[str, str]) -> None:
    """The layer for one architecture would contain the version that was locked for another one."""
    packages = [
        Package(name="a", version="1.0"),
        Package(
            name="a",
            version="2.0",
            dependencies={"none": {"version": "*", "markers": 'platform_machine == "aarch64"'}},
        ),
    ]

    assert solved('a = "*"\n', packages, target=target) == expected


def test_package_that_needs_itself_is_an_error() -> None:
    """A lock file that Poetry refuses would be accepted."""
    with pytest.raises(LockFileError, match="fit together on the target: a needs itself"):
        solved('a = "*"\n', [Package(name="a", dependencies={"a": "*"})])


def test_package_that_needs_another_version_of_itself_is_an_error() -> None:
    """A lock file that Poetry refuses would be accepted."""
    with pytest.raises(LockFileError, match=r"a 1\.0 needs another version of itself"):
        solved('a = "*"\n', [Package(name="a", dependencies={"a": ">=2"})])


def test_conflict_between_an_index_and_a_repository_is_an_error() -> None:
    """A traceback would be shown instead of the two packages that clash."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    source = {"type": "git", "url": "https://git.invalid/a", "reference": "HEAD", "resolved_reference": commit}
    packages = [Package(name="a", version="1.0", source=source), Package(name="b", dependencies={"a": ">=2"})]

    with pytest.raises(LockFileError, match=r"b 1\.0 needs a \(>=2\)"):
        solved('a = { git = "https://git.invalid/a" }\nb = "*"\n', packages)


def test_post_release_that_poetry_tries_forever_is_an_error() -> None:
    """A preview would never end: `!=1.5` allows 1.5.post1, but the solver cannot rule it out."""
    packages = [
        Package(name="a", version="2.0"),
        Package(name="b", version="1.5.post1", dependencies={"a": "==1.0"}),
        Package(name="b", version="1.0"),
    ]

    with pytest.raises(LockFileError, match=r"b 1\.5\.post1 needs a \(==1\.0\)"):
        solved('a = ">1.0"\nb = "!=1.5"\n', packages)
