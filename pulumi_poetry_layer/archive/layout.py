"""Which of the parts that builders hand over are written, and in which order: pure but for comparing equal names.

Distributions may bring the same file, such as the ``__init__.py`` of a folder they share. It is kept once when it is
the same everywhere; otherwise it would be chance which one wins, and that is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, Member, Segment, Stream, content_bytes
from pulumi_poetry_layer.archive.zip_format import LOCAL_SIZE, parse_local_header
from pulumi_poetry_layer.errors import ArchiveError, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_poetry_layer.archive.members import BytesContent, FileContent


@dataclass(frozen=True)
class Layout:
    """What is written: segments without the members at these indexes, then members."""

    segments: tuple[tuple[Segment, frozenset[int]], ...]
    members: tuple[Member, ...]


@dataclass(frozen=True)
class _Claim:
    """A distribution brings a file of this name: the member at an index of a segment, or a single member (0)."""

    name: bytes
    part: Segment | Member
    index: int


def lay_out(parts: Iterable[Segment | Member]) -> Layout:
    """Order the parts and leave out what is there twice.

    Raises:
        ArchiveError: a name is unsafe, or claimed with different contents.
    """
    parts = list(parts)
    segments = sorted((part for part in parts if isinstance(part, Segment)), key=attrgetter("distribution"))
    members = sorted((part for part in parts if isinstance(part, Member)), key=attrgetter("name", "distribution"))
    raise_problems(name_problems(members))
    raise_problems(_folder_problems(segments, members))
    repeated = _repeated(segments, members) if _any_repeated(segments, members) else ()
    dropped = {(id(claim.part), claim.index) for claim in repeated}
    return Layout(
        segments=tuple(
            (segment, frozenset(index for part, index in dropped if part == id(segment))) for segment in segments
        ),
        members=tuple(member for member in members if (id(member), 0) not in dropped),
    )


def name_problems(members: Iterable[Member]) -> Iterator[ArchiveError]:
    """Names that would not land where they say, in the layer's folder."""
    for member in members:
        parts = member.name.split("/")
        if not member.name.startswith(LAYER_FOLDER) or "\\" in member.name or {"", ".", ".."} & set(parts):
            yield ArchiveError("not a safe path inside a layer", where=f"{member.distribution}: {member.name!r}")


def folders_of(names: Iterable[bytes]) -> frozenset[bytes]:
    """Every folder that files of these names lie in."""
    folders: set[bytes] = set()
    for name in names:
        folder = name.rpartition(b"/")[0]
        while folder and folder not in folders:
            folders.add(folder)
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


_EXCLUDE_HINT = "leave one of the distributions out of the layer, or lock versions that do not clash"


def _any_repeated(segments: Sequence[Segment], members: Sequence[Member]) -> bool:
    names = {member.name.encode() for member in members}.union(*(segment.names for segment in segments))
    return len(names) < len(members) + sum(len(segment.names) for segment in segments)


def _repeated(segments: Sequence[Segment], members: Sequence[Member]) -> Iterator[_Claim]:
    """Claims that an equal one precedes."""
    first: dict[bytes, _Claim] = {}
    problems = []
    for claim in _claims(segments, members):
        earlier = first.setdefault(claim.name, claim)
        if earlier is claim:
            continue
        if _content(earlier) == _content(claim):
            yield claim
        else:
            problems.append(_clash(earlier, claim))
    raise_problems(problems)


def _claims(segments: Sequence[Segment], members: Sequence[Member]) -> Iterator[_Claim]:
    for segment in segments:
        for index, name in enumerate(segment.names):
            yield _Claim(name, segment, index)
    for member in members:
        yield _Claim(member.name.encode(), member, 0)


def _clash(first: _Claim, second: _Claim) -> ArchiveError:
    return ArchiveError(
        f"both {first.part.distribution} and {second.part.distribution} bring this file, with different contents",
        where=first.name.decode(),
        hint=_EXCLUDE_HINT,
    )


def _content(claim: _Claim) -> bytes:
    return content_bytes(
        _segment_stream(claim.part, claim.index) if isinstance(claim.part, Segment) else claim.part.content
    )


def _segment_stream(segment: Segment, index: int) -> FileContent | BytesContent | Stream:
    entry = segment.entry(index)
    with segment.path.open("rb") as file:
        file.seek(entry.offset)
        header = parse_local_header(file.read(LOCAL_SIZE + len(entry.name)))
    if header is None:
        raise ArchiveError("no member where the segment's directory says", where=str(segment.path))
    return Stream(
        path=segment.path,
        offset=entry.offset + header.length,
        compressed_size=entry.compressed_size,
        size=entry.size,
        crc=entry.crc,
        method=entry.method,
    )
