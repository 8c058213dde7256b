"""The version of a distribution, compared with the locked one.

A package that is built from source may take its version from git or from a file, so the build may give another version
than the lock file lists. Poetry accepts that. A wheel from an index has the version in its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from pulumi_poetry_layer.names import is_wheel

if TYPE_CHECKING:
    from pulumi_poetry_layer.plan.build_plan import PlannedPackage


def is_version_of(package: PlannedPackage, version: str) -> bool:
    """Whether a distribution with this version may be the planned package."""
    return _is_built(package) or _is_same(version, package.version)


def version_notes(package: PlannedPackage, version: str) -> list[str]:
    """What to say about the version of a package that was built from source; nothing if it is the locked one."""
    if not _is_built(package) or _is_same(version, package.version):
        return []
    return [f"its build gave version {version}; run `poetry lock` to lock that version"]


def _is_built(package: PlannedPackage) -> bool:
    return package.file is None or not is_wheel(package.file.name)


def _is_same(first: str, second: str) -> bool:
    if first == second:
        return True
    try:
        return Version(first) == Version(second)
    except ValueError:
        return False
