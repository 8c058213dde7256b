"""The packages that this package selects, in the form of Poetry's answers."""

from __future__ import annotations

from collections.abc import Sequence

from samples import WHEELS, plan_layer, read

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.plan.build_plan import BuildPlan, Choice
from pulumi_poetry_layer.plan.target import Target

Packages = list[list[str | None]]


def our_packages(
    project: str, lock: str, target: Target, groups: Sequence[str], extras: Sequence[str]
) -> Packages | None:
    """The packages of the layer; None if planning raises an error."""
    try:
        plan = plan_layer(*read(project, lock), target=target, choice=Choice.of(groups, extras), builder=WHEELS)
    except InputError:
        return None
    return packages_of(plan)


def packages_of(plan: BuildPlan) -> Packages:
    """[name, version, file] of each package in the layer."""
    return [[package.name, package.version, package.file.name if package.file else None] for package in plan.packages]
