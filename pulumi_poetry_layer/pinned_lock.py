"""A poetry.lock that holds nothing but a plan: the same packages, each with the one file that was chosen.

Poetry installs what the lock file in its folder says. With every other package and file taken out it cannot but
install the plan: not a wheel for a newer glibc than the target's, and not what a marker would say of the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli
import tomli_w
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pulumi_poetry_layer.plan import BuildPlan, PlannedPackage


def pin_lock(lock_text: str, plan: BuildPlan) -> str:
    """The text of a lock file that installs exactly the plan, whatever host Poetry runs on.

    The content hash and the first line stay, so that Poetry's check for a stale lock file gives the same answer.
    """
    document = tomli.loads(lock_text)
    planned = {(package.name, package.version): package for package in plan.packages}
    document["package"] = [
        _pinned(table, planned[key])
        for table in document.get("package", [])
        if (key := (canonicalize_name(table["name"]), table["version"])) in planned
    ]
    first_line, _, _ = lock_text.partition("\n")
    return f"{first_line}\n\n{tomli_w.dumps(document)}" if first_line.startswith("#") else tomli_w.dumps(document)


def _pinned(table: dict[str, Any], package: PlannedPackage) -> dict[str, Any]:
    pinned = {key: value for key, value in table.items() if key != "markers"} | {"optional": False}
    if package.file:
        pinned["files"] = [{"file": package.file.name, "hash": package.file.hash}]
    return pinned
