"""Members and ready-made segments → a deterministic layer zip.

The same content gives the same bytes on every host: one order, one fixed date, two modes, no host's name, user or
folder. The central directory is sorted by name; the members' bytes come segment by segment, then single members by
name. The archive is written under a temporary name and renamed, so a reader sees all of it or nothing.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections import Counter

from pulumi_poetry_layer.atomic import replacing
from pulumi_poetry_layer.digest import sha256_of_much
from pulumi_poetry_layer.errors import ArchiveError, DamagedSegmentError
from pulumi_poetry_layer.frozen import dataclass
from pulumi_poetry_layer.layout import lay_out
from pulumi_poetry_layer.members import (
    LAYER_FOLDER,
    BytesContent,
    DistributionSize,
    FileContent,
    Member,
    Segment,
    Stream,
    StreamReader,
)
from pulumi_poetry_layer.zip_format import (
    CENTRAL_SIZE,
    DEFLATED,
    EXECUTABLE,
    MAXIMUM,
    REGULAR,
    STORED,
    Entry,
    central_header,
    end_of_archive,
    local_header,
    moved,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Set
    from pathlib import Path
    from typing import IO, TypeAlias

    from pulumi_poetry_layer.layout import Layout

    Checksum: TypeAlias = Callable[[bytes | memoryview, int], int]

__all__ = [
    "DEFLATED",
    "LAYER_FOLDER",
    "STORED",
    "ArchiveSummary",
    "BytesContent",
    "DistributionSize",
    "FileContent",
    "Member",
    "Segment",
    "Stream",
    "write_archive",
]

_LEVEL = 6  # zlib's own default: level 9 saves under 1 % on Python packages and takes three times as long
_BLOCK = 1 << 18  # stays in the processor's cache between reading, checking and writing
_MUCH = 1 << 24  # bytes


@dataclass(frozen=True, kw_only=True)
class ArchiveSummary:
    """A written archive: hex digest, bytes of the zip, unzipped bytes, and the same by distribution."""

    sha256: str
    size: int
    unzipped_size: int
    distributions: dict[str, DistributionSize]


def write_archive(
    parts: Iterable[Member | Segment], output: Path, *, known_sha256: str | None = None
) -> ArchiveSummary:
    """Write the layer zip; ``output`` is replaced at the very end, or not touched at all.

    A file that several distributions bring is kept once when it is the same in all of them.

    Args:
        parts: what is in it.
        output: the zip.
        known_sha256: the digest (hex) of the archive of these parts, when it is known; half of the time goes into it.

    Raises:
        ArchiveError: two members of one name and different contents, an unsafe name, or a size beyond what the format
            can say.
        DamagedSegmentError: a segment's file is not what it was when the segment was made.
    """
    layout = lay_out(parts)
    try:
        with replacing(output) as file, StreamReader() as reader:
            _reserve(file, sum(segment.length for segment, _ in layout.segments))
            writer = _Writer(file, known_sha256, _crc32_for(layout))
            for segment, dropped in layout.segments:
                writer.add_segment(segment, dropped)
            for member in layout.members:
                writer.add_member(member, reader)
            return writer.finish()
    except OSError as error:
        raise ArchiveError(f"cannot be written: {error}", where=str(output)) from error


def compress(member: Member, offset: int, reader: StreamReader) -> tuple[Entry, bytes]:
    """A member's entry for a local header at ``offset``, and its bytes as they lie in an archive.

    Raises:
        ArchiveError: it is larger than the format can say.
    """
    method, crc, size, data = _compressed(member.content, reader)
    if max(len(data), size, offset) >= MAXIMUM:
        raise ArchiveError("over 4 GiB, far beyond what a layer can hold", where=member.name)
    attributes = EXECUTABLE if member.executable else REGULAR
    return Entry(member.name.encode(), method, crc, len(data), size, attributes, offset), data


def _compressed(content: FileContent | BytesContent | Stream, reader: StreamReader) -> tuple[int, int, int, bytes]:
    """Method, CRC-32, uncompressed size and compressed bytes."""
    if isinstance(content, Stream):
        return content.method, content.crc, content.size, reader.read(content)
    if isinstance(content, BytesContent):
        return STORED, zlib.crc32(content.data), len(content.data), content.data
    data = content.path.read_bytes()
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = compressor.compress(data) + compressor.flush()
    smaller = len(deflated) < len(data)
    return DEFLATED if smaller else STORED, zlib.crc32(data), len(data), deflated if smaller else data


class _Writer:
    """Writes an archive front to back; segments are checked on the way."""

    def __init__(self, file: IO[bytes], known_sha256: str | None, crc32: Checksum) -> None:
        self._file = file
        self._known_sha256 = known_sha256
        self._digest = None if known_sha256 else sha256_of_much()
        self._buffer = memoryview(bytearray(_BLOCK))  # one for all blocks: fresh memory takes longer than the copying
        self._crc32 = crc32
        self._offset = 0
        self._crc = 0
        self._names: list[bytes] = []
        self._headers: list[bytes] = []
        self._files: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._unzipped_sizes: Counter[str] = Counter()

    def add_segment(self, segment: Segment, dropped: Set[int]) -> None:
        """A segment without the members at the indexes in ``dropped``.

        Raises:
            DamagedSegmentError: its file is not what it was when the segment was made.
            ArchiveError: the archive is larger than the format can say.
        """
        _refuse_beyond_format(self._offset + segment.length)
        with _open(segment) as source:
            position = self._crc = 0
            for first, last in _runs(len(segment.names), dropped):
                start, end = segment.start(first), segment.start(last)
                self._copy(source, start - position, keep=False)
                headers = moved(segment.headers[first * CENTRAL_SIZE : last * CENTRAL_SIZE], self._offset - start)
                self._names += segment.names[first:last]
                self._headers += [headers[at : at + CENTRAL_SIZE] for at in range(0, len(headers), CENTRAL_SIZE)]
                self._copy(source, end - start, keep=True)
                position = end
            self._copy(source, segment.length - position, keep=False)
        if f"{self._crc:08x}" != segment.crc:
            raise DamagedSegmentError(segment.path)
        left_out = [segment.entry(index) for index in dropped]
        self._count(
            segment.distribution,
            files=segment.size.files - len(left_out),
            size=segment.size.size - sum(entry.compressed_size for entry in left_out),
            unzipped_size=segment.size.unzipped_size - sum(entry.size for entry in left_out),
        )

    def add_member(self, member: Member, reader: StreamReader) -> None:
        """A single member."""
        entry, data = compress(member, self._offset, reader)
        self._write(local_header(entry))
        self._write(data)
        self._names.append(entry.name)
        self._headers.append(central_header(entry))
        self._count(member.distribution, files=1, size=len(data), unzipped_size=entry.size)

    def finish(self) -> ArchiveSummary:
        """Write the central directory.

        Raises:
            ArchiveError: the archive is larger than the format can say.
        """
        start = self._offset
        _refuse_beyond_format(start)
        directory = sorted(zip(self._names, self._headers, strict=True))
        names, headers = zip(*directory, strict=True) if directory else ((), ())
        self._write(b"".join(map(bytes.__add__, headers, names)))
        self._write(end_of_archive(len(directory), start, self._offset - start))
        self._file.truncate(self._offset)
        return ArchiveSummary(
            sha256=self._digest.hexdigest() if self._digest else self._known_sha256 or "",
            size=self._offset,
            unzipped_size=sum(self._unzipped_sizes.values()),
            distributions={
                name: DistributionSize(files=files, size=self._sizes[name], unzipped_size=self._unzipped_sizes[name])
                for name, files in sorted(self._files.items())
            },
        )

    def _copy(self, source: IO[bytes], length: int, *, keep: bool) -> None:
        """The next bytes of a segment: all are checked, those to keep are written."""
        while length > 0:
            count = source.readinto(self._buffer[: min(length, _BLOCK)])  # type: ignore[attr-defined]
            if not count:
                return  # cut short: the checksum will tell
            length -= count
            block = self._buffer[:count]
            self._crc = self._crc32(block, self._crc)
            if keep:
                self._write(block)

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        if self._digest:
            self._digest.update(data)
        self._offset += len(data)

    def _count(self, distribution: str, *, files: int, size: int, unzipped_size: int) -> None:
        self._files[distribution] += files
        self._sizes[distribution] += size
        self._unzipped_sizes[distribution] += unzipped_size


def _crc32_for(layout: Layout) -> Checksum:
    """What takes the checksums: for little data zlib, since importing what is faster takes longer than it saves."""
    if sum(segment.length for segment, _ in layout.segments) < _MUCH:
        return zlib.crc32
    from pulumi_poetry_layer.deflate import crc32

    return crc32


def _reserve(file: IO[bytes], size: int) -> None:
    """Ask for the disk space of a file at once, where that can be had: it takes a third off the time for writing.

    Raises:
        OSError: the disk is full.
    """
    if not size or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise


def _refuse_beyond_format(size: int) -> None:
    if size >= MAXIMUM:
        raise ArchiveError("over 4 GiB, far beyond what a layer can hold")


def _open(segment: Segment) -> IO[bytes]:
    try:
        return segment.path.open("rb", buffering=0)
    except FileNotFoundError as error:
        raise DamagedSegmentError(segment.path) from error


def _runs(count: int, dropped: Set[int]) -> Iterator[tuple[int, int]]:
    """First and one past the last index of every stretch that is kept."""
    first = 0
    for index in [*sorted(dropped), count]:
        if index > first:
            yield first, index
        first = index + 1
