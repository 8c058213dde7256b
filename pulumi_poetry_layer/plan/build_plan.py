"""The plan of a layer: its packages with their files, and its fingerprint. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import SelectionError
from pulumi_poetry_layer.masking import mask_address
from pulumi_poetry_layer.names import is_universal_wheel, is_wheel, normalized
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.printable import printable_line
from pulumi_poetry_layer.wording import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource

FORMAT_VERSION = 1
"""Part of the fingerprint. Raise it if a release writes different bytes for the same plan."""

STRIP_RULES = 1
"""Part of the fingerprint of layers that leave files out. Raise it if a release leaves out other files."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The groups, extras and exclusions that the user chose, with normalized names.

    Attributes:
        groups: Poetry dependency groups.
        extras: extras of the project.
        exclude: distributions to leave out, together with what only they need.
        exclude_runtime: whether to leave out the AWS SDK, and what only it needs and the runtime has, too.
    """

    groups: frozenset[str] = frozenset({MAIN_GROUP})
    extras: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    exclude_runtime: bool = False

    @classmethod
    def of(
        cls,
        groups: Iterable[str],
        extras: Iterable[str] = (),
        exclude: Iterable[str] = (),
        *,
        exclude_runtime: bool = False,
    ) -> Choice:
        """A choice from names that are not normalized."""
        return cls(
            groups=frozenset(map(normalized, groups)),
            extras=frozenset(map(normalized, extras)),
            exclude=frozenset(map(normalized, exclude)),
            exclude_runtime=exclude_runtime,
        )


@dataclass(frozen=True, kw_only=True)
class BuilderIdentity:
    """The parts of a builder that decide the bytes of the layer: its kind and its pins, such as an image."""

    kind: str
    pins: Mapping[str, str] = field(default_factory=dict)

    @property
    def copies_wheels(self) -> bool:
        """Whether it copies the files of the wheels, compressed as they are, instead of installing the packages."""
        return self.kind == "wheels"


@dataclass(frozen=True, kw_only=True)
class PlannedPackage:
    """A package of the layer.

    Attributes:
        name: normalized name.
        version: the locked version.
        file: the locked file for the target; None for a git dependency or a folder.
        source: where it comes from; None if from PyPI.
        is_native: whether it has locked wheels and all of them are for a specific platform.
        digest: sha256 (hex) of the content of a path dependency; None for others.
        build_constraints: what limits its build requirements, such as ``setuptools <80``; empty for a wheel.
    """

    name: str
    version: str
    file: LockedFile | None
    source: LockedSource | None
    is_native: bool = False
    digest: str | None = None
    build_constraints: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}"

    @property
    def kind(self) -> str:
        """What it is made from: ``universal`` or ``native`` (a wheel), ``sdist``, ``git`` or ``path``."""
        if self.digest:
            return "path"
        if self.file is None:
            return "git"
        if not is_wheel(self.file.name):
            return "sdist"
        return "universal" if is_universal_wheel(self.file.name) else "native"

    @property
    def origin(self) -> str:
        """Where it comes from: ``PyPI``, the name of a source, or an address with its commit or digest, no login."""
        if self.source is None:
            return "PyPI"
        if self.source.type == "legacy":
            return self.source.reference or mask_address(self.source.url)
        address = mask_address(self.source.url)
        if self.source.type == "git":
            return f"{address}@{(self.source.resolved_reference or '')[:12]}"
        return f"{address}@{self.digest[:12]}" if self.digest else address

    @property
    def readable_version(self) -> str:
        """The version as a preview shows it, with the commit or content digest if the version may stay the same."""
        if self.source and self.source.type == "git":
            # Masked, because this text is stored in the state of the stack.
            address = printable_line(mask_address(self.source.url))
            return f"{self.version} ({address}@{(self.source.resolved_reference or '')[:12]})"
        if self.source and self.digest:
            return f"{self.version} ({self.source.type}@{self.digest[:12]})"
        return self.version


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """A package that is left out of the layer because of ``exclude`` or ``exclude_runtime``, and the reason."""

    name: str
    version: str
    reason: str

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, kw_only=True)
class BuildPlan:
    """Everything that decides what is in a layer.

    Attributes:
        target: the runtime and architecture of the layer.
        builder: the parts of the builder that decide the bytes.
        choice: the groups, extras and exclusions that the user chose.
        packages: the packages of the layer, sorted by name.
        excluded: the packages that are left out because of ``exclude`` or ``exclude_runtime``.
        warnings: what is wrong with the input, and does not stop the build; not part of the fingerprint.
        bytecode: the Python that compiles the modules: a version such as ``3.13``, or a release such as ``3.13.2``;
            None for a layer without compiled modules.
        strip: the kinds of files that are left out if the packages do not need them, sorted.
    """

    target: Target
    builder: BuilderIdentity
    choice: Choice
    packages: tuple[PlannedPackage, ...]
    excluded: tuple[Excluded, ...]
    warnings: tuple[str, ...] = ()
    bytecode: str | None = None
    strip: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) of what decides the bytes of the layer; no path, user, time, secret or lock file text."""
        canonical = json.dumps(
            {
                "format": FORMAT_VERSION,
                "target": {"runtime": self.target.runtime, "architecture": self.target.architecture},
                "builder": {"kind": self.builder.kind, "pins": dict(self.builder.pins)},
                "packages": sorted((_identity(package) for package in self.packages), key=lambda p: str(p["name"])),
                **({"bytecode": self.bytecode} if self.bytecode else {}),
                **({"strip": {"kinds": self.strip, "rules": STRIP_RULES}} if self.strip else {}),
            },
            sort_keys=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(canonical.encode()).hexdigest()


def refuse_empty(plan: BuildPlan) -> None:
    """Refuse a plan without packages. AWS does not accept an empty zip for a layer.

    Raises:
        SelectionError: the plan has no packages.
    """
    if not plan.packages:
        groups = ", ".join(sorted(plan.choice.groups))
        raise SelectionError(
            f"the layer would be empty: no package of the groups ({groups}) is for {plan.target}",
            where=place("groups"),
            hint="choose other groups or extras",
        )


def _identity(package: PlannedPackage) -> dict[str, Any]:
    identity: dict[str, Any] = {"name": package.name, "version": package.version}
    if package.build_constraints:
        identity["build-constraints"] = package.build_constraints
    if package.digest:
        return {**identity, "content": package.digest}
    if package.file:
        return {**identity, "hash": package.file.hash}
    source = package.source
    return {**identity, "commit": source and source.resolved_reference, "subdirectory": source and source.subdirectory}
