"""``[tool.poetry.build-constraints]``: the versions that the build requirements of a package may have.

https://python-poetry.org/docs/pyproject/#build-constraints
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker

from pulumi_poetry_layer.errors import ProjectError, raise_problems
from pulumi_poetry_layer.masking import without_logins
from pulumi_poetry_layer.poetry.applicability import applies
from pulumi_poetry_layer.poetry.constraints import InvalidConstraint, parse_constraint
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment

if TYPE_CHECKING:
    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.pyproject import Project


def build_constraints(project: Project, target: Target) -> dict[str, tuple[str, ...]]:
    """Name of a package → the constraints that apply on a target, as texts such as ``setuptools <80``, sorted.

    Raises:
        ProjectError: a constraint or a marker is invalid.
        MultipleInputError: several of them are invalid.
    """
    environment = MarkerEnvironment(target.marker_environment, frozenset())
    found: dict[str, tuple[str, ...]] = {}
    problems: list[ProjectError] = []
    for name, dependencies in project.build_constraints.items():
        try:
            found[name] = tuple(sorted({_text(d) for d in dependencies if applies(d, environment)}))
        except (InvalidMarker, InvalidConstraint) as error:
            problems.append(ProjectError(str(error), where=f"pyproject.toml: tool.poetry.build-constraints.{name}"))
    raise_problems(problems)
    return {name: constraints for name, constraints in found.items() if constraints}


def _text(dependency: Dependency) -> str:
    if not dependency.origin:
        parse_constraint(dependency.constraint)  # to check it
        return f"{dependency.name} {dependency.constraint}"
    place = (dependency.origin, without_logins(dependency.address or ""), dependency.reference, dependency.subdirectory)
    return f"{dependency.name} @ {' '.join(filter(None, place))}"
