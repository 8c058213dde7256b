"""Selects the packages of the layer by groups, extras, markers and exclusions.

For lock version 2.1 the rule is that of Poetry's installer (``poetry/puzzle/transaction.py``): a package is installed
if it is in a chosen group and its marker for that group is true. Older lock files contain neither groups nor markers;
see ``old_locks``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker

from pulumi_poetry_layer.errors import LockFileError, PoetryLayerError, SelectionError, raise_problems
from pulumi_poetry_layer.plan.build_plan import Choice, Excluded
from pulumi_poetry_layer.plan.exclusion import Exclusion
from pulumi_poetry_layer.plan.old_locks.installation import installed_packages
from pulumi_poetry_layer.plan.several_versions import OneOfEach, one_of_each
from pulumi_poetry_layer.poetry.constraints import InvalidConstraint
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment
from pulumi_poetry_layer.wording import place, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from pulumi_poetry_layer.poetry.lockfile import LockedPackage, LockFile
    from pulumi_poetry_layer.poetry.pyproject import Project


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The packages of a layer and those that are left out because of ``exclude``, both sorted by name.

    Attributes:
        packages: the packages of the layer.
        excluded: the packages that are left out.
        warnings: what is wrong with the input, and does not stop the build.
    """

    packages: tuple[LockedPackage, ...]
    excluded: tuple[Excluded, ...]
    warnings: tuple[str, ...] = ()


def choice_problems(
    project: Project, lock: LockFile, choice: Choice, *, is_stale: bool = False
) -> Iterator[PoetryLayerError]:
    """An error for each group, extra and excluded distribution that is unknown.

    Args:
        project: the project.
        lock: its lock file.
        choice: the names.
        is_stale: the lock file does not match the project, so it may lack what was added to pyproject.toml.
    """
    if not choice.groups:
        yield SelectionError(
            "no group is selected", where=place("groups"), hint=f"known groups: {', '.join(sorted(project.groups))}"
        )
    yield from _unknown("group", choice.groups, project.groups.keys(), "groups")
    extras = project.extras.keys() if is_stale else project.extras.keys() & lock.extras
    yield from _unknown("extra", choice.extras, extras, "extras")
    packages = {package.name for package in lock.packages}
    if is_stale:
        packages |= {dependency.name for group in project.groups.values() for dependency in group}
    yield from _unknown("distribution", choice.exclude, packages, "exclude")


def select_packages(
    project: Project, lock: LockFile, choice: Choice, marker_environment: Mapping[str, str]
) -> Selection:
    """Select the packages of the layer.

    Args:
        project: the project.
        lock: its lock file.
        choice: the groups, extras and exclusions that the user chose; all are known to the project.
        marker_environment: marker name → value on the target, without ``extra``.

    Raises:
        LockFileError: a marker or constraint is invalid, or the locked packages cannot be installed together.
    """
    environment = MarkerEnvironment(marker_environment, choice.extras)
    try:
        if lock.has_groups_and_markers:
            found = one_of_each(_selected_by_lock(lock, choice, environment), project, choice, environment)
        else:
            packages = installed_packages(project, lock, choice.groups, choice.extras, environment)
            found = OneOfEach(packages=tuple(packages))
        selected = {package.name: package for package in found.packages}
        excluded: dict[str, str] = {}
        warnings = list(found.warnings)
        if choice.exclude or choice.exclude_runtime:
            exclusion = Exclusion(project, selected, choice, environment)
            excluded = exclusion.reasons
            if choice.exclude_runtime:
                warnings += exclusion.warnings(f"python{marker_environment['python_version']}")
    except (InvalidMarker, InvalidConstraint) as error:
        raise LockFileError(
            f"invalid marker or constraint: {error}", where="poetry.lock", hint="run `poetry lock`"
        ) from error
    return Selection(
        packages=tuple(package for name, package in sorted(selected.items()) if name not in excluded),
        excluded=tuple(
            Excluded(name=name, version=selected[name].version, reason=reason)
            for name, reason in sorted(excluded.items())
        ),
        warnings=tuple(warnings),
    )


def _selected_by_lock(lock: LockFile, choice: Choice, environment: MarkerEnvironment) -> list[LockedPackage]:
    selected: list[LockedPackage] = []
    problems: list[PoetryLayerError] = []
    for package in lock.packages:
        try:
            if _is_selected(package, choice.groups, environment):
                selected.append(package)
        except InvalidMarker as error:
            where = f"poetry.lock: package {package.label}"
            problems.append(LockFileError(f"invalid marker: {error}", where=where, hint="run `poetry lock`"))
    raise_problems(problems)
    return selected


def _is_selected(package: LockedPackage, groups: Set[str], environment: MarkerEnvironment) -> bool:
    return any(environment.holds(package.markers[group]) for group in sorted(package.groups & groups))


def _unknown(kind: str, names: Set[str], known: Set[str], where: str) -> Iterator[PoetryLayerError]:
    for name in sorted(names - known):
        yield SelectionError(
            f"unknown {kind} {name!r}", where=place(where), hint=suggestion(name, known, f"known {kind}s")
        )
