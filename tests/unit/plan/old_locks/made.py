"""Projects with old lock files, and what is installed from them."""

from __future__ import annotations

from samples import X86, Package, old_lock_text, read

from pulumi_poetry_layer.plan.old_locks.locked_packages import LockedPackages
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment

HEAD = '[tool.poetry]\nname = "app"\nversion = "{}"\n[tool.poetry.dependencies]\n'


def locked_packages(
    dependencies: str, packages: list[Package], *, version: str = "1.0", target: Target = X86
) -> LockedPackages:
    """The candidates of a lock file of version 2.0 for the main group of a project named ``app``."""
    text = HEAD.format(version) + dependencies
    project, lock = read(text, old_lock_text(text, packages))
    return LockedPackages(project, lock.packages, ["main"], MarkerEnvironment(target.marker_environment))
