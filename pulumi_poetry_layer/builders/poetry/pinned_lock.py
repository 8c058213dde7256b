"""A pinned poetry.lock: only the planned packages, each with the one file that was chosen for the target.

Poetry then can install nothing else, whatever host it runs on: no wheel for another glibc or Python, and no package
that a marker selects on this host only. A pinned lock file always has lock version 2.1, which lists the groups of each
package. So Poetry does not have to solve an older lock file again.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import tomli_w

from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.toml_tables import parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage

_KEPT_KEYS = ("name", "version", "description", "python-versions", "source")
_LOCK_VERSION = "2.1"

PATHS_FOLDER = "path_dependencies"
"""Folder beside the pinned lock file with a copy of each path dependency, under the name of the package."""


def pin_lock(lock_text: str, plan: BuildPlan, copies: Mapping[str, str] = MappingProxyType({})) -> str:
    """The text of a lock file that installs exactly the plan.

    The content hash and the first line are kept, so that Poetry accepts the lock file as it accepts the original.

    Args:
        lock_text: text of the poetry.lock that the plan was made from.
        plan: the plan.
        copies: name of a path dependency → path of its copy, relative to the lock file.
    """
    locked = parse_toml(lock_text)
    planned = {package.name: package for package in plan.packages}
    packages = [
        _pinned(table, package, sorted(plan.choice.groups), copies)
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
    """Whether a locked package has the version and the source of the planned one."""
    source = package.source
    planned = (source.type, source.url, source.reference, source.subdirectory) if source else (None,) * 4
    locked = table.get("source", {})
    return table["version"] == package.version and planned == tuple(
        locked.get(key) for key in ("type", "url", "reference", "subdirectory")
    )


def _pinned(
    table: dict[str, Any], package: PlannedPackage, groups: list[str], copies: Mapping[str, str]
) -> dict[str, Any]:
    """A package in the groups of the plan, without markers, and without dependencies because they are planned too."""
    pinned = {key: table[key] for key in _KEPT_KEYS if key in table}
    if package.digest:
        path = copies.get(package.name) or _copied_path(package, table["source"]["url"])
        pinned["source"] = {"type": table["source"]["type"], "url": path}
    return {
        **pinned,
        "optional": False,
        "groups": groups,
        "files": [{"file": package.file.name, "hash": package.file.hash}] if package.file else [],
    }


def _copied_path(package: PlannedPackage, url: str) -> str:
    """The path of the copy of a path dependency, relative to the lock file."""
    folder = f"{PATHS_FOLDER}/{package.name}"
    return f"{folder}/{url.rpartition('/')[2]}" if package.file else folder
