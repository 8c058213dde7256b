"""Wheels without the files that a layer leaves out: the cache has them under keys of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.progress import doing
from pulumi_poetry_layer.plan.build_plan import STRIP_RULES
from pulumi_poetry_layer.strip.layer_files import strip_distribution, with_needed_tests, without_tests
from pulumi_poetry_layer.strip.needed import Unneeded
from pulumi_poetry_layer.wheels.cache import STRIP_NOTE, cache_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.wheels.cache import CachedWheel, WheelCache

    Find = Callable[[Sequence[PlannedPackage], Collection[str]], dict[str, CachedWheel]]
    """Packages and kinds of files → the wheels without these files, by package name."""


def base_key(package: PlannedPackage, kinds: Collection[str]) -> str:
    """The key of a package's wheel without files of these kinds; that of the whole wheel if there are no kinds."""
    if not kinds:
        return cache_key(package)
    return f"without {', '.join(sorted(kinds))} by rules {STRIP_RULES}: {cache_key(package)}"


def find_stripped(packages: Sequence[PlannedPackage], kinds: Collection[str], find: Find) -> dict[str, CachedWheel]:
    """The wheels of packages without files of some kinds, by package name.

    Tests stay in a package if another package refers to them.

    Args:
        packages: the packages.
        kinds: the kinds.
        find: finds wheels without files.
    """
    found = find(packages, kinds)
    if needed := with_needed_tests({name: _unneeded(wheel.segment.notes) for name, wheel in found.items()}):
        found |= find([package for package in packages if package.name in needed], without_tests(kinds))
    return found


def add_stripped(
    wheels: Sequence[tuple[PlannedPackage, CachedWheel]], cache: WheelCache, kinds: Collection[str]
) -> None:
    """Store wheels without files of some kinds.

    Args:
        wheels: packages with their whole wheels.
        cache: the cache.
        kinds: the kinds.

    Raises:
        DamagedSegmentError: a wheel in the cache is damaged; it is removed.
    """
    doing(f"looking for files that {len(wheels)} packages do not need")
    for package, wheel in wheels:
        members = cache.checked_members(wheel)
        cache.add_stripped(base_key(package, kinds), wheel, strip_distribution(members, kinds))


def _unneeded(notes: Mapping[str, Mapping[str, Sequence[str]]]) -> Unneeded:
    note = notes.get(STRIP_NOTE, {})
    return Unneeded(
        test_packages=tuple(note.get("test_packages", ())), foreign_tests=tuple(note.get("foreign_tests", ()))
    )
