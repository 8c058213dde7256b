"""Decides which parts are written to the archive, and in which order.

Several distributions may contain a file with the same name, for example the ``__init__.py`` of a shared folder. It is
written once if its content is the same in all of them. Otherwise it is an error.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.checksums import crc32, error
from pulumi_poetry_layer.archive.members import LAYER_FOLDER, Member, Segment, Stream, content_blocks, open_segment
from pulumi_poetry_layer.archive.zip_format import LOCAL_SIZE, parse_local_header
from pulumi_poetry_layer.errors import ArchiveError, DamagedSegmentError, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_LONGEST_PART = 255
"""NAME_MAX of Linux: the longest name of a file or folder, in bytes."""

_PATH_MAX = 4096
"""PATH_MAX of Linux: the longest path in bytes, with a null byte at its end."""

_MOUNT_POINT = "/opt/"
"""Where AWS Lambda unpacks a layer: https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html"""

_LONGEST_FOLDERS = 1 << 25  # bytes of the names of all folders of a distribution
_SHORT_NAME = 60  # characters; at most four bytes each


@dataclass(frozen=True)
class Layout:
    """The parts in the order in which they are written.

    Attributes:
        segments: each segment, with the indexes of its members that are left out.
        members: the single members, written after the segments.
    """

    segments: tuple[tuple[Segment, frozenset[int]], ...]
    members: tuple[Member, ...]


@dataclass(frozen=True)
class _File:
    """A file in one of the parts.

    Attributes:
        name: its path in the layer.
        part: the segment that contains it, or the member that it is.
        index: its index in the segment; 0 if it is a single member.
    """

    name: bytes
    part: Segment | Member
    index: int


def lay_out(parts: Iterable[Segment | Member]) -> Layout:
    """Sort the parts and leave out duplicate files.

    Args:
        parts: the segments and members, in any order.

    Raises:
        ArchiveError: the name of a file is unsafe, or two parts have the same file with different contents.
        DamagedSegmentError: a segment file with a duplicate file has changed since it was written.
    """
    parts = list(parts)
    segments = sorted((part for part in parts if isinstance(part, Segment)), key=attrgetter("distribution"))
    members = sorted((part for part in parts if isinstance(part, Member)), key=attrgetter("name", "distribution"))
    raise_problems(name_problems(members))
    raise_problems(_folder_problems(segments, members))
    duplicates = _duplicates(segments, members) if _has_duplicates(segments, members) else ()
    left_out = {(id(file.part), file.index) for file in duplicates}
    return Layout(
        segments=tuple(
            (segment, frozenset(index for part, index in left_out if part == id(segment))) for segment in segments
        ),
        members=tuple(member for member in members if (id(member), 0) not in left_out),
    )


def name_problems(members: Iterable[Member]) -> Iterator[ArchiveError]:
    """Problems with names that do not denote a file in the ``python/`` folder, or that AWS Lambda cannot unpack."""
    for member in members:
        if problem := _name_problem(member.name):
            yield ArchiveError(
                problem,
                where=f"{member.distribution}: {member.name!r}",
                hint=f"exclude {member.distribution} from the layer, or lock another version of it",
            )


def _name_problem(name: str) -> str | None:
    parts = name.split("/")
    if not name.startswith(LAYER_FOLDER) or "\\" in name or "\0" in name or {"", ".", ".."} & set(parts):
        return f"is not a safe path below {LAYER_FOLDER}"
    if len(name) > _SHORT_NAME:  # the lengths in bytes are only needed for long names
        if any(len(part.encode()) > _LONGEST_PART for part in parts):
            return f"has a part of more than {_LONGEST_PART} bytes, which AWS Lambda cannot unpack"
        if len(f"{_MOUNT_POINT}{name}".encode()) >= _PATH_MAX:
            return f"is longer than {_PATH_MAX - 1} bytes below {_MOUNT_POINT}, which AWS Lambda cannot unpack"
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
                raise ArchiveError("has too many nested folders", where=folder[:_SHORT_NAME].decode(errors="replace"))
            folder = folder.rpartition(b"/")[0]
    return frozenset(folders)


def _folder_problems(segments: Sequence[Segment], members: Sequence[Member]) -> Iterator[ArchiveError]:
    single = [member.name.encode() for member in members]
    folders = folders_of(single).union(*(segment.folders for segment in segments))
    for names in (single, *(segment.names for segment in segments)):
        for name in sorted(folders.intersection(names)):
            yield ArchiveError(
                "is a file in one distribution and a folder in another", where=name.decode(), hint=_EXCLUDE_HINT
            )


_EXCLUDE_HINT = "exclude one of the distributions from the layer, or lock versions that do not conflict"


def _has_duplicates(segments: Sequence[Segment], members: Sequence[Member]) -> bool:
    names = {member.name.encode() for member in members}.union(*(segment.names for segment in segments))
    return len(names) < len(members) + sum(len(segment.names) for segment in segments)


def _duplicates(segments: Sequence[Segment], members: Sequence[Member]) -> Iterator[_File]:
    """The files that an earlier part contains with the same content."""
    first_files: dict[bytes, _File] = {}
    problems = []
    for file in _files(segments, members):
        first = first_files.setdefault(file.name, file)
        if first is file:
            continue
        if _digest(first) == _digest(file):
            yield file
        else:
            problems.append(_conflict(first, file))
    raise_problems(problems)


def _files(segments: Sequence[Segment], members: Sequence[Member]) -> Iterator[_File]:
    for segment in segments:
        for index, name in enumerate(segment.names):
            yield _File(name, segment, index)
    for member in members:
        yield _File(member.name.encode(), member, 0)


def _conflict(first: _File, second: _File) -> ArchiveError:
    return ArchiveError(
        f"{first.part.distribution} and {second.part.distribution} both contain this file, with different contents",
        where=first.name.decode(),
        hint=_EXCLUDE_HINT,
    )


def _digest(file: _File) -> bytes:
    """SHA-256 of the uncompressed content."""
    if isinstance(file.part, Segment):
        return _segment_digest(file.part, file.index)
    digest = hashlib.sha256()
    for block in content_blocks(file.part.content):
        digest.update(block)
    return digest.digest()


def _segment_digest(segment: Segment, index: int) -> bytes:
    """SHA-256 of the uncompressed content of a member of a segment.

    Raises:
        DamagedSegmentError: the segment file has changed since it was written.
    """
    entry = segment.entry(index)
    digest, crc = hashlib.sha256(), 0
    try:
        with open_segment(segment.path) as file:
            file.seek(entry.offset)
            header = parse_local_header(file.read(LOCAL_SIZE + len(entry.name)))
        if header is None:
            raise DamagedSegmentError(segment.path)
        stream = Stream(
            path=segment.path,
            offset=entry.offset + header.length,
            compressed_size=entry.compressed_size,
            size=entry.size,
            crc=entry.crc,
            method=entry.method,
        )
        for block in content_blocks(stream):
            digest.update(block)
            crc = crc32(block, crc)
    except (OSError, ArchiveError, error) as problem:
        raise DamagedSegmentError(segment.path) from problem
    if crc != entry.crc:
        raise DamagedSegmentError(segment.path)
    return digest.digest()
