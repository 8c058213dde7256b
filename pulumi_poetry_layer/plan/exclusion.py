"""Which packages are left out of a layer, because the user excludes them or because the runtime has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from pulumi_poetry_layer.plan.dependency_graph import is_requested, package_dependencies, reachable, root_dependencies
from pulumi_poetry_layer.plan.runtime_packages import KNOWN_VERSIONS, RUNTIME_DISTRIBUTIONS, SDK_DISTRIBUTIONS
from pulumi_poetry_layer.poetry.constraints import allows
from pulumi_poetry_layer.poetry.dependencies import Dependency
from pulumi_poetry_layer.wording import argument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from pulumi_poetry_layer.plan.build_plan import Choice
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage
    from pulumi_poetry_layer.poetry.markers import MarkerEnvironment
    from pulumi_poetry_layer.poetry.pyproject import Project

_WITH_OWN_RELEASES = ("boto3", "botocore")
"""The distributions of the SDK whose versions say how new it is."""


class Exclusion:
    """The packages that a layer leaves out.

    Args:
        project: the project.
        selected: name → package, of all packages that the groups and extras ask for.
        choice: the groups, extras and exclusions that the user chose.
        environment: the markers of the target.

    Raises:
        InvalidMarker: a marker is invalid.
        InvalidConstraint: a constraint is invalid.
    """

    def __init__(
        self, project: Project, selected: Mapping[str, LockedPackage], choice: Choice, environment: MarkerEnvironment
    ) -> None:
        self._selected = selected
        self._environment = environment
        self._roots = [
            dependency
            for dependency in root_dependencies(project, choice.groups, environment)
            if is_requested(dependency, choice.extras)
        ]
        self._needed = reachable(self._roots, selected, environment)
        excluded = choice.exclude & selected.keys()
        self.reasons = dict.fromkeys(excluded, "excluded") | self._only_below(excluded)
        if choice.exclude_runtime:
            self.reasons = self._in_runtime(choice.exclude) | self.reasons

    def _only_below(self, names: Set[str]) -> dict[str, str]:
        """Name → reason, of the packages that only packages with these names need."""
        still_needed = reachable(self._roots, self._selected, self._environment, without=names)
        return {
            name: f"only needed by {', '.join(self._requesters(name, names))}"
            for name in self._needed.keys() - still_needed.keys() - names
        }

    def _in_runtime(self, excluded: Set[str]) -> dict[str, str]:
        """Name → reason, of the SDK and of what only it needs, as far as the runtime has that."""
        sdk = SDK_DISTRIBUTIONS & self._selected.keys()
        below = (
            self._needed.keys()
            - reachable(self._roots, self._selected, self._environment, without=excluded | sdk).keys()
        )
        return dict.fromkeys(sdk, "in the runtime") | {
            name: f"in the runtime, and only needed by {', '.join(self._requesters(name, sdk))}"
            for name in (below & RUNTIME_DISTRIBUTIONS) - sdk
        }

    def _requesters(self, name: str, candidates: Set[str]) -> Iterator[str]:
        for other in sorted(candidates & self._selected.keys()):
            root = Dependency(name=other, extras=self._needed.get(other, frozenset()))
            if name in reachable([root], self._selected, self._environment):
                yield other

    def warnings(self, runtime: str) -> Iterator[str]:
        """A warning if the SDK of the runtime is probably older than the locked one.

        Args:
            runtime: the Lambda runtime.
        """
        locked = {name: self._selected[name].version for name in _WITH_OWN_RELEASES if self._is_in_runtime(name)}
        known_versions = KNOWN_VERSIONS.get(runtime)
        versions = known_versions.versions if known_versions else {}
        newer = [n for n, version in locked.items() if n not in versions or Version(version) > Version(versions[n])]
        requirements = sorted(set(self._unmet(versions)))
        if not newer and not requirements:
            return
        required = f"; {', '.join(requirements)}" if requirements else ""
        known = (
            f"the last known versions of {runtime} are {_listed(versions)} "
            f"({known_versions.date}, {known_versions.source})"
            if known_versions
            else f"it is not known which version {runtime} has, and it is often older"
        )
        yield (
            f"{argument('exclude_runtime')}: the lock file has {_listed(locked)}, but {known}{required}. "
            f"If the function needs the locked version, do not use {argument('exclude_runtime')}"
        )

    def _is_in_runtime(self, name: str) -> bool:
        return self.reasons.get(name, "").startswith("in the runtime")

    def _unmet(self, versions: Mapping[str, str]) -> Iterator[str]:
        """Requirements on the SDK that the version in the runtime does not meet, as far as that is known."""
        for requester, dependency in self._edges():
            version = versions.get(dependency.name)
            is_met = dependency.constraint == "*" or (version and allows(dependency.constraint, Version(version)))
            if self._is_in_runtime(dependency.name) and not is_met:
                yield f"{requester} requires {dependency.name} {dependency.constraint}"

    def _edges(self) -> Iterator[tuple[str, Dependency]]:
        """What the project and the packages in the layer require, and who requires it."""
        for dependency in self._roots:
            yield "the project", dependency
        for name, extras in self._needed.items():
            if name not in self.reasons:
                for dependency in package_dependencies(self._selected[name], extras, self._environment):
                    yield self._selected[name].label, dependency


def _listed(versions: Mapping[str, str]) -> str:
    return " and ".join(f"{name} {version}" for name, version in versions.items())
