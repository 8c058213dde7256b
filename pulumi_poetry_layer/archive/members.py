"""The parts of a layer archive: members (single files) and segments (all files of a distribution)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.zip_format import (
    CENTRAL_SIZE,
    DEFLATED,
    EXECUTABLE,
    MAXIMUM,
    REGULAR,
    STORED,
    Entry,
    parse_central_header,
)
from pulumi_poetry_layer.errors import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

TOO_LARGE = "is larger than 4 GiB, but AWS Lambda allows 250 MiB for a function and its layers"
TOO_LARGE_HINT = "exclude packages from the layer"

_LEVEL = 6  # zlib's default; higher levels take much longer and hardly make Python packages smaller

LAYER_FOLDER = "python/"
"""The folder of a layer in which the Python runtimes look for packages. The layer is mounted at /opt.

https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""


@dataclass(frozen=True)
class FileContent:
    """The content of a member is in a file, uncompressed. The writer compresses it."""

    path: Path


@dataclass(frozen=True)
class BytesContent:
    """The content of a member is in memory. It is stored uncompressed, so that it does not depend on a zlib release."""

    data: bytes


@dataclass(frozen=True)
class Stream:
    """The content of a member is a part of a file, such as a wheel, and may be compressed already.

    Attributes:
        path: the file that contains the stream.
        offset: position of the stream in the file, in bytes.
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
        distribution: normalized name of the distribution that contains the file.
        content: the content of the file, or where it is.
        executable: whether the file is executable.
    """

    name: str
    distribution: str
    content: FileContent | BytesContent | Stream
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class DistributionSize:
    """The size of one distribution in the layer.

    Attributes:
        files: number of files.
        size: compressed size of the files in bytes, without zip headers.
        unzipped_size: uncompressed size of the files in bytes.
    """

    files: int
    size: int
    unzipped_size: int


@dataclass(frozen=True, kw_only=True)
class Segment:
    """All members of one distribution in a file, each with its local header, as they are in a zip.

    The writer concatenates segments. It compresses nothing, and only changes the offsets in the central headers.

    Attributes:
        distribution: normalized name of the distribution.
        path: the file, which starts with the members.
        length: length of all members with their local headers, in bytes.
        crc: CRC-32 of these bytes as hexadecimal digits, checked when they are copied.
        names: encoded names of the members, sorted, in the order of the file.
        headers: central headers of the members without names, with offsets from the start of the file.
        folders: all folders that contain a member.
        size: the size of the distribution in the layer.
    """

    distribution: str
    path: Path
    length: int
    crc: str
    names: tuple[bytes, ...]
    headers: bytes
    folders: frozenset[bytes]
    size: DistributionSize

    def start(self, index: int) -> int:
        """Position of a member's local header in bytes; for the index after the last member, the segment's length."""
        return self.length if index == len(self.names) else self.entry(index).offset

    def entry(self, index: int) -> Entry:
        """The entry of a member in the central directory."""
        return parse_central_header(self.header(index), self.names[index])

    def header(self, index: int) -> bytes:
        """The central header of a member, without its name."""
        return self.headers[index * CENTRAL_SIZE : (index + 1) * CENTRAL_SIZE]


class StreamReader:
    """Reads streams without decompressing them; opens a file once for consecutive streams. A context manager."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._file: IO[bytes] | None = None

    def __enter__(self) -> StreamReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, stream: Stream) -> bytes:
        """The compressed bytes of a stream."""
        if self._file is None or stream.path != self._path:
            self._close()
            self._path, self._file = stream.path, stream.path.open("rb")
        self._file.seek(stream.offset)
        return self._file.read(stream.compressed_size)

    def _close(self) -> None:
        if self._file:
            self._file.close()


def content_bytes(content: FileContent | BytesContent | Stream) -> bytes:
    """The uncompressed content."""
    if isinstance(content, BytesContent):
        return content.data
    if isinstance(content, FileContent):
        return content.path.read_bytes()
    with StreamReader() as reader:
        data = reader.read(content)
    return zlib.decompress(data, -zlib.MAX_WBITS) if content.method == DEFLATED else data


def compress(member: Member, offset: int, reader: StreamReader) -> tuple[Entry, bytes]:
    """Compress a member, if its content is a file.

    Args:
        member: the member.
        offset: position of its local header in the archive, in bytes.
        reader: reads the member's content if that is a stream.

    Returns:
        The entry in the central directory, and the bytes that follow the local header.

    Raises:
        ArchiveError: the member is too large for a zip file without zip64.
    """
    method, crc, size, data = _compressed(member.content, reader)
    if max(len(data), size, offset) >= MAXIMUM:
        raise ArchiveError(TOO_LARGE, where=member.name, hint=TOO_LARGE_HINT)
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
