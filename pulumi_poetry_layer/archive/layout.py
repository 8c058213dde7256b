"""Decides which parts are written to the archive, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.duplicates import Conflict, exclude_hint, find_duplicates
from pulumi_poetry_layer.archive.members import LAYER_FOLDERS, Member, Segment
from pulumi_poetry_layer.errors import ArchiveError, raise_problems
from pulumi_poetry_layer.wording import argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


LONGEST_PART = 255
"""NAME_MAX of Linux: the longest name of a file or folder, in bytes."""

PATH_MAX = 4096
"""PATH_MAX of Linux: the longest path in bytes, with a null byte at its end."""

MOUNT_POINT = "/opt/"
"""Where AWS Lambda unpacks a layer: https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html"""

_LONGEST_FOLDERS = 1 << 25  # bytes of the names of all folders of a distribution
_SHORT_NAME = 60  # characters; at most four bytes each


@dataclass(frozen=True)
class Layout:
    """The parts in the order in which they are written.

    Attributes:
        segments: each segment, with the indexes of its members that are left out.
        members: the single members, written after the segments.
        conflicts: the files that two distributions contain with different contents.
    """

    segments: tuple[tuple[Segment, frozenset[int]], ...]
    members: tuple[Member, ...]
    conflicts: tuple[Conflict, ...] = ()


def lay_out(parts: Iterable[Segment | Member]) -> Layout:
    """Sort the parts, leave out duplicate files, and resolve conflicts (see ``duplicates``).

    Args:
        parts: the segments and members, in any order.

    Raises:
        ArchiveError: the name of a file is unsafe, or a file in one part is a folder in another.
        DamagedSegmentError: a segment file with a duplicate file has changed since it was written.
    """
    parts = list(parts)
    segments = sorted((part for part in parts if isinstance(part, Segment)), key=attrgetter("distribution"))
    members = sorted((part for part in parts if isinstance(part, Member)), key=attrgetter("name", "distribution"))
    raise_problems(name_problems(members))
    raise_problems(_folder_problems(segments, members))
    duplicates = find_duplicates(segments, members)
    left_out = duplicates.left_out
    kept = [member for member in members if (id(member), 0) not in left_out]
    return Layout(
        segments=tuple(
            (segment, frozenset(index for part, index in left_out if part == id(segment))) for segment in segments
        ),
        members=tuple(sorted([*kept, *duplicates.records], key=attrgetter("name", "distribution"))),
        conflicts=duplicates.conflicts,
    )


def name_problems(members: Iterable[Member]) -> Iterator[ArchiveError]:
    """Problems with names that do not denote a file in a folder of the layer, or that AWS Lambda cannot unpack."""
    for member in members:
        if problem := _name_problem(member.name):
            yield ArchiveError(
                problem,
                where=f"{member.distribution}: {member.name!r}",
                hint=f"leave {member.distribution} out with {argument('exclude')}, or lock another version of it",
            )


def _name_problem(name: str) -> str | None:
    parts = name.split("/")
    if not name.startswith(LAYER_FOLDERS) or "\\" in name or "\0" in name or {"", ".", ".."} & set(parts):
        return f"is not a safe path below {', '.join(LAYER_FOLDERS)}"
    if len(name) > _SHORT_NAME:  # the lengths in bytes are only needed for long names
        if any(len(part.encode()) > LONGEST_PART for part in parts):
            return f"has a part of more than {LONGEST_PART} bytes, which AWS Lambda cannot unpack"
        if len(f"{MOUNT_POINT}{name}".encode()) >= PATH_MAX:
            return f"is longer than {PATH_MAX - 1} bytes below {MOUNT_POINT}, which AWS Lambda cannot unpack"
    return None


def folders_of(names: Iterable[bytes]) -> frozenset[bytes]:
    """All folders that contain the files with these names.

    Raises:
        ArchiveError: there are so many nested folders that their names would fill the memory.
    """
    folders: set[bytes] = set()
    size = 0
    for name in names:
        folder = name.rpartition(b"/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            size += len(folder)
            if size > _LONGEST_FOLDERS:
                raise ArchiveError(
                    "has too many nested folders",
                    where=folder[:_SHORT_NAME].decode(errors="replace"),
                    hint=f"leave the distribution that has them out with {argument('exclude')}",
                )
            folder = folder.rpartition(b"/")[0]
    return frozenset(folders)


def _folder_problems(segments: Sequence[Segment], members: Sequence[Member]) -> Iterator[ArchiveError]:
    single = [member.name.encode() for member in members]
    folders = folders_of(single).union(*(segment.folders for segment in segments))
    for names in (single, *(segment.names for segment in segments)):
        for name in sorted(folders.intersection(names)):
            yield ArchiveError(
                "is a file in one distribution and a folder in another", where=name.decode(), hint=exclude_hint()
            )
