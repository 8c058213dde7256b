"""Compares two layers and the lock files that they were planned from. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.compare.changes import describe_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.compare.reasons import PlannedProject
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage


@dataclass(frozen=True, kw_only=True)
class LayerChange:
    """A package that changes in the layer.

    Attributes:
        name: normalized name.
        change: ``added``, ``removed``, ``version`` or ``file`` (a different file, commit or content, same version).
        old: the readable version before; None if it was added.
        new: the readable version after; None if it was removed.
        old_file: name of the locked file before, if any.
        new_file: name of the locked file after, if any.
        requested_by: the groups, extras and packages that request it, or did before it was removed.
        reason: why it was added or removed; None for other changes.
    """

    name: str
    change: str
    old: str | None
    new: str | None
    old_file: str | None
    new_file: str | None
    requested_by: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class LockChange:
    """A package that changed in the lock file without changing the layer.

    Attributes:
        name: normalized name.
        change: ``added``, ``removed``, ``version`` or ``details``.
        old: the locked versions before.
        new: the locked versions after.
        reason: why the layer does not change.
    """

    name: str
    change: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The differences between two layers and between their lock files.

    Attributes:
        old: the plan of the layer before.
        new: the plan of the layer after.
        layer: the packages that change in the layer.
        lock: the packages that changed only in the lock file.
    """

    old: BuildPlan
    new: BuildPlan
    layer: tuple[LayerChange, ...]
    lock: tuple[LockChange, ...]

    @property
    def summary(self) -> str:
        """The changes of the layer in one line."""
        changes = describe_changes(*({"fingerprint": p.fingerprint, "packages": _readable(p)} for p in self._plans))
        return changes or "the layer does not change"

    def document(self) -> dict[str, Any]:
        """The comparison as ``plan --compare --json`` prints it. Keys and types are a stable interface."""
        return {
            "changed": self.old.fingerprint != self.new.fingerprint,
            "fingerprint": {"old": self.old.fingerprint, "new": self.new.fingerprint},
            "summary": self.summary,
            "layer": [asdict(change) for change in self.layer],
            "lock": [asdict(change) for change in self.lock],
        }

    def lines(self) -> Iterator[str]:
        """The comparison as ``plan --compare`` prints it."""
        yield self.summary
        for change in self.layer:
            yield f"  {_layer_line(change)}"
        if self.lock:
            yield "changed in the lock file without changing the layer:"
        for other in self.lock:
            yield f"  {_lock_line(other)}: {other.reason}"
        if self.old.fingerprint == self.new.fingerprint:
            yield f"fingerprint {self.new.fingerprint}"
        else:
            yield f"fingerprint {self.old.fingerprint} → {self.new.fingerprint}"

    @property
    def _plans(self) -> tuple[BuildPlan, BuildPlan]:
        return self.old, self.new


def compare(old: PlannedProject, new: PlannedProject) -> Comparison:
    """Compare two layers that were planned for the same target and choice."""
    before, after = ({package.name: package for package in side.plan.packages} for side in (old, new))
    layer = [
        _layer_change(old, new, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) is None or after.get(name) is None or _content(before[name]) != _content(after[name])
    ]
    touched = {change.name for change in layer}
    lock = [
        _lock_change(old, new, name)
        for name in sorted((old.locked.keys() | new.locked.keys()) - touched)
        if set(_comparable(old.locked.get(name, ()))) != set(_comparable(new.locked.get(name, ())))
    ]
    return Comparison(old=old.plan, new=new.plan, layer=tuple(layer), lock=tuple(lock))


def _readable(plan: BuildPlan) -> dict[str, str]:
    return {package.name: package.readable_version for package in plan.packages}


def _content(package: PlannedPackage) -> tuple[object, ...]:
    commit = package.source.resolved_reference if package.source and not package.file else None
    return package.version, package.file and package.file.hash, package.digest, commit


def _comparable(packages: Iterable[LockedPackage]) -> Iterator[str]:
    """Each locked package as text, because its dicts cannot be in a set."""
    for package in packages:
        yield repr((package.version, sorted(package.groups), sorted(package.markers.items()), _details(package)))


def _details(package: LockedPackage) -> tuple[object, ...]:
    files = sorted((file.name, file.hash) for file in package.files)
    return files, package.dependencies, package.source, package.python, package.extras, package.develop


def _layer_change(
    old: PlannedProject, new: PlannedProject, before: PlannedPackage | None, after: PlannedPackage | None
) -> LayerChange:
    package = after or before
    if package is None:
        raise ValueError("a changed package is in at least one of the two plans")
    name = package.name
    reason = None
    if before is None:
        reason = f"before: {old.why_absent(name)}"
    elif after is None:
        reason = f"now: {new.why_absent(name)}"
    return LayerChange(
        name=name,
        change=_kind(before, after),
        old=before.readable_version if before else None,
        new=after.readable_version if after else None,
        old_file=before.file.name if before and before.file else None,
        new_file=after.file.name if after and after.file else None,
        requested_by=(new if after else old).requesters.get(name, ()),
        reason=reason,
    )


def _kind(before: PlannedPackage | None, after: PlannedPackage | None) -> str:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "file" if before.version == after.version else "version"


def _lock_change(old: PlannedProject, new: PlannedProject, name: str) -> LockChange:
    before, after = old.locked.get(name, ()), new.locked.get(name, ())
    versions = [tuple(dict.fromkeys(package.version for package in packages)) for packages in (before, after)]
    if name in new.selected:
        reason = _reason_for_same_package(old.selected[name], new.selected[name], str(new.plan.target))
    else:
        reason = (new if after else old).why_absent(name)
    kind = "added" if not before else "removed" if not after else "version" if versions[0] != versions[1] else "details"
    return LockChange(name=name, change=kind, old=versions[0], new=versions[1], reason=reason)


def _reason_for_same_package(old: LockedPackage, new: LockedPackage, target: str) -> str:
    """Why a package does not change in the layer although it changed in the lock file."""
    if old.files != new.files:
        return f"only files that are not used for {target}"
    if (old.groups, old.markers) != (new.groups, new.markers):
        return "only its groups or markers"
    if old == new:
        return f"only a version of it that is not used for {target}"
    return "only its dependencies, metadata or source"


def _layer_line(change: LayerChange) -> str:
    files = f", {change.old_file} → {change.new_file}" if change.old_file != change.new_file else ""
    line = {
        "added": f"+ {change.name} {change.new}",
        "removed": f"- {change.name} {change.old}",
        "version": f"{change.name} {change.old} → {change.new}",
        "file": f"{change.name} {change.new}: different content{files or ', same file name'}",
    }[change.change]
    requested = f" (requested by {', '.join(change.requested_by)})" if change.requested_by else ""
    return f"{line}{requested}{f'; {change.reason}' if change.reason else ''}"


def _lock_line(change: LockChange) -> str:
    old, new = ", ".join(change.old), ", ".join(change.new)
    if change.change == "added":
        return f"+ {change.name} {new}"
    if change.change == "removed":
        return f"- {change.name} {old}"
    return f"{change.name} {new}" if old == new else f"{change.name} {old} → {new}"
