"""Segment files: the members of a distribution, written once and copied into every layer that contains it.

A segment file consists of the members (local headers and content), a directory, and a footer of fixed length. The
directory consists of the members' central headers, their names, and a JSON object. The footer contains the lengths and
checksums of members and directory, so that a damaged file is recognized. A checksum is enough: someone who can change
the members could also change a cryptographic hash in the same file.
"""

from __future__ import annotations

import json
import os
import struct
from itertools import chain
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.checksums import BLOCK, crc32
from pulumi_poetry_layer.archive.layout import folders_of, name_problems
from pulumi_poetry_layer.archive.members import (
    DistributionSize,
    Segment,
    StreamReader,
    compressed,
    open_segment,
    segment_error,
)
from pulumi_poetry_layer.archive.zip_format import CENTRAL_SIZE, central_header, local_header
from pulumi_poetry_layer.errors import DamagedSegmentError, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import IO, Any

    from pulumi_poetry_layer.archive.members import Member

_MAGIC = b"layerseg"
_FOOTER = struct.Struct("<8sQLLLLL")
"""Magic number; lengths of members, central headers, names and JSON; CRC-32 of the members; CRC-32 of the directory and
of all that comes before it in the footer."""

_CHECKSUM = struct.Struct("<L")

_SEPARATOR = b"\0"  # no name contains it


def write_segment(members: Iterable[Member], file: IO[bytes], notes: Mapping[str, Any]) -> None:
    """Write the members of a distribution as a segment.

    Args:
        members: the members, all of one distribution.
        file: an empty binary file.
        notes: further information about the distribution; JSON values.

    Raises:
        ArchiveError: a member has an unsafe name, or is too large.
    """
    ordered = sorted(members, key=lambda member: member.name)
    raise_problems(name_problems(ordered))
    crc = 0
    headers, names = bytearray(), bytearray()  # not lists of bytes: a wheel can have very many members
    offset = size = unzipped_size = 0
    with StreamReader() as reader:
        for member in ordered:
            entry, blocks = compressed(member, offset, reader)
            for block in chain([local_header(entry)], blocks):
                file.write(block)
                crc = crc32(block, crc)
                offset += len(block)
            headers += central_header(entry)
            names += _SEPARATOR + entry.name if names else entry.name
            size += entry.compressed_size
            unzipped_size += entry.size
    folders = sorted(folder.decode() for folder in folders_of(member.name.encode() for member in ordered))
    document = {"notes": dict(notes), "size": size, "unzipped_size": unzipped_size, "folders": folders}
    directory: list[bytes | bytearray] = [headers, names, json.dumps(document, sort_keys=True).encode()]
    footer = _FOOTER.pack(_MAGIC, offset, *map(len, directory), crc, 0)
    for part in directory:
        file.write(part)
    file.write(footer[: -_CHECKSUM.size] + _CHECKSUM.pack(_directory_checksum(directory, footer)))


def read_segment(path: Path, distribution: str) -> Segment:
    """Read the directory of a segment file. The members are not read.

    Args:
        path: the segment file.
        distribution: normalized name of the distribution.

    Raises:
        DamagedSegmentError: the file is missing or incomplete, or its directory has changed.
        OSError: this process has too many open files or too little memory.
    """
    with open_segment(path) as file:
        try:
            members_length, lengths, crc, directory = _read_directory(path, file)
        except OSError as error:
            raise segment_error(path, error) from error
    headers_length, names_length, _ = lengths
    document = json.loads(directory[headers_length + names_length :])
    return Segment(
        distribution=distribution,
        path=path,
        length=members_length,
        crc=f"{crc:08x}",
        names=tuple(directory[headers_length : headers_length + names_length].split(_SEPARATOR)),
        headers=directory[:headers_length],
        folders=frozenset(map(str.encode, document["folders"])),
        size=DistributionSize(
            files=headers_length // CENTRAL_SIZE, size=document["size"], unzipped_size=document["unzipped_size"]
        ),
        notes=document["notes"],
    )


def _read_directory(path: Path, file: IO[bytes]) -> tuple[int, tuple[int, int, int], int, bytes]:
    """Length of the members, lengths of the three parts of the directory, CRC-32 of the members, and the directory."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(length - _FOOTER.size, 0))
    footer = file.read(_FOOTER.size)
    if len(footer) != _FOOTER.size or not footer.startswith(_MAGIC):
        raise DamagedSegmentError(path)
    _, members_length, *lengths, crc, checksum = _FOOTER.unpack(footer)
    if length != members_length + sum(lengths) + len(footer):
        raise DamagedSegmentError(path)
    file.seek(members_length)
    directory = file.read(sum(lengths))
    if len(directory) != sum(lengths) or checksum != _directory_checksum([directory], footer):
        raise DamagedSegmentError(path)
    return members_length, (lengths[0], lengths[1], lengths[2]), crc, directory


def _directory_checksum(directory: Iterable[bytes | bytearray], footer: bytes) -> int:
    """CRC-32 of the directory and of everything in the footer before this checksum."""
    crc = 0
    for part in (*directory, footer[: -_CHECKSUM.size]):
        crc = crc32(part, crc)
    return crc


class SegmentReader:
    """Reads the members of a segment from start to end.

    Args:
        segment: the segment.
        source: the segment file.
        buffer: the memory for one block.
    """

    def __init__(self, segment: Segment, source: IO[bytes], buffer: memoryview) -> None:
        self._segment = segment
        self._source = source
        self._buffer = buffer
        self._crc = 0

    def blocks(self, length: int) -> Iterator[memoryview]:
        """Yield the next ``length`` bytes in blocks. The next block overwrites the memory of the last one."""
        while length > 0:
            try:
                count = self._source.readinto(self._buffer[:length])  # type: ignore[attr-defined]
            except OSError as error:
                raise segment_error(self._segment.path, error) from error
            if not count:
                raise DamagedSegmentError(self._segment.path)
            length -= count
            block = self._buffer[:count]
            self._crc = crc32(block, self._crc)
            yield block

    def skip(self, length: int) -> None:
        """Skip bytes. They still count for the checksum."""
        for _ in self.blocks(length):
            pass

    def finish(self) -> None:
        """Compare the checksum, after all bytes have been read.

        Raises:
            DamagedSegmentError: the checksum differs.
        """
        if f"{self._crc:08x}" != self._segment.crc:
            raise DamagedSegmentError(self._segment.path)


def check_segment(segment: Segment) -> None:
    """Read a segment file completely.

    Raises:
        DamagedSegmentError: the file has changed since it was written, or cannot be read.
    """
    with open_segment(segment.path) as source:
        reader = SegmentReader(segment, source, memoryview(bytearray(BLOCK)))
        reader.skip(segment.length)
        reader.finish()
