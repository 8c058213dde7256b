"""How large a layer will be, told before it is built: from the wheel cache, else from what the index says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_poetry_layer.archive.layout import lay_out
from pulumi_poetry_layer.archive.zip_format import CENTRAL_SIZE, end_of_archive
from pulumi_poetry_layer.errors import ArchiveError
from pulumi_poetry_layer.size.limits import LayerSize, limit_error, megabytes
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_poetry_layer.archive.members import Segment
    from pulumi_poetry_layer.errors import PublishError
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage
    from pulumi_poetry_layer.size.wheel_directory import WheelSizes

_MARGIN = 0.01  # what an expected size may be off: RECORD is rewritten, and files that two packages bring are kept once
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class ExpectedSize:
    """What is known of a layer's size before it is built.

    Attributes:
        known: size of what is known of it, by package.
        unknown: packages of which nothing is known yet.
        unzipped_unknown: packages of which the zipped size is known alone.
        exact: whether the zip will have just this size.
        firm: whether the zip cannot turn out much smaller than what is known. A builder that compresses anew may make a
            smaller one, and the size of a whole wheel counts files that are left out.
    """

    known: LayerSize
    unknown: tuple[str, ...] = ()
    unzipped_unknown: tuple[str, ...] = ()
    exact: bool = False
    firm: bool = True

    def __str__(self) -> str:
        if not self.known.size:
            return "size not known yet"
        zipped, unzipped = megabytes(self.known.size), megabytes(self.known.unzipped_size)
        if self.exact:
            return f"exactly {zipped} zipped, {unzipped} unzipped"
        if not self.unknown and not self.unzipped_unknown:
            return f"about {zipped} zipped, {unzipped} unzipped"
        if not self.known.unzipped_size:
            unzipped = "unknown"
        parts = f"at least {zipped} zipped, {unzipped} unzipped"
        return f"{parts}; size of {_listed((*self.unknown, *self.unzipped_unknown))} not known yet"

    def document(self) -> dict[str, Any]:
        """As ``plan --size --json`` prints it: bytes of what is known, None where that is nothing."""
        return {
            "size": self.known.size or None,
            "unzipped_size": self.known.unzipped_size or None,
            "exact": self.exact,
            "unknown": [*self.unknown, *self.unzipped_unknown],
        }

    def error(self, *, where: str, direct_upload: bool) -> PublishError | None:
        """What is wrong with the layer when it certainly is over a limit."""
        share = 1 if self.exact else 1 - _MARGIN
        certain = self._scaled(share, unsure_zip=not self.firm)
        verb = "will be" if self.exact else "will be about" if not self.unknown else "will be at least"
        if limit_error(certain, where=where, direct_upload=direct_upload) is None:
            return None
        return limit_error(self.known, where=where, direct_upload=direct_upload, expected=verb)

    def warning(self, *, where: str, direct_upload: bool) -> PublishError | None:
        """What may be wrong with it: as far as it is known, the layer is over a limit or close to one."""
        if self.exact:
            return None
        return limit_error(
            self._scaled(1 + _MARGIN), where=where, direct_upload=direct_upload, expected="may well be as large as"
        )

    def _scaled(self, share: float, *, unsure_zip: bool = False) -> LayerSize:
        return LayerSize(
            size=0 if unsure_zip else int(self.known.size * share),
            unzipped_size=int(self.known.unzipped_size * share),
            packages=self.known.packages,
        )


UNKNOWN_SIZE = ExpectedSize(known=LayerSize(size=0, unzipped_size=0, packages={}))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


class SizeLookup(Protocol):
    """Who knows sizes of wheels that are not in the wheel cache."""

    def sizes(self, packages: Sequence[PlannedPackage]) -> Mapping[str, WheelSizes]:
        """What is known, by the packages' names; raises nothing."""


def expect_size(plan: BuildPlan, cache: WheelCache, source: SizeLookup) -> ExpectedSize:
    """How large a plan's layer will be.

    Args:
        plan: the layer.
        cache: wheels that need not be asked for; sdists and git commits that were built before are there, too.
        source: who is asked for the other wheels.
    """
    found = {package.name: cache.find(cache_key(package), package.name) for package in plan.packages}
    segments = [wheel.segment for wheel in found.values() if wheel]
    copies = plan.builder.kind == "wheels"
    if copies and len(segments) == len(plan.packages) and (size := _archive_size(segments)):
        return ExpectedSize(known=size, exact=True)
    told = source.sizes([package for package in plan.packages if found[package.name] is None])
    unsure = tuple(name for name, sizes in told.items() if sizes.unzipped_size is None)
    unzipped = {segment.distribution: segment.size.unzipped_size for segment in segments}
    unzipped |= {name: sizes.unzipped_size for name, sizes in told.items() if sizes.unzipped_size is not None}
    zipped = sum(map(_zipped_size, segments)) + sum(sizes.size for sizes in told.values())
    return ExpectedSize(
        known=LayerSize(size=zipped, unzipped_size=sum(unzipped.values()), packages=unzipped),
        unknown=tuple(name for name, wheel in found.items() if wheel is None and name not in told),
        unzipped_unknown=unsure,
        firm=copies and not unsure,
    )


def _zipped_size(segment: Segment) -> int:
    """Bytes of a segment's members and of their part of the zip's directory."""
    return segment.length + CENTRAL_SIZE * len(segment.names) + sum(map(len, segment.names))


def _archive_size(segments: Iterable[Segment]) -> LayerSize | None:
    """What :func:`pulumi_poetry_layer.archive.writer.write_archive` will write; None when it will refuse."""
    try:
        layout = lay_out(segments)
    except (ArchiveError, OSError):
        return None
    members = directory = count = 0
    packages = {}
    for segment, dropped in layout.segments:
        left_out = [segment.entry(index) for index in dropped]
        members += segment.length - sum(_member_size(segment, index) for index in dropped)
        directory += CENTRAL_SIZE * (len(segment.names) - len(dropped)) + sum(map(len, segment.names))
        directory -= sum(len(entry.name) for entry in left_out)
        count += len(segment.names) - len(dropped)
        packages[segment.distribution] = segment.size.unzipped_size - sum(entry.size for entry in left_out)
    size = members + directory + len(end_of_archive(count, members, directory))
    return LayerSize(size=size, unzipped_size=sum(packages.values()), packages=packages)


def _member_size(segment: Segment, index: int) -> int:
    """Bytes of a member with its local header."""
    return segment.start(index + 1) - segment.start(index)
