"""What a layer consists of, as planning says and builders read it. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import SelectionError
from pulumi_poetry_layer.masking import mask_urls
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource

FORMAT_VERSION = 1
"""Raised whenever the same plan would give other bytes than the release before."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the user asks for, with normalized names.

    Attributes:
        groups: Poetry dependency groups.
        extras: extras of the project.
        exclude: distributions to leave out, with what only they need.
    """

    groups: frozenset[str] = frozenset({MAIN_GROUP})
    extras: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()

    @classmethod
    def of(cls, groups: Iterable[str], extras: Iterable[str] = (), exclude: Iterable[str] = ()) -> Choice:
        """A choice from names as users spell them."""
        return cls(
            groups=frozenset(map(normalized, groups)),
            extras=frozenset(map(normalized, extras)),
            exclude=frozenset(map(normalized, exclude)),
        )


@dataclass(frozen=True, kw_only=True)
class BuilderIdentity:
    """What of a builder decides the layer's bytes: its kind and its own pins (such as an image)."""

    kind: str
    pins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PlannedPackage:
    """A package of the layer.

    Attributes:
        name: normalized name.
        version: the locked version.
        file: the chosen locked file, None for a git dependency and a folder.
        source: where it comes from when that is not PyPI.
        is_native: whether wheels are locked for it and all of them are for one platform or another.
        digest: of a path dependency, the sha256 (hex) of its content.
    """

    name: str
    version: str
    file: LockedFile | None
    source: LockedSource | None
    is_native: bool = False
    digest: str | None = None

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}"

    @property
    def readable_version(self) -> str:
        """The version as a preview shows it: with commit or content where the version alone says too little."""
        if self.source and self.source.type == "git":
            # Masked: this goes into the stack's state.
            return mask_urls(f"{self.version} ({self.source.url}@{(self.source.resolved_reference or '')[:12]})")
        if self.source and self.digest:
            return f"{self.version} ({self.source.type}@{self.digest[:12]})"
        return self.version


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """A package that would be in the layer but is left out, and why."""

    name: str
    version: str
    reason: str

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, kw_only=True)
class BuildPlan:
    """Everything that decides a layer.

    Attributes:
        target: the Lambda it is for.
        builder: what of the builder decides the bytes.
        choice: the groups, extras and exclusions asked for.
        packages: what lands in the layer, sorted by name.
        excluded: what was left out on request.
    """

    target: Target
    builder: BuilderIdentity
    choice: Choice
    packages: tuple[PlannedPackage, ...]
    excluded: tuple[Excluded, ...]

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) over exactly what decides the layer's bytes: no path, user, clock, secret or lock text."""
        canonical = json.dumps(
            {
                "format": FORMAT_VERSION,
                "target": {"runtime": self.target.runtime, "architecture": self.target.architecture},
                "builder": {"kind": self.builder.kind, "pins": dict(self.builder.pins)},
                "packages": sorted((_identity(package) for package in self.packages), key=lambda p: str(p["name"])),
            },
            sort_keys=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(canonical.encode()).hexdigest()


def refuse_empty(plan: BuildPlan) -> None:
    """Refuse a plan without packages: AWS takes no empty zip for a layer.

    Raises:
        SelectionError: nothing is planned.
    """
    if not plan.packages:
        groups = ", ".join(sorted(plan.choice.groups))
        raise SelectionError(
            f"nothing would land in the layer: the groups asked for ({groups}) hold no package for {plan.target}",
            where="groups",
            hint="choose other groups or extras",
        )


def _identity(package: PlannedPackage) -> dict[str, Any]:
    identity: dict[str, Any] = {"name": package.name, "version": package.version}
    if package.digest:
        return {**identity, "content": package.digest}
    if package.file:
        return {**identity, "hash": package.file.hash}
    source = package.source
    return {**identity, "commit": source and source.resolved_reference, "subdirectory": source and source.subdirectory}
