"""Tests of finding the locked package for a dependency on a repository, an address or a path."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.plan.old_locks.origins import find_origin
from pulumi_poetry_layer.poetry.dependencies import Dependency
from pulumi_poetry_layer.poetry.locked import LockedSource
from pulumi_poetry_layer.poetry.lockfile import LockedPackage


def package(source: LockedSource | None) -> LockedPackage:
    """A locked package from somewhere."""
    return LockedPackage(
        name="a", version="1.0", groups=frozenset(), markers={}, files=(), dependencies=(), source=source
    )


def path(url: str, kind: str = "directory") -> LockedSource:
    """A locked path."""
    return LockedSource(type=kind, url=url)


def git(url: str, reference: str | None = "HEAD", subdirectory: str | None = None) -> LockedSource:
    """A locked repository."""
    return LockedSource(
        type="git", url=url, reference=reference, resolved_reference="0" * 40, subdirectory=subdirectory
    )


def found(dependency: Dependency, *locked: LockedSource | None, of: LockedPackage | None = None) -> LockedSource | None:
    """The locked source of a dependency, None if nothing is locked from there."""
    origin = find_origin(dependency, [package(source) for source in locked], of)
    return origin if origin in locked else None


@pytest.mark.parametrize(
    ("address", "locked"),
    [
        ("../a", "../a"),
        ("./libs/a/", "libs/a"),
        ("libs/../libs/a", "libs/a"),
        ("libs\\a", "libs/a"),
        ("/home/user/project/libs/a", "libs/a"),
        ("file:///home/user/libs/a", "../libs/a"),
        ("link-to-libs/a", "libs/a"),
    ],
)
def test_path_is_found_however_it_is_written(address: str, locked: str) -> None:
    """A lock file that Poetry installs would be refused."""
    dependency = Dependency(name="a", origin="path", address=address)

    assert found(dependency, path(locked), path("elsewhere/b")) == path(locked)


def test_path_of_several_is_the_one_that_is_written() -> None:
    """The layer would contain the package for another platform."""
    one, two = path("libs/one/a"), path("libs/two/a")

    assert found(Dependency(name="a", origin="path", address="libs/two/a"), one, two) == two
    assert found(Dependency(name="a", origin="path", address="libs/three/a"), one, two) is None
    assert found(Dependency(name="a", origin="path", address="libs/b"), one) is None


def test_path_of_a_path_dependency_is_relative_to_that() -> None:
    """A path dependency of a path dependency would not be found."""
    dependency = Dependency(name="a", origin="path", address="../a")

    assert found(dependency, path("../a"), path("libs/a"), of=package(path("libs/b"))) == path("libs/a")
    assert found(dependency, path("../a"), path("libs/a"), of=package(path("libs/b.whl", "file"))) == path("../a")


def test_subdirectory_belongs_to_the_path() -> None:
    """A path dependency in a subdirectory would not be found."""
    dependency = Dependency(name="a", origin="path", address="libs", subdirectory="a")

    assert found(dependency, path("libs"), path("libs/a")) == path("libs/a")


@pytest.mark.parametrize(
    ("address", "reference", "locked"),
    [
        ("https://git.invalid/a", None, git("https://git.invalid/a")),
        ("https://git.invalid/a", "v1", git("https://git.invalid/a", "v1")),
        ("https://git.invalid/a", "abc123", git("https://git.invalid/a", "abc123def")),
        ("https://git.invalid/a", "abc123def", git("https://git.invalid/a", "abc123")),
        ("https://git.invalid/a", None, git("https://git.invalid/a", "master")),
        ("git@git.invalid:user/a.git", None, git("git@git.invalid/user/a.git")),
        ("ssh://git@git.invalid:user/a.git", None, git("ssh://git@git.invalid/user/a.git")),
    ],
)
def test_repository_is_found(address: str, reference: str | None, locked: LockedSource) -> None:
    """A lock file that Poetry installs would be refused."""
    assert found(Dependency(name="a", origin="git", address=address, reference=reference), None, locked) == locked


@pytest.mark.parametrize(
    "locked",
    [
        git("https://git.invalid/b"),
        git("https://git.invalid/a", "v2"),
        git("https://git.invalid/a", "v1", "part"),
        git("https://git.invalid:8443/a", "v1"),
        LockedSource(type="url", url="https://git.invalid/a"),
    ],
)
def test_other_repository_is_not_found(locked: LockedSource) -> None:
    """The layer would contain another branch or repository than the one that the project names."""
    assert found(Dependency(name="a", origin="git", address="https://git.invalid/a", reference="v1"), locked) is None


def test_default_branch_of_several_is_the_one_locked_as_such() -> None:
    """The layer would contain another branch."""
    default, other = git("https://git.invalid/a"), git("https://git.invalid/a", "v1")
    dependency = Dependency(name="a", origin="git", address="https://git.invalid/a")

    assert found(dependency, other, default) == default
    assert found(dependency, other, git("https://git.invalid/a", "v2")) is None


def test_address_must_be_the_same() -> None:
    """The layer would contain another archive."""
    locked = LockedSource(type="url", url="https://files.invalid/a.zip")

    assert found(Dependency(name="a", origin="url", address="https://files.invalid/a.zip"), locked) == locked
    assert found(Dependency(name="a", origin="url", address="https://files.invalid/b.zip"), locked) is None
