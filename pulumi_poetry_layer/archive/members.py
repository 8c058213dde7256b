"""What a layer consists of: single members, and segments of ready-made ones."""

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

_LEVEL = 6  # zlib's own default: level 9 saves under 1 % on Python packages and takes three times as long

LAYER_FOLDER = "python/"
"""Where the Python runtimes look for a layer's packages; the layer is mounted at /opt.

https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""


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
        distribution: normalized name of the distribution it belongs to.
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
class Segment:
    """All members of one distribution, ready-made: local headers and bytes lie one after the other in a file.

    A layer of segments is their concatenation, with nothing to compress and only offsets to add to.

    Attributes:
        distribution: normalized name of the distribution.
        path: the file that begins with the members.
        length: bytes of the members with their local headers.
        crc: their CRC-32 (hex); checked while they are copied, since files on disks get damaged.
        names: the members' names, encoded, sorted, as they follow each other in the file.
        headers: their central headers without names, offsets counted from the start of the file.
        folders: every folder that a member lies in.
        size: what the distribution takes.
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
        """Where a member's local header starts, in bytes; for the index after the last one, the segment's length."""
        return self.length if index == len(self.names) else self.entry(index).offset

    def entry(self, index: int) -> Entry:
        """A member as its central header tells it."""
        return parse_central_header(self.header(index), self.names[index])

    def header(self, index: int) -> bytes:
        """A member's central header without its name."""
        return self.headers[index * CENTRAL_SIZE : (index + 1) * CENTRAL_SIZE]


class StreamReader:
    """Reads streams as they lie in their files; of many in one file, the file is opened once. A context manager."""

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
    """The uncompressed bytes."""
    if isinstance(content, BytesContent):
        return content.data
    if isinstance(content, FileContent):
        return content.path.read_bytes()
    with StreamReader() as reader:
        data = reader.read(content)
    return zlib.decompress(data, -zlib.MAX_WBITS) if content.method == DEFLATED else data


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
