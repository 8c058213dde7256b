"""Segment files: the members of a distribution, written once and copied into every layer that contains it.

A segment file consists of the members (local headers and content), a directory, and a footer of fixed length. The
directory consists of the members' central headers, their names, and a JSON object. The footer contains the lengths and
checksums of members and directory, so that a damaged file is recognized. A checksum is enough: someone who can change
the members could also change a cryptographic hash in the same file.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.checksums import crc32
from pulumi_poetry_layer.archive.layout import folders_of, name_problems
from pulumi_poetry_layer.archive.members import DistributionSize, Segment, StreamReader, compress
from pulumi_poetry_layer.archive.zip_format import CENTRAL_SIZE, central_header, local_header
from pulumi_poetry_layer.errors import DamagedSegmentError, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import IO, Any

    from pulumi_poetry_layer.archive.members import Member

_MAGIC = b"layerseg"
_FOOTER = struct.Struct("<8sQLLLLL")
"""Magic number; lengths of members, central headers, names and JSON; CRC-32 of the members and of the directory."""

_SHORT = 1 << 16  # bytes; shorter members are written together with their header
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
    headers, names = [], []
    offset = size = unzipped_size = 0
    with StreamReader() as reader:
        for member in ordered:
            entry, data = compress(member, offset, reader)
            header = local_header(entry)
            # Most members are short. Joining them with their headers saves calls.
            for block in (header + data,) if len(data) < _SHORT else (header, data):
                file.write(block)
                crc = crc32(block, crc)
                offset += len(block)
            headers.append(central_header(entry))
            names.append(entry.name)
            size += entry.compressed_size
            unzipped_size += entry.size
    folders = sorted(folder.decode() for folder in folders_of(names))
    document = {"notes": dict(notes), "size": size, "unzipped_size": unzipped_size, "folders": folders}
    directory = [b"".join(headers), _SEPARATOR.join(names), json.dumps(document, sort_keys=True).encode()]
    file.write(b"".join(directory))
    file.write(_FOOTER.pack(_MAGIC, offset, *map(len, directory), crc, zlib.crc32(b"".join(directory))))


def read_segment(path: Path, distribution: str) -> tuple[Segment, dict[str, Any]]:
    """Read the directory of a segment file. The members are not read.

    Args:
        path: the segment file.
        distribution: normalized name of the distribution.

    Returns:
        The segment, and the notes that were written with it.

    Raises:
        FileNotFoundError: the file does not exist.
        DamagedSegmentError: the file is incomplete, or its directory has changed.
    """
    with path.open("rb") as file:
        file.seek(0, 2)
        length = file.tell()
        file.seek(max(length - _FOOTER.size, 0))
        footer = file.read()
        if len(footer) != _FOOTER.size or footer[: len(_MAGIC)] != _MAGIC:
            raise DamagedSegmentError(path)
        _, members_length, headers_length, names_length, json_length, crc, directory_crc = _FOOTER.unpack(footer)
        file.seek(members_length)
        directory = file.read(headers_length + names_length + json_length)
    if length != members_length + len(directory) + len(footer) or zlib.crc32(directory) != directory_crc:
        raise DamagedSegmentError(path)
    document = json.loads(directory[headers_length + names_length :])
    segment = Segment(
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
    )
    return segment, document["notes"]
