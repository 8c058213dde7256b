"""Finds out why a locked package is not in a layer, and what requests a package that is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pulumi_poetry_layer.plan.dependency_graph import is_requested
from pulumi_poetry_layer.plan.requirement_graph import only_needed_by, requirement_graph
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment, extras_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.plan.requirement_graph import Requirement, RequirementGraph
    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage, LockFile
    from pulumi_poetry_layer.poetry.pyproject import Project


@dataclass(frozen=True, kw_only=True)
class PlannedProject:
    """A project, its lock file and the plan that was made from both."""

    project: Project
    lock: LockFile
    plan: BuildPlan

    @cached_property
    def locked(self) -> Mapping[str, tuple[LockedPackage, ...]]:
        """Name → all locked packages with this name."""
        names = dict.fromkeys(package.name for package in self.lock.packages)
        return {name: tuple(p for p in self.lock.packages if p.name == name) for name in names}

    @cached_property
    def selected(self) -> Mapping[str, LockedPackage]:
        """Name → the locked package that is in the layer."""
        found = {}
        for package in self.plan.packages:
            candidates = [p for p in self.locked[package.name] if p.version == package.version]
            found[package.name] = next(p for p in candidates if p.source == package.source)
        return found

    @cached_property
    def requesters(self) -> Mapping[str, tuple[str, ...]]:
        """Name of a package in the layer → the groups, extras and other packages of the layer that request it."""
        found: dict[str, dict[str, None]] = {}
        for requirement in self.graph.requirements:
            found.setdefault(requirement.name, {})[_requester(requirement)] = None
        return {name: tuple(requesters) for name, requesters in found.items()}

    @cached_property
    def graph(self) -> RequirementGraph:
        """What requires each package of the layer."""
        return requirement_graph(self.project, self.selected, self.plan.choice, self._environment)

    def only_needed_by(self, name: str) -> tuple[str, ...]:
        """The other packages that would not be in the layer without a package of it."""
        return only_needed_by(name, self.project, self.selected, self.plan.choice, self._environment)

    def why_absent(self, name: str) -> str:
        """Why a package is not in the layer."""
        for excluded in self.plan.excluded:
            if excluded.name == name:
                return excluded.reason
        if name not in self.locked:
            return "not in the lock file"
        if self.lock.has_groups_and_markers:
            return self._why_not_selected(self.locked[name])
        return self._why_not_needed(name)

    @cached_property
    def _environment(self) -> MarkerEnvironment:
        return MarkerEnvironment(self.plan.target.marker_environment, self.plan.choice.extras)

    def _why_not_selected(self, packages: Iterable[LockedPackage]) -> str:
        selected = self.plan.choice.groups
        groups = {group for package in packages for group in package.groups}
        if groups.isdisjoint(selected):
            return _not_selected("group", groups)
        markers = {package.markers[group] for package in packages for group in package.groups & selected}
        with_all_extras = self._environment.with_extras(self.lock.extras)
        if any(with_all_extras.holds(marker) for marker in markers):
            extras = {extra for marker in markers for extra in extras_in(marker)}
            return _not_selected("extra", extras - self.plan.choice.extras)
        return f"its marker is not true for {self.plan.target}: {' or '.join(sorted(markers))}"

    def _why_not_needed(self, name: str) -> str:
        """The reason for a lock file without groups and markers: follows its dependencies and ignores their markers."""
        choice = self.plan.choice
        groups = {group for group, roots in self.project.groups.items() if name in self._below(roots)}
        if groups and groups.isdisjoint(choice.groups):
            return _not_selected("group", groups)
        roots = [root for group in groups & choice.groups for root in self.project.groups[group]]
        if name not in self._below(root for root in roots if is_requested(root, choice.extras)):
            extras = {extra for root in roots if name in self._below([root]) for extra in root.in_extras}
            if extras:
                return _not_selected("extra", extras)
        return f"nothing in the layer needs it on {self.plan.target}"

    def _below(self, roots: Iterable[Dependency]) -> Set[str]:
        found: set[str] = set()
        waiting = [root.name for root in roots]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [d.name for package in self.locked.get(name, ()) for d in package.dependencies]
        return found


def _requester(requirement: Requirement) -> str:
    if requirement.by:
        return requirement.by
    if requirement.by_extras:
        return f"extra {', '.join(requirement.by_extras)}"
    return f"group {requirement.group}"


def _not_selected(kind: str, names: Set[str]) -> str:
    listed = ", ".join(sorted(names))
    if len(names) == 1:
        return f"only in {kind} {listed}, which is not selected"
    return f"only in {kind}s {listed}, which are not selected"
