"""Writes members and segments to a deterministic layer zip.

The same content gives the same bytes on every machine: the order is fixed, all files have the same date and one of two
modes, and nothing of the machine is in the archive. The segments are written first, then the single members sorted by
name. The central directory is sorted by name. The archive is written under a temporary name and then renamed, so that
other processes never see an incomplete one.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.checksums import BLOCK
from pulumi_poetry_layer.archive.layout import lay_out
from pulumi_poetry_layer.archive.members import (
    TOO_LARGE,
    DistributionSize,
    Member,
    Segment,
    StreamReader,
    compressed,
    open_segment,
    too_large_hint,
)
from pulumi_poetry_layer.archive.segments import SegmentReader
from pulumi_poetry_layer.archive.zip_format import (
    MAXIMUM,
    central_header,
    end_of_archive,
    local_header,
    moved,
)
from pulumi_poetry_layer.errors import ArchiveError, raise_problems
from pulumi_poetry_layer.host.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Set
    from pathlib import Path
    from typing import IO

    from pulumi_poetry_layer.archive.duplicates import Conflict


@dataclass(frozen=True, kw_only=True)
class ArchiveSummary:
    """A written archive.

    Attributes:
        sha256: SHA-256 of the zip, as hexadecimal digits.
        size: size of the zip in bytes.
        unzipped_size: uncompressed size of all files in bytes.
        distributions: normalized name of a distribution → its size in the archive.
        conflicts: the files that two distributions contain with different contents.
    """

    sha256: str
    size: int
    unzipped_size: int
    distributions: dict[str, DistributionSize]
    conflicts: tuple[Conflict, ...] = ()


def write_archive(
    parts: Iterable[Member | Segment],
    output: Path,
    *,
    refuse_conflicts: bool = False,
    check: Callable[[ArchiveSummary], None] = lambda _: None,
) -> ArchiveSummary:
    """Write the layer zip. ``output`` is replaced at the end, and not changed if an error occurs.

    A file that several distributions contain is written once; see ``duplicates``.

    Args:
        parts: the content of the archive.
        output: path of the zip.
        refuse_conflicts: raise an error for files that two distributions contain with different contents.
        check: called before ``output`` is replaced; raises an error if it must not be.

    Raises:
        ArchiveError: there are conflicts and they are refused, a name is unsafe, the archive is too large for a zip
            file without zip64, or the archive cannot be written.
        DamagedSegmentError: a segment file has changed since it was written.
    """
    layout = lay_out(parts)
    if refuse_conflicts:
        raise_problems(conflict.error() for conflict in layout.conflicts)
    size = sum(segment.length for segment, _ in layout.segments)
    try:
        with replacing(output) as file, StreamReader() as reader:
            _reserve(file, size)
            writer = _Writer(file)
            for segment, dropped in layout.segments:
                writer.add_segment(segment, dropped)
            for member in layout.members:
                writer.add_member(member, reader)
            summary = replace(writer.finish(), conflicts=layout.conflicts)
            check(summary)
            return summary
    except OSError as error:
        hint = "check the permissions of the folder and the free disk space"
        raise ArchiveError(f"cannot be written: {error}", where=str(output), hint=hint) from error


class _Writer:
    """Writes an archive from start to end, and checks segments while it copies them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._buffer = memoryview(bytearray(BLOCK))  # one for all blocks, because allocating memory is slow
        self._offset = 0
        self._names: list[bytes] = []
        self._headers: list[bytes] = []
        self._files: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._unzipped_sizes: Counter[str] = Counter()

    def add_segment(self, segment: Segment, dropped: Set[int]) -> None:
        """Write a segment without the members at the indexes in ``dropped``.

        Raises:
            DamagedSegmentError: the segment file has changed since it was written.
            ArchiveError: the archive is too large for a zip file without zip64.
        """
        _refuse_beyond_format(self._offset + segment.length)
        with open_segment(segment.path) as source:
            reader = SegmentReader(segment, source, self._buffer)
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
        left_out = [segment.entry(index) for index in dropped]
        self._count(
            segment.distribution,
            files=segment.size.files - len(left_out),
            size=segment.size.size - sum(entry.compressed_size for entry in left_out),
            unzipped_size=segment.size.unzipped_size - sum(entry.size for entry in left_out),
        )

    def add_member(self, member: Member, reader: StreamReader) -> None:
        """Write a single member."""
        entry, blocks = compressed(member, self._offset, reader)
        for block in chain([local_header(entry)], blocks):
            self._write(block)
        self._names.append(entry.name)
        self._headers.append(central_header(entry))
        self._count(member.distribution, files=1, size=entry.compressed_size, unzipped_size=entry.size)

    def finish(self) -> ArchiveSummary:
        """Write the central directory.

        Raises:
            ArchiveError: the archive is too large for a zip file without zip64.
        """
        start = self._offset
        _refuse_beyond_format(start)
        directory = sorted(zip(self._names, self._headers, strict=True))
        names, headers = zip(*directory, strict=True) if directory else ((), ())
        self._write(b"".join(map(bytes.__add__, headers, names)))
        self._write(end_of_archive(len(directory), start, self._offset - start))
        self._file.truncate(self._offset)
        return ArchiveSummary(
            sha256=self._digest.hexdigest(),
            size=self._offset,
            unzipped_size=sum(self._unzipped_sizes.values()),
            distributions={
                name: DistributionSize(files=files, size=self._sizes[name], unzipped_size=self._unzipped_sizes[name])
                for name, files in sorted(self._files.items())
            },
        )

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._offset += len(data)

    def _count(self, distribution: str, *, files: int, size: int, unzipped_size: int) -> None:
        self._files[distribution] += files
        self._sizes[distribution] += size
        self._unzipped_sizes[distribution] += unzipped_size


def _reserve(file: IO[bytes], size: int) -> None:
    """Allocate the disk space of a file before writing, which makes writing faster. Does nothing if unsupported.

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
        raise ArchiveError(f"the layer {TOO_LARGE}", hint=too_large_hint())


def _runs(count: int, dropped: Set[int]) -> Iterator[tuple[int, int]]:
    """The ranges of indexes that are kept: the first index, and the one after the last."""
    first = 0
    for index in [*sorted(dropped), count]:
        if index > first:
            yield first, index
        first = index + 1
