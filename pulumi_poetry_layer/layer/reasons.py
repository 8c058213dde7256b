"""Why the packages of a layer are in it: its plan with the requirements between them, and answers about one package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.compare.reasons import PlannedProject
from pulumi_poetry_layer.errors import SelectionError
from pulumi_poetry_layer.layer.planning import PlannedLayer, plan_and_inputs
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.layer.request import GivenArguments
    from pulumi_poetry_layer.plan.requirement_graph import Paths, Requirement

MOST_PATHS = 1000
"""How many paths to a package are listed at most."""


@dataclass(frozen=True, kw_only=True)
class Why:
    """Why a locked package is in a layer, or why it is not.

    Attributes:
        name: its normalized name.
        version: its version in the layer; None if it is not in it.
        absence: why it is not in the layer; None if it is in it.
        paths: the paths from the project to it.
        only_needed_by_it: the other packages that would not be in the layer without it.
        versions: name → version, of all packages in the layer.
    """

    name: str
    version: str | None
    absence: str | None
    paths: Paths
    only_needed_by_it: tuple[str, ...]
    versions: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        """The answer as ``why --json`` prints it. The names and types of the keys are a stable interface."""
        return {
            "name": self.name,
            "version": self.version,
            "absence": self.absence,
            "paths": [[_requirement(step, self.versions) for step in path] for path in self.paths.found],
            "paths_are_complete": self.paths.are_complete,
            "only_needed_by_it": [{"name": name, "version": self.versions[name]} for name in self.only_needed_by_it],
        }


def plan_with_reasons(given: GivenArguments) -> tuple[PlannedLayer, PlannedProject]:
    """Plan a layer, and keep what is needed to say why its packages are in it.

    Raises:
        InputError: the input is wrong; all problems are reported together.
        HostError: the layer is to have compiled modules, and this machine has no Python that compiles them.
    """
    planned, parsed = plan_and_inputs(given)
    return planned, PlannedProject(project=parsed.project, lock=parsed.lock, plan=planned.plan)


def why(planned: PlannedProject, distribution: str) -> Why:
    """Why a distribution is in a layer, or why it is not.

    Raises:
        SelectionError: the lock file does not have it.
    """
    name = normalized(distribution)
    if name not in planned.locked:
        raise SelectionError(
            f"unknown distribution {distribution!r}",
            where="poetry.lock",
            hint=suggestion(name, planned.locked, "known distributions"),
        )
    package = planned.selected.get(name)
    return Why(
        name=name,
        version=package.version if package else None,
        absence=None if package else planned.why_absent(name),
        paths=planned.graph.paths_to(name, MOST_PATHS),
        only_needed_by_it=planned.only_needed_by(name) if package else (),
        versions={other.name: other.version for other in planned.plan.packages},
    )


def tree_document(planned: PlannedProject) -> dict[str, Any]:
    """The requirements of a layer as ``plan --tree --json`` prints them. The names and types of the keys are stable."""
    plan, graph = planned.plan, planned.graph
    versions = {package.name: package.version for package in plan.packages}
    return {
        "fingerprint": plan.fingerprint,
        "target": {"runtime": plan.target.runtime, "architecture": plan.target.architecture},
        "requires": [_requirement(requirement, versions) for requirement in graph.of()],
        "packages": [
            {
                "name": name,
                "version": version,
                "requires": [_requirement(requirement, versions) for requirement in graph.of(name)],
            }
            for name, version in versions.items()
        ],
    }


def _requirement(requirement: Requirement, versions: Mapping[str, str]) -> dict[str, Any]:
    return {
        "by": requirement.by or None,
        "group": requirement.group or None,
        "by_extras": list(requirement.by_extras),
        "name": requirement.name,
        "version": versions[requirement.name],
        "extras": list(requirement.extras),
        "constraint": requirement.constraint,
        "condition": requirement.condition or None,
    }
