"""Dependencies as Poetry writes them, in pyproject.toml and poetry.lock alike: name → constraint, table, or a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.names import normalized

if TYPE_CHECKING:
    from pulumi_poetry_layer.poetry.toml_tables import Table

_ADDRESSES = {"git": "git", "url": "url", "path": "path", "file": "path"}
_REFERENCES = ("branch", "tag", "rev")


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """An edge of the dependency graph: a distribution, what is asked of it and when the edge counts.

    Attributes:
        name: normalized name.
        extras: normalized extras that are asked of it.
        marker: when it counts.
        constraint: the versions that will do.
        python: the interpreters it counts for, as a constraint.
        platform: the ``sys_platform`` values it counts for.
        optional: whether it counts only when an extra asks for it.
        in_extras: the extras of the project that ask for it.
        source: name of the source in pyproject.toml that it must come from.
        origin: ``git``, ``url`` or ``path`` when it must come from there, None for an index.
        address: that repository, URL or path.
        reference: branch, tag or commit of that git repository.
        subdirectory: folder in that repository or archive.
    """

    name: str
    extras: frozenset[str] = frozenset()
    marker: str = ""
    constraint: str = "*"
    python: str = "*"
    platform: str = ""
    optional: bool = False
    in_extras: frozenset[str] = frozenset()
    source: str | None = None
    origin: str | None = None
    address: str | None = None
    reference: str | None = None
    subdirectory: str | None = None


def dependencies_of(table: Table) -> tuple[Dependency, ...]:
    """All dependencies in a table of them.

    Raises:
        InputError: a dependency is neither a constraint, a table nor a list of these, or a key of it is of the wrong
            kind; names file and key.
    """
    return tuple(
        _dependency(table, name, key, entry) for name in table for key, entry in _entries(name, table.values[name])
    )


def _entries(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        return [(f"{name}[{index}]", entry) for index, entry in enumerate(value)]
    return [(name, value)]


def _dependency(table: Table, name: str, key: str, entry: Any) -> Dependency:
    if isinstance(entry, str):
        return Dependency(name=normalized(name), constraint=entry)
    if not isinstance(entry, dict):
        raise table.problem(key, "must be a string, a table or an array of these")
    details = table.nested(key, entry)
    origin = next((kind for kind in _ADDRESSES if kind in details), None)
    return Dependency(
        name=normalized(name),
        extras=frozenset(normalized(extra) for extra in details.texts("extras")),
        marker=details.text("markers", ""),
        constraint=details.text("version", "*"),
        python=details.text("python", "*"),
        platform=details.text("platform", ""),
        optional=details.flag("optional"),
        source=details.optional_text("source"),
        origin=_ADDRESSES[origin] if origin else None,
        address=details.text(origin) if origin else None,
        reference=next((details.text(kind) for kind in _REFERENCES if kind in details), None),
        subdirectory=details.optional_text("subdirectory"),
    )
