"""The expected size of a layer: from the wheel cache, and for wheels that are not in it from a lookup."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from pulumi_poetry_layer.archive.layout import Layout, lay_out
from pulumi_poetry_layer.archive.members import content_blocks
from pulumi_poetry_layer.archive.zip_format import CENTRAL_SIZE, LOCAL_SIZE, end_of_archive
from pulumi_poetry_layer.errors import ArchiveError
from pulumi_poetry_layer.size.compiled_modules import NOTHING_COMPILED, CompiledSize, estimate_for, sum_of
from pulumi_poetry_layer.size.limits import LayerSize, limit_error
from pulumi_poetry_layer.units import mebibytes
from pulumi_poetry_layer.wheels.stripped import base_key, find_stripped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pulumi_poetry_layer.archive.duplicates import Conflict
    from pulumi_poetry_layer.archive.members import Segment
    from pulumi_poetry_layer.errors import PublishError
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage
    from pulumi_poetry_layer.size.wheel_directory import WheelSizes
    from pulumi_poetry_layer.wheels.cache import CachedWheel, WheelCache

_MARGIN = 0.01
"""Relative error of an expected size: RECORD is rewritten, and a file that is in two packages is stored once."""

_NAMED = 5


class _Limits(TypedDict):
    direct_upload: bool
    max_unzipped_size: int | None


@dataclass(frozen=True, kw_only=True)
class ExpectedSize:
    """What is known about the size of a layer before it is built.

    Attributes:
        known: the sum over the packages of known size.
        unknown: packages of unknown size.
        unzipped_unknown: packages of which only the zipped size is known.
        exact: whether the zip will have exactly the size ``known``.
        at_most: whether ``known`` is an upper limit, because it is not known which files the layer leaves out.
        firm: whether the zip is at least about as large as ``known``. That is not certain if the builder compresses the
            files again, or if only the sizes of whole wheels are known: a layer leaves some of their files out.
        notes: what is wrong with the plan or, as far as the wheel cache knows, with the packages, and does not stop the
            build.
        conflicts: files that two packages contain with different contents, as far as that is known.
        segments: the wheels that the cache has.
        compiled: the part of ``known`` that compiled modules are estimated to have; 0 without bytecode, and if they are
            known exactly.
    """

    known: LayerSize
    unknown: tuple[str, ...] = ()
    unzipped_unknown: tuple[str, ...] = ()
    exact: bool = False
    firm: bool = True
    at_most: bool = False
    notes: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    segments: tuple[Segment, ...] = field(default=(), repr=False)
    compiled: CompiledSize = NOTHING_COMPILED

    def __str__(self) -> str:
        text = self._text()
        if not self.compiled.size:
            return text
        zipped, unzipped = mebibytes(self.compiled.size), mebibytes(self.compiled.unzipped_size)
        return f"{text} (bytecode is estimated: {zipped} zipped, {unzipped} unzipped)"

    def _text(self) -> str:
        if not self.known.size:
            return "size not known yet"
        zipped, unzipped = mebibytes(self.known.size), mebibytes(self.known.unzipped_size)
        if self.exact:
            return f"exactly {zipped} zipped, {unzipped} unzipped"
        if not self.unknown and not self.unzipped_unknown:
            return f"{'at most' if self.at_most else 'about'} {zipped} zipped, {unzipped} unzipped"
        if not self.known.unzipped_size:
            unzipped = "unknown"
        if self.at_most:
            return f"size of {_listed((*self.unknown, *self.unzipped_unknown))} not known yet"
        parts = f"at least {zipped} zipped, {unzipped} unzipped"
        return f"{parts}; size of {_listed((*self.unknown, *self.unzipped_unknown))} not known yet"

    def document(self) -> dict[str, Any]:
        """The size as ``plan --size --json`` prints it, in bytes; None for a size that is not known at all."""
        return {
            "size": self.known.size or None,
            "unzipped_size": self.known.unzipped_size or None,
            "packages": dict(self.known.packages),
            "exact": self.exact,
            "unknown": [*self.unknown, *self.unzipped_unknown],
        }

    def error(self, *, where: str, direct_upload: bool, max_unzipped_size: int | None = None) -> PublishError | None:
        """The error for a layer that is certain to be over a limit, None for any other."""
        if self.at_most:
            return None
        share = 1 if self.exact else 1 - _MARGIN
        certain = self._scaled(share, unsure_zip=not self.firm)
        verb = "will be" if self.exact else "will be about" if not self.unknown else "will be at least"
        limits: _Limits = {"direct_upload": direct_upload, "max_unzipped_size": max_unzipped_size}
        if limit_error(certain, where=where, **limits) is None:
            return None
        return limit_error(self.known, where=where, expected=verb, **limits)

    def warnings(self) -> list[str]:
        """What is wrong, and does not stop the build."""
        return [*self.notes, *map(str, self.conflicts)]

    def warning(self, *, where: str, direct_upload: bool, max_unzipped_size: int | None = None) -> PublishError | None:
        """The warning for a layer that may be over a limit, as far as its size is known; None for any other."""
        if self.exact:
            return None
        return limit_error(
            self._scaled(1 + _MARGIN),
            where=where,
            direct_upload=direct_upload,
            max_unzipped_size=max_unzipped_size,
            expected="may be as large as",
        )

    def _scaled(self, share: float, *, unsure_zip: bool = False) -> LayerSize:
        rough = self.compiled if share < 1 else NOTHING_COMPILED  # what is only estimated is not certain
        return LayerSize(
            size=0 if unsure_zip else int((self.known.size - rough.size) * share),
            unzipped_size=int((self.known.unzipped_size - rough.unzipped_size) * share),
            packages=self.known.packages,
        )


UNKNOWN_SIZE = ExpectedSize(known=LayerSize(size=0, unzipped_size=0, packages={}))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


class SizeLookup(Protocol):
    """Finds the sizes of wheels that are not in the wheel cache."""

    def sizes(self, packages: Sequence[PlannedPackage]) -> Mapping[str, WheelSizes]:
        """The sizes that were found, by package name. Raises nothing: a size that cannot be found is left out."""


def expect_size(plan: BuildPlan, cache: WheelCache, lookup: SizeLookup) -> ExpectedSize:
    """The size that a layer will have.

    Args:
        plan: the plan of the layer.
        cache: the wheel cache; it also has the wheels that were built from sdists and git commits.
        lookup: finds the sizes of the other wheels.
    """
    compiled = find_stripped(plan.packages, plan.strip, partial(_compiled_wheels, plan, cache))
    stripped = find_stripped(plan.packages, plan.strip, partial(_cached, cache)) | compiled
    whole = _cached(cache, plan.packages, ()) if plan.strip else {}
    found = {package.name: stripped.get(package.name, whole.get(package.name)) for package in plan.packages}
    is_at_most = bool(plan.strip) and len(stripped) < len(plan.packages)
    segments = [wheel.segment for wheel in found.values() if wheel]
    notes = (
        *plan.warnings,
        *(note for package in plan.packages if (wheel := found[package.name]) for note in wheel.warnings(package)),
    )
    is_copied = plan.builder.copies_wheels  # the other builders compress the files again
    layout = _layout(segments)
    conflicts = layout.conflicts if layout else ()
    is_complete = len(segments) == len(plan.packages) and (plan.bytecode is None or len(compiled) == len(plan.packages))
    if is_copied and layout and is_complete and not is_at_most:
        known = replace(_archive_size(layout), zipped={one.distribution: one.size.size for one in segments})
        return ExpectedSize(known=known, exact=True, notes=notes, conflicts=conflicts, segments=tuple(segments))
    looked_up = lookup.sizes([package for package in plan.packages if found[package.name] is None])
    unzipped_unknown = tuple(name for name, sizes in looked_up.items() if sizes.unzipped_size is None)
    unzipped = {segment.distribution: segment.size.unzipped_size for segment in segments}
    unzipped |= {name: sizes.unzipped_size for name, sizes in looked_up.items() if sizes.unzipped_size is not None}
    zipped = sum(map(_zipped_size, segments)) + sum(sizes.size for sizes in looked_up.values())
    rough = _estimates(plan, [one for one in segments if one.distribution not in compiled], looked_up)
    unzipped = {name: size + rough.get(name, NOTHING_COMPILED).unzipped_size for name, size in unzipped.items()}
    estimated = sum_of(rough.values())
    return ExpectedSize(
        known=LayerSize(
            size=zipped + estimated.size,
            unzipped_size=sum(unzipped.values()),
            packages=unzipped,
            zipped={one.distribution: one.size.size for one in segments}
            | {name: sizes.size for name, sizes in looked_up.items()},
        ),
        segments=tuple(segments),
        compiled=estimated,
        unknown=tuple(name for name, wheel in found.items() if wheel is None and name not in looked_up),
        unzipped_unknown=unzipped_unknown,
        firm=is_copied and not unzipped_unknown,
        at_most=is_at_most,
        notes=notes,
        conflicts=conflicts,
    )


def _estimates(
    plan: BuildPlan, segments: Iterable[Segment], looked_up: Mapping[str, WheelSizes]
) -> dict[str, CompiledSize]:
    """The size that compiled modules may add, by package name: of wheels in the cache, and of others."""
    if plan.bytecode is None:
        return {}
    others = {name: CompiledSize(one.compiled_size, one.compiled_unzipped_size) for name, one in looked_up.items()}
    return {segment.distribution: estimate_for(segment) for segment in segments} | others


def _compiled_wheels(
    plan: BuildPlan, cache: WheelCache, packages: Iterable[PlannedPackage], kinds: Collection[str]
) -> dict[str, CachedWheel]:
    """The wheels with compiled modules that the cache has, by package name; none if the builder does not use them."""
    if plan.bytecode is None or not plan.builder.copies_wheels:
        return {}
    from pulumi_poetry_layer.bytecode.compiler import find_compiler  # most layers have no bytecode
    from pulumi_poetry_layer.wheels.compiled import compiled_key

    release = find_compiler(plan.bytecode).release
    found = {p.name: cache.find(compiled_key(base_key(p, kinds), release), p.name) for p in packages}
    return {name: wheel for name, wheel in found.items() if wheel}


def _cached(cache: WheelCache, packages: Iterable[PlannedPackage], kinds: Collection[str]) -> dict[str, CachedWheel]:
    """The wheels without files of some kinds that the cache has, by package name."""
    found = {package.name: cache.find(base_key(package, kinds), package.name) for package in packages}
    return {name: wheel for name, wheel in found.items() if wheel is not None}


def _zipped_size(segment: Segment) -> int:
    """Bytes of a segment's members and of their entries in the central directory."""
    return segment.length + CENTRAL_SIZE * len(segment.names) + sum(map(len, segment.names))


def _layout(segments: Iterable[Segment]) -> Layout | None:
    """What ``archive.writer.write_archive`` will write, None if it will raise an error."""
    try:
        return lay_out(segments)
    except (ArchiveError, OSError):
        return None


def _archive_size(layout: Layout) -> LayerSize:
    """The size of what ``archive.writer.write_archive`` will write."""
    members = directory = count = 0
    packages: Counter[str] = Counter()
    for segment, dropped in layout.segments:
        left_out = [segment.entry(index) for index in dropped]
        members += segment.length - sum(_member_size(segment, index) for index in dropped)
        directory += CENTRAL_SIZE * (len(segment.names) - len(dropped)) + sum(map(len, segment.names))
        directory -= sum(len(entry.name) for entry in left_out)
        count += len(segment.names) - len(dropped)
        packages[segment.distribution] = segment.size.unzipped_size - sum(entry.size for entry in left_out)
    for member in layout.members:  # the RECORD files that conflicts change; they are not compressed
        length = sum(map(len, content_blocks(member.content)))
        name = len(member.name.encode())
        members += LOCAL_SIZE + name + length
        directory += CENTRAL_SIZE + name
        count += 1
        packages[member.distribution] += length
    size = members + directory + len(end_of_archive(count, members, directory))
    return LayerSize(size=size, unzipped_size=sum(packages.values()), packages=packages)


def _member_size(segment: Segment, index: int) -> int:
    """Bytes of a member and its local header."""
    return segment.start(index + 1) - segment.start(index)
