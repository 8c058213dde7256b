"""Why a locked package is not in a layer, and who asks for one that is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pulumi_poetry_layer.plan.dependency_graph import asked_for, package_dependencies, reachable, root_dependencies
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment, extras_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage, LockFile
    from pulumi_poetry_layer.poetry.pyproject import Project


@dataclass(frozen=True, kw_only=True)
class PlannedProject:
    """A project, its lock file and the plan that was made of both."""

    project: Project
    lock: LockFile
    plan: BuildPlan

    @cached_property
    def locked(self) -> Mapping[str, tuple[LockedPackage, ...]]:
        """Name → all that is locked of it."""
        names = dict.fromkeys(package.name for package in self.lock.packages)
        return {name: tuple(p for p in self.lock.packages if p.name == name) for name in names}

    @cached_property
    def selected(self) -> Mapping[str, LockedPackage]:
        """Name → what of the lock file is in the layer."""
        found = {}
        for package in self.plan.packages:
            candidates = [p for p in self.locked[package.name] if p.version == package.version]
            found[package.name] = next(p for p in candidates if p.source == package.source)
        return found

    @cached_property
    def requesters(self) -> Mapping[str, tuple[str, ...]]:
        """Name of a package in the layer → who asks for it: groups, extras, other packages in the layer."""
        choice = self.plan.choice
        found: dict[str, dict[str, None]] = {}
        roots = []
        for group in sorted(choice.groups & self.project.groups.keys()):
            for root in root_dependencies(self.project, [group], self._environment):
                if asked_for(root, choice.extras):
                    roots.append(root)
                    found.setdefault(root.name, {})[_root_label(root, group, choice.extras)] = None
        for parent, extras in sorted(reachable(roots, self.selected, self._environment).items()):
            for child in package_dependencies(self.selected[parent], extras, self._environment):
                if child.name != parent:
                    found.setdefault(child.name, {})[parent] = None
        return {name: tuple(asking) for name, asking in found.items()}

    def why_absent(self, name: str) -> str:
        """Why a package is not in the layer."""
        for excluded in self.plan.excluded:
            if excluded.name == name:
                return excluded.reason
        if name not in self.locked:
            return "not in the lock file"
        if self.lock.says_who_needs_what:
            return self._why_not_selected(self.locked[name])
        return self._why_not_needed(name)

    @cached_property
    def _environment(self) -> MarkerEnvironment:
        return MarkerEnvironment(self.plan.target.marker_environment, self.plan.choice.extras)

    def _why_not_selected(self, packages: Iterable[LockedPackage]) -> str:
        asked = self.plan.choice.groups
        groups = {group for package in packages for group in package.groups}
        if groups.isdisjoint(asked):
            return _not_asked("group", groups)
        markers = {package.markers[group] for package in packages for group in package.groups & asked}
        with_all_extras = self._environment.with_extras(self.lock.extras)
        if any(with_all_extras.holds(marker) for marker in markers):
            extras = {extra for marker in markers for extra in extras_in(marker)}
            return _not_asked("extra", extras - self.plan.choice.extras)
        return f"its marker is not true for {self.plan.target}: {' or '.join(sorted(markers))}"

    def _why_not_needed(self, name: str) -> str:
        """The same for a lock file that does not say who needs what: looked up in its graph, without markers."""
        choice = self.plan.choice
        groups = {group for group, roots in self.project.groups.items() if name in self._below(roots)}
        if groups and groups.isdisjoint(choice.groups):
            return _not_asked("group", groups)
        roots = [root for group in groups & choice.groups for root in self.project.groups[group]]
        if name not in self._below(root for root in roots if asked_for(root, choice.extras)):
            extras = {extra for root in roots if name in self._below([root]) for extra in root.in_extras}
            if extras:
                return _not_asked("extra", extras)
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


def _root_label(root: Dependency, group: str, extras: Set[str]) -> str:
    if root.optional:
        return f"extra {', '.join(sorted(root.in_extras & extras))}"
    return f"group {group}"


def _not_asked(kind: str, names: Set[str]) -> str:
    plural = "s" if len(names) > 1 else ""
    return f"only in {kind}{plural} {', '.join(sorted(names))}, not asked for"
