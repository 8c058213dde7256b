"""Segments as files: a distribution's members, written once and copied into every layer that holds it.

A file is the members (local headers and bytes), then the directory, then a footer of fixed length. The directory is
the members' central headers and names, and a JSON object that says what is in the file. The footer holds the lengths
and checksums of both, so that a damaged file is noticed. (A checksum is enough: whoever could forge the members could
forge a digest beside them.)
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
"""Magic, lengths of members, central headers, names and JSON, CRC-32 of the members and of the directory."""

_SHORT = 1 << 16  # bytes
_SEPARATOR = b"\0"  # no name contains it


def write_segment(members: Iterable[Member], file: IO[bytes], notes: Mapping[str, Any]) -> None:
    """Write a distribution's members as a segment.

    Args:
        members: the members, all of one distribution.
        file: an empty binary file.
        notes: what else to keep about the distribution; JSON values.

    Raises:
        ArchiveError: an unsafe name, or a member that is too large.
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
            # Most members are short, and joined they take half of the calls.
            for block in (header + data,) if len(data) < _SHORT else (header, data):
                file.write(block)
                crc = crc32(block, crc)
                offset += len(block)
            headers.append(central_header(entry))
            names.append(entry.name)
            size += entry.compressed_size
            unzipped_size += entry.size
    folders = sorted(folder.decode() for folder in folders_of(names))
    told = {"notes": dict(notes), "size": size, "unzipped_size": unzipped_size, "folders": folders}
    directory = [b"".join(headers), _SEPARATOR.join(names), json.dumps(told, sort_keys=True).encode()]
    file.write(b"".join(directory))
    file.write(_FOOTER.pack(_MAGIC, offset, *map(len, directory), crc, zlib.crc32(b"".join(directory))))


def read_segment(path: Path, distribution: str) -> tuple[Segment, dict[str, Any]]:
    """The segment in a file, and the notes kept with it; the members themselves are not read.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedSegmentError: it is not a whole segment.
    """
    with path.open("rb") as file:
        file.seek(0, 2)
        length = file.tell()
        file.seek(max(length - _FOOTER.size, 0))
        footer = file.read()
        if len(footer) != _FOOTER.size or footer[: len(_MAGIC)] != _MAGIC:
            raise DamagedSegmentError(path)
        _, members, headers, names, told, crc, checksum = _FOOTER.unpack(footer)
        file.seek(members)
        directory = file.read(headers + names + told)
    if length != members + len(directory) + len(footer) or zlib.crc32(directory) != checksum:
        raise DamagedSegmentError(path)
    document = json.loads(directory[headers + names :])
    split_names = tuple(directory[headers : headers + names].split(_SEPARATOR))
    segment = Segment(
        distribution=distribution,
        path=path,
        length=members,
        crc=f"{crc:08x}",
        names=split_names,
        headers=directory[:headers],
        folders=frozenset(map(str.encode, document["folders"])),
        size=DistributionSize(
            files=headers // CENTRAL_SIZE, size=document["size"], unzipped_size=document["unzipped_size"]
        ),
    )
    return segment, document["notes"]
