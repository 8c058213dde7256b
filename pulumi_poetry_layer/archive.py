"""Members → a deterministic layer zip.

The same members give the same bytes on every host: sorted by name, one fixed date, two modes, no host's name, user or
folder. The archive is written under a temporary name and renamed, so a reader sees all of it or nothing.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, TYPE_CHECKING

from pulumi_poetry_layer.atomic import replacing
from pulumi_poetry_layer.errors import ArchiveError, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

LAYER_FOLDER = "python/"
"""Where the Python runtimes look for a layer's packages; the layer is mounted at /opt.

https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""

STORED, DEFLATED = 0, 8
"""Compression methods that Lambda unpacks (APPNOTE 4.4.5)."""

_DATE, _TIME = (1 << 5) | 1, 0  # 1980-01-01 00:00, the earliest date a zip can carry (APPNOTE 4.4.6)
_UNIX = 3 << 8  # made by Unix, so that modes are honoured (APPNOTE 4.4.2)
_REGULAR, _EXECUTABLE = 0o100644 << 16, 0o100755 << 16
_UTF8 = 1 << 11  # the name is UTF-8 (APPNOTE 4.4.4)
_MAXIMUM = 0xFFFFFFFF
_LEVEL = 6  # zlib's own default: level 9 saves under 1 % on Python packages and takes three times as long

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_END64_LOCATOR = struct.Struct("<4sLQL")


@dataclass(frozen=True)
class FileContent:
    """A member's bytes are those of a file."""

    path: Path


@dataclass(frozen=True)
class BytesContent:
    """A member's bytes, stored uncompressed so that they do not depend on a zlib release."""

    data: bytes


@dataclass(frozen=True)
class Stream:
    """A member's bytes lie, already compressed, in another file.

    Attributes:
        path: the file that holds the stream.
        offset: where the stream starts, in bytes.
        compressed_size: length of the stream in bytes.
        size: uncompressed length in bytes.
        crc: CRC-32 of the uncompressed bytes.
        method: ``STORED`` or ``DEFLATED``.
    """

    path: Path
    offset: int
    compressed_size: int
    size: int
    crc: int
    method: int


@dataclass(frozen=True)
class Member:
    """A file of the layer.

    Attributes:
        name: path inside the layer, with forward slashes, such as ``python/requests/__init__.py``.
        distribution: normalised name of the distribution it belongs to.
        content: where its bytes are.
        executable: whether the file may be executed.
    """

    name: str
    distribution: str
    content: FileContent | BytesContent | Stream
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class DistributionSize:
    """What one distribution takes in the layer: number of files, bytes in the zip and unzipped bytes."""

    files: int
    size: int
    unzipped_size: int


@dataclass(frozen=True, kw_only=True)
class ArchiveSummary:
    """A written archive: hex digest, bytes of the zip, unzipped bytes, and the same by distribution."""

    sha256: str
    size: int
    unzipped_size: int
    distributions: dict[str, DistributionSize]


@dataclass(frozen=True)
class _Entry:
    name: bytes
    method: int
    crc: int
    compressed_size: int
    size: int
    attributes: int
    offset: int


def write_archive(members: Iterable[Member], output: Path) -> ArchiveSummary:
    """Write the layer zip; ``output`` is replaced at the very end, or not touched at all.

    Raises:
        ArchiveError: two members of one name, an unsafe name, or a size beyond what the format can say.
    """
    ordered = sorted(members, key=lambda member: member.name)
    raise_problems(_name_problems(ordered))
    with replacing(output) as file:
        writer = _Writer(file)
        for member in ordered:
            writer.add(member)
        return writer.finish()


class _Writer:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self._offset = 0
        self._entries: list[_Entry] = []
        self._files: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._unzipped_sizes: Counter[str] = Counter()

    def add(self, member: Member) -> None:
        method, crc, size, data = _compressed(member.content)
        entry = _Entry(
            name=member.name.encode(),
            method=method,
            crc=crc,
            compressed_size=len(data),
            size=size,
            attributes=_EXECUTABLE if member.executable else _REGULAR,
            offset=self._offset,
        )
        if max(entry.compressed_size, entry.size, entry.offset) >= _MAXIMUM:
            raise ArchiveError("over 4 GiB, far beyond what a layer can hold", where=member.name)
        self._write(_local_header(entry))
        self._write(data)
        self._entries.append(entry)
        self._files[member.distribution] += 1
        self._sizes[member.distribution] += len(data)
        self._unzipped_sizes[member.distribution] += size

    def finish(self) -> ArchiveSummary:
        start = self._offset
        self._write(b"".join(map(_central_header, self._entries)))
        self._write(_end_of_archive(len(self._entries), start, self._offset - start))
        return ArchiveSummary(
            sha256=self._sha256.hexdigest(),
            size=self._offset,
            unzipped_size=sum(self._unzipped_sizes.values()),
            distributions={
                name: DistributionSize(files=files, size=self._sizes[name], unzipped_size=self._unzipped_sizes[name])
                for name, files in sorted(self._files.items())
            },
        )

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._sha256.update(data)
        self._offset += len(data)


def _compressed(content: FileContent | BytesContent | Stream) -> tuple[int, int, int, bytes]:
    """Method, CRC-32, uncompressed size and compressed bytes."""
    if isinstance(content, Stream):
        with content.path.open("rb") as file:
            file.seek(content.offset)
            return content.method, content.crc, content.size, file.read(content.compressed_size)
    if isinstance(content, BytesContent):
        return STORED, zlib.crc32(content.data), len(content.data), content.data
    data = content.path.read_bytes()
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = compressor.compress(data) + compressor.flush()
    smaller = len(deflated) < len(data)
    return DEFLATED if smaller else STORED, zlib.crc32(data), len(data), deflated if smaller else data


def _name_problems(members: Sequence[Member]) -> Iterator[ArchiveError]:
    for member in members:
        parts = member.name.split("/")
        if not member.name.startswith(LAYER_FOLDER) or "\\" in member.name or {"", ".", ".."} & set(parts):
            yield ArchiveError("not a safe path inside a layer", where=f"{member.distribution}: {member.name!r}")
    for first, second in pairwise(members):
        if first.name == second.name:
            yield ArchiveError(f"both {first.distribution} and {second.distribution} bring this file", where=first.name)


def _local_header(entry: _Entry) -> bytes:
    return (
        _LOCAL.pack(
            b"PK\x03\x04", 20, _flags(entry), entry.method, _TIME, _DATE, entry.crc, entry.compressed_size, entry.size,
            len(entry.name), 0,
        )
        + entry.name
    )  # fmt: skip


def _central_header(entry: _Entry) -> bytes:
    return (
        _CENTRAL.pack(
            b"PK\x01\x02", _UNIX | 20, 20, _flags(entry), entry.method, _TIME, _DATE, entry.crc, entry.compressed_size,
            entry.size, len(entry.name), 0, 0, 0, 0, entry.attributes, entry.offset,
        )
        + entry.name
    )  # fmt: skip


def _flags(entry: _Entry) -> int:
    return 0 if entry.name.isascii() else _UTF8


def _end_of_archive(count: int, start: int, length: int) -> bytes:
    """The end record; preceded by its zip64 form when the archive has more members than 16 bits can count."""
    end64 = b""
    if count >= 0xFFFF:
        end64 = _END64.pack(
            b"PK\x06\x06", _END64.size - 12, _UNIX | 45, 45, 0, 0, count, count, length, start
        ) + _END64_LOCATOR.pack(b"PK\x06\x07", 0, start + length, 1)
    short = min(count, 0xFFFF)
    return end64 + _END.pack(b"PK\x05\x06", 0, 0, short, short, length, start, 0)
