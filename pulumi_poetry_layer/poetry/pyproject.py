"""Reads the text of pyproject.toml.

Reads the same tables as Poetry: ``[project]`` (PEP 621), ``[dependency-groups]`` (PEP 735) and ``[tool.poetry]``
(https://python-poetry.org/docs/pyproject/).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from pulumi_poetry_layer.errors import ProjectError
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.constraints import InvalidConstraint, parse_constraint
from pulumi_poetry_layer.poetry.dependencies import Dependency, dependencies_of
from pulumi_poetry_layer.poetry.direct_references import parse_direct_reference
from pulumi_poetry_layer.poetry.enrichment import enriched
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.poetry.markers import check_marker
from pulumi_poetry_layer.poetry.toml_tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_poetry_layer.errors import PoetryLayerError
    from pulumi_poetry_layer.poetry.lockfile import LockFile

FILE_NAME = "pyproject.toml"

_SHOWN_GROUPS = 10
"""How many groups of a circle a message lists."""

_FIRST_HASH_WITH_GROUPS = Version("2.3.0")
"""The first Poetry release that includes ``[dependency-groups]`` in the content hash."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """The dependencies in pyproject.toml.

    Attributes:
        name: normalized name; ``non-package-mode`` if the file has none, as in Poetry.
        version: the version; 0 if the file has none.
        groups: normalized group name → its dependencies.
        extras: normalized extra name → normalized names of the distributions that it adds.
        python: key in the file → its constraint on the interpreter.
        build_constraints: normalized name of a package → the versions that its build requirements may have.
        content_hash: sha256 (hex) that Poetry writes into a lock file for this project.
        content_hash_without_groups: the content hash as Poetry before 2.3 computed it.
    """

    name: str
    version: str
    groups: Mapping[str, tuple[Dependency, ...]]
    extras: Mapping[str, frozenset[str]]
    python: Mapping[str, str]
    content_hash: str
    content_hash_without_groups: str
    build_constraints: Mapping[str, tuple[Dependency, ...]] = field(default_factory=dict)

    def matches(self, lock: LockFile) -> bool:
        """Whether the lock file was made from this pyproject.toml, by the rule of Poetry's installer."""
        if lock.content_hash == self.content_hash:
            return True
        return _hashes_without_groups(lock.generated_by) and lock.content_hash == self.content_hash_without_groups


@lru_cache(maxsize=4)  # a program can declare many layers of one project
def parse_project(text: str) -> Project:
    """Read the text of a pyproject.toml.

    Raises:
        ProjectError: the text is not TOML, has no project table, or contains an invalid dependency or group.
    """
    document = Table.of_text(text, file=FILE_NAME, error=ProjectError)
    project = document.table("project")
    poetry = document.table("tool").table("poetry")
    if not project.values and not poetry.values:
        raise ProjectError(
            "has neither a [project] nor a [tool.poetry] table", where=FILE_NAME, hint="run `poetry init` to make one"
        )
    extras = _extras(project, poetry)
    return Project(
        name=normalized(_first_text("name", "non-package-mode", project, poetry)),
        version=_version(project, poetry),
        groups={MAIN_GROUP: _main_dependencies(project, poetry, extras), **_groups(document, poetry)},
        extras=extras,
        python=_python(project, poetry),
        content_hash=_content_hash(project.values, poetry.values, document.values.get("dependency-groups", {})),
        content_hash_without_groups=_content_hash(project.values, poetry.values, {}),
        build_constraints=_build_constraints(poetry.table("build-constraints")),
    )


def _version(project: Table, poetry: Table) -> str:
    version = _first_text("version", "0", project, poetry)
    try:
        Version(version)
    except ValueError as error:
        table = project if project.values.get("version") else poetry
        raise table.problem("version", f"{version!r} is not a valid version (PEP 440)") from error
    return version


def _first_text(key: str, default: str, *tables: Table) -> str:
    """A key of the first table that has it."""
    return next((table.text(key) for table in tables if table.values.get(key)), default)


def _python(project: Table, poetry: Table) -> dict[str, str]:
    """Key → its constraint on the interpreter."""
    constraints = {}
    if "requires-python" in project:
        constraints["project.requires-python"] = project.text("requires-python")
    dependencies = poetry.table("dependencies")
    if isinstance(dependencies.values.get("python"), str):
        constraints["tool.poetry.dependencies.python"] = dependencies.text("python")
    return constraints


def _main_dependencies(project: Table, poetry: Table, extras: Mapping[str, frozenset[str]]) -> tuple[Dependency, ...]:
    """The main group. If ``[project]`` lists dependencies, ``[tool.poetry.dependencies]`` only adds details to them."""
    optional = project.table("optional-dependencies")
    standard = [
        *_requirements(project, "dependencies"),
        *(
            replace(dependency, optional=True, in_extras=frozenset({normalized(extra)}))
            for extra in optional
            for dependency in _requirements(optional, extra)
        ),
    ]
    legacy = [
        replace(dependency, in_extras=frozenset(extra for extra, names in extras.items() if dependency.name in names))
        for dependency in _legacy_dependencies(poetry.table("dependencies"))
    ]
    if standard and not {"dependencies", "optional-dependencies"}.isdisjoint(project.texts("dynamic")):
        # [project] lists one kind (mandatory or optional), and ``dynamic`` leaves the other kind to [tool.poetry].
        kinds = {dependency.optional for dependency in standard}
        standard += [dependency for dependency in legacy if len(kinds) == 1 and dependency.optional not in kinds]
    return enriched(standard, legacy)


def _legacy_dependencies(table: Table) -> list[Dependency]:
    """The dependencies in a table of ``[tool.poetry]``, without Python itself."""
    dependencies = [dependency for dependency in dependencies_of(table) if dependency.name != "python"]
    for dependency in dependencies:
        _check(dependency, table, dependency.name)
    return dependencies


def _check(dependency: Dependency, table: Table, key: str) -> None:
    """Refuse a marker or a constraint that Poetry cannot read, whether or not the layer needs the dependency."""
    try:
        check_marker(dependency.marker)
        parse_constraint(dependency.constraint)
        parse_constraint(dependency.python)
    except (InvalidMarker, InvalidConstraint) as error:
        raise table.problem(key, f"invalid marker or constraint: {error}") from error


def _extras(project: Table, poetry: Table) -> dict[str, frozenset[str]]:
    optional = project.table("optional-dependencies")
    if optional.values or project.array("dependencies"):
        return {
            normalized(extra): frozenset(dependency.name for dependency in _requirements(optional, extra))
            for extra in optional
        }
    extras = poetry.table("extras")
    return {normalized(extra): frozenset(map(normalized, extras.texts(extra))) for extra in extras}


def _build_constraints(table: Table) -> dict[str, tuple[Dependency, ...]]:
    return {normalized(name): dependencies_of(table.table(name)) for name in table}


def _groups(document: Table, poetry: Table) -> dict[str, tuple[Dependency, ...]]:
    """All groups except main, each with the dependencies of the groups that it includes."""
    own: dict[str, list[Dependency]] = {}
    details: dict[str, list[Dependency]] = {}
    includes: dict[str, list[tuple[str, Table, str]]] = {}
    standard = document.table("dependency-groups")
    for name in standard:
        group = normalized(name)
        own.setdefault(group, []).extend(_requirements(standard, name))
        includes.setdefault(group, []).extend(_included_groups(standard, name))
    tables = poetry.table("group")
    for name in tables:
        group, table = normalized(name), tables.table(name)
        details.setdefault(group, []).extend(_legacy_dependencies(table.table("dependencies")))
        names = table.texts("include-groups")
        includes.setdefault(group, []).extend((normalized(included), table, "include-groups") for included in names)
    if "dev-dependencies" in poetry:
        details.setdefault("dev", []).extend(_legacy_dependencies(poetry.table("dev-dependencies")))
    names_of_all = dict.fromkeys((*own, *details))
    groups = {group: enriched(own.get(group, ()), details.get(group, ())) for group in names_of_all}
    return {
        group: tuple(chain.from_iterable(groups[member] for member in members))
        for group, members in _with_included(groups, includes).items()
    }


def _included_groups(groups: Table, name: str) -> Iterator[tuple[str, Table, str]]:
    """The groups that a PEP 735 group includes, each with the table and key that name it."""
    for index, entry in enumerate(groups.array(name)):
        if not isinstance(entry, str):
            included = groups.nested(f"{name}[{index}]", entry)
            yield normalized(included.text("include-group")), included, "include-group"


def _with_included(
    own: Mapping[str, Sequence[Dependency]], includes: Mapping[str, list[tuple[str, Table, str]]]
) -> dict[str, list[str]]:
    """Group → the group itself and all groups that it includes, each once however many ways lead to it."""
    for included, table, key in chain.from_iterable(includes.values()):
        if included not in own:
            raise table.problem(
                key, f"group {included!r} is not defined", hint=f"known groups: {', '.join(sorted(own))}"
            )
    names = {group: [included for included, _, _ in includes.get(group, ())] for group in own}
    try:
        order = list(TopologicalSorter(names).static_order())
    except CycleError as error:
        raise _circle_problem(error.args[1][1:], list(own), includes) from error
    members: dict[str, list[str]] = {}
    for group in order:
        members[group] = list(dict.fromkeys([group, *chain.from_iterable(members[name] for name in names[group])]))
    return {group: members[group] for group in own}


def _circle_problem(
    circle: list[str], order: list[str], includes: Mapping[str, list[tuple[str, Table, str]]]
) -> PoetryLayerError:
    """The error for groups that include each other.

    Args:
        circle: the groups, each included by the next one.
        order: all groups in the order of the file.
        includes: group → the groups that it includes, each with the table and key that name it.
    """
    start = circle.index(min(circle, key=order.index))
    path = [circle[start - step] for step in range(len(circle))]
    table, key = next((table, key) for name, table, key in includes[path[-1]] if name == path[0])
    shown = path if len(path) <= _SHOWN_GROUPS else [*path[: _SHOWN_GROUPS - 2], "…", path[-1]]
    return table.problem(key, f"groups include each other: {' → '.join([*shown, path[0]])}")


def _requirements(table: Table, key: str) -> Iterator[Dependency]:
    """The requirements (PEP 508) in an array. Skips tables that include other groups (PEP 735)."""
    for index, entry in enumerate(table.array(key)):
        if isinstance(entry, dict) and table.path == "dependency-groups.":
            continue
        if not isinstance(entry, str):
            raise table.problem(f"{key}[{index}]", "must be a string")
        try:
            requirement = Requirement(entry)
        except (InvalidRequirement, RecursionError) as error:
            raise table.problem(f"{key}[{index}]", f"{entry!r} is not a valid requirement (PEP 508)") from error
        dependency = Dependency(
            name=normalized(requirement.name),
            extras=frozenset(normalized(extra) for extra in requirement.extras),
            marker=str(requirement.marker or ""),
            **(
                parse_direct_reference(requirement.url)
                if requirement.url
                else {"constraint": str(requirement.specifier) or "*"}
            ),
        )
        _check(dependency, table, f"{key}[{index}]")
        yield dependency


def _content_hash(project: Mapping[str, Any], poetry: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    """Poetry's ``content-hash``: sha256 (hex) of a JSON text with the keys that decide the lock file.

    Which missing keys become null, and the position of ``tool.poetry``, follow Poetry exactly:
    ``Locker._get_content_hash`` in https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py
    """
    relevant: dict[str, Any] = {}
    standard_keys = ("requires-python", "dependencies", "optional-dependencies")
    if standard := {key: project[key] for key in standard_keys if project.get(key) is not None}:
        relevant["project"] = standard
    if groups:
        relevant["dependency-groups"] = groups
    legacy: dict[str, Any] = {}
    for key in ("dependencies", "source", "extras", "dev-dependencies"):
        if poetry.get(key) is not None or not relevant:
            legacy[key] = poetry.get(key)
    if poetry.get("group") is not None:
        legacy["group"] = poetry["group"]
    content = {**relevant, "tool": {"poetry": legacy}} if relevant else legacy
    # default=str: Poetry cannot hash TOML dates, so no lock file has such a hash, and any text is right here.
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _hashes_without_groups(release: str | None) -> bool:
    """Whether a Poetry release leaves ``[dependency-groups]`` out of the content hash."""
    try:
        return release is not None and Version(release) < _FIRST_HASH_WITH_GROUPS
    except ValueError:
        return False
