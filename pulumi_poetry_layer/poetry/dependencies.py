"""Dependencies in the form that pyproject.toml and poetry.lock share: name → constraint, table, or a list of these."""

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
    """A dependency on a distribution: an edge of the dependency graph.

    Attributes:
        name: normalized name of the distribution.
        extras: normalized names of its extras that are requested.
        marker: environment marker; the dependency applies where the marker is true.
        constraint: the versions that satisfy it.
        python: constraint on the interpreter; the dependency applies where the constraint allows it.
        platform: the ``sys_platform`` values for which it applies.
        optional: whether it applies only if an extra requests it.
        in_extras: the extras of the project that request it.
        source: name of the source in pyproject.toml that must provide it.
        origin: ``git``, ``url`` or ``path``; None if it comes from an index.
        address: repository, URL or path, if there is an origin.
        reference: branch, tag or commit in the git repository.
        subdirectory: folder in the git repository or archive.
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


def dependencies_of(table: Table, *, are_locked: bool = False) -> tuple[Dependency, ...]:
    """All dependencies in a table such as ``[tool.poetry.dependencies]``.

    Args:
        table: the table.
        are_locked: whether they are in a lock file. There, Poetry reads a text in ``extras`` as a list of letters.

    Raises:
        InputError: a dependency, or one of its keys, has the wrong type. The message names the file and the key.
    """
    return tuple(
        _dependency(table, name, key, entry, are_locked=are_locked)
        for name in table
        for key, entry in _entries(name, table.values[name])
    )


def _entries(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        return [(f"{name}[{index}]", entry) for index, entry in enumerate(value)]
    return [(name, value)]


def _dependency(table: Table, name: str, key: str, entry: Any, *, are_locked: bool) -> Dependency:
    if isinstance(entry, str):
        return Dependency(name=normalized(name), constraint=entry)
    if not isinstance(entry, dict):
        raise table.problem(key, "must be a string, a table or an array of these")
    details = table.nested(key, entry)
    extras = details.values.get("extras")
    names = list(extras) if are_locked and isinstance(extras, str) else details.texts("extras")
    origin = next((kind for kind in _ADDRESSES if kind in details), None)
    return Dependency(
        name=normalized(name),
        extras=frozenset(map(normalized, names)),
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
