"""Members and ready-made segments → a deterministic layer zip.

The same content gives the same bytes on every host: one order, one fixed date, two modes, no host's name, user or
folder. The central directory is sorted by name; the members' bytes come segment by segment, then single members by
name. The archive is written under a temporary name and renamed, so a reader sees all of it or nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.checksums import crc32
from pulumi_poetry_layer.archive.file_state import state_of
from pulumi_poetry_layer.archive.layout import lay_out
from pulumi_poetry_layer.archive.members import (
    DistributionSize,
    Member,
    Segment,
    StreamReader,
    compress,
)
from pulumi_poetry_layer.archive.zip_format import (
    MAXIMUM,
    central_header,
    end_of_archive,
    local_header,
    moved,
)
from pulumi_poetry_layer.errors import ArchiveError, DamagedSegmentError
from pulumi_poetry_layer.host.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Set
    from pathlib import Path
    from typing import IO, TypeAlias

    Checksum: TypeAlias = Callable[[bytes | memoryview, int], int]


_BLOCK = 1 << 18  # stays in the processor's cache between reading, checking and writing
_MUCH = 1 << 24  # bytes


@dataclass(frozen=True, kw_only=True)
class ArchiveSummary:
    """A written archive: hex digest, bytes of the zip, unzipped bytes, and the same by distribution.

    ``whole`` are the states (:mod:`.file_state`) of the files whose segments are in it.
    """

    sha256: str
    size: int
    unzipped_size: int
    distributions: dict[str, DistributionSize]
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class KnownArchive:
    """What is known of an archive since it was last written: its hex digest, and states of files that were whole."""

    sha256: str
    whole: frozenset[str] = frozenset()


def write_archive(
    parts: Iterable[Member | Segment], output: Path, *, known: KnownArchive | None = None
) -> ArchiveSummary:
    """Write the layer zip; ``output`` is replaced at the very end, or not touched at all.

    A file that several distributions bring is kept once when it is the same in all of them.

    Args:
        parts: what is in it.
        output: the zip.
        known: what is known of the archive of these parts; finding it out takes more than half of the time.

    Raises:
        ArchiveError: two members of one name and different contents, an unsafe name, or a size beyond what the format
            can say.
        DamagedSegmentError: a segment's file is not what it was when the segment was made.
    """
    layout = lay_out(parts)
    size = sum(segment.length for segment, _ in layout.segments)
    try:
        with replacing(output) as file, StreamReader() as reader:
            _reserve(file, size)
            writer = _Writer(file, known, size)
            for segment, dropped in layout.segments:
                writer.add_segment(segment, dropped)
            for member in layout.members:
                writer.add_member(member, reader)
            return writer.finish()
    except OSError as error:
        raise ArchiveError(f"cannot be written: {error}", where=str(output)) from error


class _Writer:
    """Writes an archive front to back; segments are checked on the way, unless they are known to be whole."""

    def __init__(self, file: IO[bytes], known: KnownArchive | None, size: int) -> None:
        self._file = file
        self._size = size
        self._known = known
        self._digest = None if known else hashlib.sha256()
        self._buffer = memoryview(bytearray(_BLOCK))  # one for all blocks: fresh memory takes longer than the copying
        self._offset = 0
        self._whole: set[str] = set()
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
            state = state_of(source)
            is_whole = self._known is not None and state in self._known.whole
            reader = _SegmentReader(segment, source, self._buffer, None if is_whole else _crc32_for(self._size))
            position = 0
            for first, last in _runs(len(segment.names), dropped):
                start, end = segment.start(first), segment.start(last)
                reader.skip(start - position)
                distance = self._offset - start
                self._names += segment.names[first:last]
                self._headers += [moved(segment.header(index), distance) for index in range(first, last)]
                for block in reader.blocks(end - start):
                    self._write(block)
                position = end
            reader.skip(segment.length - position)
            reader.finish()
        if state:
            self._whole.add(state)
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
            sha256=self._known.sha256 if self._known else self._digest.hexdigest() if self._digest else "",
            size=self._offset,
            unzipped_size=sum(self._unzipped_sizes.values()),
            distributions={
                name: DistributionSize(files=files, size=self._sizes[name], unzipped_size=self._unzipped_sizes[name])
                for name, files in sorted(self._files.items())
            },
            whole=frozenset(self._whole),
        )

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        if self._digest:
            self._digest.update(data)
        self._offset += len(data)

    def _count(self, distribution: str, *, files: int, size: int, unzipped_size: int) -> None:
        self._files[distribution] += files
        self._sizes[distribution] += size
        self._unzipped_sizes[distribution] += unzipped_size


class _SegmentReader:
    """Reads a segment's members front to back.

    Args:
        segment: the segment.
        source: its file.
        buffer: where the blocks lie, one after the other.
        crc32: what takes the checksum, None when the file is known to be whole.
    """

    def __init__(self, segment: Segment, source: IO[bytes], buffer: memoryview, crc32: Checksum | None) -> None:
        self._segment = segment
        self._source = source
        self._buffer = buffer
        self._crc32 = crc32
        self._crc = 0

    def blocks(self, length: int) -> Iterator[memoryview]:
        """The next bytes; a block is gone when the next one comes."""
        while length > 0:
            count = self._source.readinto(self._buffer[:length])  # type: ignore[attr-defined]
            if not count:
                raise DamagedSegmentError(self._segment.path)
            length -= count
            block = self._buffer[:count]
            if self._crc32:
                self._crc = self._crc32(block, self._crc)
            yield block

    def skip(self, length: int) -> None:
        """Pass over bytes, which are checked like all others."""
        for _ in self.blocks(length):
            pass

    def finish(self) -> None:
        """Tell whether it was what it should be, when all has been read."""
        if self._crc32 and f"{self._crc:08x}" != self._segment.crc:
            raise DamagedSegmentError(self._segment.path)


def _crc32_for(size: int) -> Checksum:
    """What takes the checksums: for little data zlib, since importing what is faster takes longer than it saves."""
    if size < _MUCH:
        return zlib.crc32
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
