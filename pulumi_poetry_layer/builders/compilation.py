"""Packages that must be compiled for the target, which the wheels builder does not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import PackageFileError, raise_problems
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.wheels.native import container_hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.plan.build_plan import BuildPlan


def refuse_compilation(plan: BuildPlan) -> None:
    """Refuse a plan with packages that must be compiled: compiling them for this host would be useless.

    The plan shows this, so a preview says it, and a build says it before it downloads anything.

    Raises:
        PackageFileError: a package must be compiled; all of them are reported together.
    """
    raise_problems(_problems(plan))


def _problems(plan: BuildPlan) -> Iterator[PackageFileError]:
    for package in plan.packages:
        if package.file and package.is_native and not is_wheel(package.file.name):
            glibc = ".".join(map(str, plan.target.glibc))
            yield PackageFileError(
                f"its sdist must be compiled: it has no wheel for {plan.target} ({plan.target.operating_system}, "
                f"glibc {glibc}), or `installer.no-binary` of Poetry forbids its wheels",
                where=package.label,
                hint=f"{container_hint()}; or lock a version of {package.name} with a wheel for this target, "
                "or choose another runtime",
            )
