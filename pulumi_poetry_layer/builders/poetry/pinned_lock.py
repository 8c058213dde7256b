"""A poetry.lock that holds nothing but a plan: the same packages, each with the one file that was chosen.

Poetry installs what the lock file in its folder says. With every other package and file taken out it cannot but
install the plan: not a wheel for a newer glibc than the target's, and not what a marker would say of the host. A lock
file of an older version is pinned in version 2.1, which says who needs what: there is nothing left to solve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli_w

from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.toml_tables import parse_toml

if TYPE_CHECKING:
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage

_KEPT_KEYS = ("name", "version", "description", "python-versions", "source")
_LOCK_VERSION = "2.1"

PATHS_FOLDER = "path_dependencies"
"""Folder beside the pinned lock file in which it expects the path dependencies, each under its name."""


def pin_lock(lock_text: str, plan: BuildPlan) -> str:
    """The text of a lock file that installs exactly the plan, whatever host Poetry runs on.

    The content hash and the first line stay, so that Poetry's check for a stale lock file gives the same answer.
    """
    locked = parse_toml(lock_text)
    planned = {package.name: package for package in plan.packages}
    packages = [
        _pinned(table, package, sorted(plan.choice.groups))
        for table in locked.get("package", [])
        if (package := planned.get(normalized(table["name"]))) and _is_planned(table, package)
    ]
    metadata = {
        **{key: value for key, value in locked["metadata"].items() if key != "files"},
        "lock-version": _LOCK_VERSION,
    }
    document = {**locked, "package": packages, "metadata": metadata}
    first_line, _, _ = lock_text.partition("\n")
    return f"{first_line}\n\n{tomli_w.dumps(document)}" if first_line.startswith("#") else tomli_w.dumps(document)


def _is_planned(table: dict[str, Any], package: PlannedPackage) -> bool:
    """Whether a locked package is the planned one, not one of another version or from another place."""
    source = package.source
    place = (source.type, source.url, source.resolved_reference) if source else (None, None, None)
    locked = table.get("source", {})
    return table["version"] == package.version and place == tuple(
        locked.get(key) for key in ("type", "url", "resolved_reference")
    )


def _pinned(table: dict[str, Any], package: PlannedPackage, groups: list[str]) -> dict[str, Any]:
    """A package that the plan's groups need on every host, and that needs nothing: what it needs is planned too."""
    pinned = {key: table[key] for key in _KEPT_KEYS if key in table}
    if package.digest:
        pinned["source"] = {"type": table["source"]["type"], "url": _place(package, table["source"]["url"])}
    return {
        **pinned,
        "optional": False,
        "groups": groups,
        "files": [{"file": package.file.name, "hash": package.file.hash}] if package.file else [],
    }


def _place(package: PlannedPackage, url: str) -> str:
    """Where a path dependency's copy lies, relative to the lock file."""
    folder = f"{PATHS_FOLDER}/{package.name}"
    return f"{folder}/{url.rpartition('/')[2]}" if package.file else folder
