"""pyproject.toml text → :class:`Project`. Pure: takes text, touches no file.

Reads both tables that Poetry reads: PEP 621 ``[project]`` with PEP 735 ``[dependency-groups]``, and ``[tool.poetry]``
(https://python-poetry.org/docs/pyproject/).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomli
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pulumi_poetry_layer.errors import ProjectError
from pulumi_poetry_layer.lockfile import Dependency, LockFile, locked_dependencies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FILE_NAME = "pyproject.toml"
MAIN_GROUP = "main"

_BEFORE_DEPENDENCY_GROUPS = (2, 3)
"""The first Poetry release whose content hash covers ``[dependency-groups]``."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What pyproject.toml says about dependencies.

    Attributes:
        groups: normalised group name → the dependencies the project asks for in it.
        extras: normalised extra name → names of the distributions it adds.
        content_hash: the digest Poetry writes into a lock file made from this project.
        content_hash_without_groups: the same as Poetry releases before 2.3 computed it.
    """

    groups: Mapping[str, tuple[Dependency, ...]]
    extras: Mapping[str, frozenset[str]]
    content_hash: str
    content_hash_without_groups: str

    def matches(self, lock: LockFile) -> bool:
        """Whether the lock file was made from this pyproject.toml, by the rule of Poetry's own installer."""
        if lock.content_hash == self.content_hash:
            return True
        return _before_dependency_groups(lock.generated_by) and lock.content_hash == self.content_hash_without_groups


def parse_project(text: str) -> Project:
    """Read the text of a pyproject.toml.

    Raises:
        ProjectError: broken TOML, no project table, or a dependency that is not one.
    """
    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise ProjectError(f"not valid TOML: {error}", where=FILE_NAME) from error
    project = _table(document, "project", "")
    poetry = _table(_table(document, "tool", ""), "poetry", "tool.")
    if not project and not poetry:
        raise ProjectError(
            "neither a [project] nor a [tool.poetry] table", where=FILE_NAME, hint="run `poetry init` to make one"
        )
    return Project(
        groups=_groups(document, project, poetry),
        extras=_extras(project, poetry),
        content_hash=_content_hash(project, poetry, document.get("dependency-groups", {})),
        content_hash_without_groups=_content_hash(project, poetry, {}),
    )


def _table(parent: Mapping[str, Any], key: str, path: str) -> dict[str, Any]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise ProjectError("must be a table", where=f"{FILE_NAME}: {path}{key}")
    return value


def _groups(
    document: Mapping[str, Any], project: Mapping[str, Any], poetry: Mapping[str, Any]
) -> dict[str, tuple[Dependency, ...]]:
    groups: dict[str, list[Dependency]] = {MAIN_GROUP: _main_dependencies(project, poetry)}
    if poetry.get("dev-dependencies"):
        groups["dev"] = _poetry_dependencies(poetry, "dev-dependencies", "tool.poetry.")
    includes: dict[str, list[str]] = {}
    for name, entries in _table(document, "dependency-groups", "").items():
        group = canonicalize_name(name)
        where = f"dependency-groups.{name}"
        groups.setdefault(group, []).extend(_requirements((e for e in entries if isinstance(e, str)), where))
        includes[group] = [canonicalize_name(e["include-group"]) for e in entries if isinstance(e, dict)]
    for name, table in _table(poetry, "group", "tool.poetry.").items():
        group = canonicalize_name(name)
        path = f"tool.poetry.group.{name}."
        groups.setdefault(group, []).extend(_poetry_dependencies(table, "dependencies", path))
        includes.setdefault(group, []).extend(canonicalize_name(g) for g in table.get("include-groups", ()))
    return {group: tuple(_with_included(group, groups, includes, set())) for group in groups}


def _with_included(
    group: str, groups: Mapping[str, list[Dependency]], includes: Mapping[str, list[str]], seen: set[str]
) -> Iterator[Dependency]:
    """A group's dependencies and, once each, those of the groups it includes (PEP 735)."""
    seen.add(group)
    yield from groups.get(group, ())
    for included in includes.get(group, ()):
        if included not in seen:
            yield from _with_included(included, groups, includes, seen)


def _main_dependencies(project: Mapping[str, Any], poetry: Mapping[str, Any]) -> list[Dependency]:
    optional = _table(project, "optional-dependencies", "project.")
    return [
        *_requirements(project.get("dependencies", ()), "project.dependencies"),
        *(
            dependency
            for extra, entries in optional.items()
            for dependency in _requirements(entries, f"project.optional-dependencies.{extra}")
        ),
        *(d for d in _poetry_dependencies(poetry, "dependencies", "tool.poetry.") if d.name != "python"),
    ]


def _poetry_dependencies(parent: Mapping[str, Any], key: str, path: str) -> list[Dependency]:
    return list(locked_dependencies(_table(parent, key, path)))


def _requirements(entries: Iterable[str], where: str) -> Iterator[Dependency]:
    for index, entry in enumerate(entries):
        try:
            requirement = Requirement(entry)
        except InvalidRequirement as error:
            raise ProjectError(
                f"not a requirement (PEP 508): {entry}", where=f"{FILE_NAME}: {where}[{index}]"
            ) from error
        yield Dependency(
            name=canonicalize_name(requirement.name),
            extras=frozenset(canonicalize_name(extra) for extra in requirement.extras),
            marker=str(requirement.marker or ""),
        )


def _extras(project: Mapping[str, Any], poetry: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    extras: dict[str, frozenset[str]] = {
        canonicalize_name(extra): frozenset(
            d.name for d in _requirements(entries, f"project.optional-dependencies.{extra}")
        )
        for extra, entries in _table(project, "optional-dependencies", "project.").items()
    }
    if not project.get("optional-dependencies"):
        extras |= {
            canonicalize_name(extra): frozenset(canonicalize_name(name.split("[")[0]) for name in names)
            for extra, names in _table(poetry, "extras", "tool.poetry.").items()
        }
    return extras


def _content_hash(project: Mapping[str, Any], poetry: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    """Poetry's ``content-hash``: sha256 over JSON of the keys that decide a lock.

    The odd corners (which keys count when absent, and where ``tool.poetry`` goes) are Poetry's, kept for old locks:
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
    # default=str: Poetry fails on TOML dates here; a lock with one cannot exist, so any text will do.
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _before_dependency_groups(release: str | None) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return release is not None and Version(release).release < _BEFORE_DEPENDENCY_GROUPS
    except InvalidVersion:
        return False
