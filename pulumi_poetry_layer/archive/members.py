"""The parts of a layer archive: members (single files) and segments (all files of a distribution)."""

from __future__ import annotations

import errno
import stat
import zlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.archive.checksums import BLOCK, crc32, inflated
from pulumi_poetry_layer.archive.zip_format import (
    CENTRAL_SIZE,
    DEFLATED,
    EXECUTABLE,
    LOCAL_SIZE,
    MAXIMUM,
    REGULAR,
    STORED,
    Entry,
    parse_central_header,
)
from pulumi_poetry_layer.errors import ArchiveError, DamagedSegmentError
from pulumi_poetry_layer.wording import argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import IO

TOO_LARGE = "is larger than 4 GiB, but AWS Lambda allows 250 MiB for a function and its layers"


def too_large_hint() -> str:
    """The hint for a layer that is much too large."""
    return f"leave packages out with {argument('exclude')}"


_IN_MEMORY = 1 << 23  # bytes of a compressed file; a larger one is kept in a temporary file until it is written
_LEVEL = 6  # zlib's default; higher levels take much longer and hardly make Python packages smaller

_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})

LAYER_FOLDER = "python/"
"""The folder of a layer in which the Python runtimes look for packages. The layer is mounted at /opt.

https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""

LIBRARY_FOLDER = "lib/"
"""The folder of a layer in which the runtimes look for shared libraries (LD_LIBRARY_PATH)."""

PROGRAM_FOLDER = "bin/"
"""The folder of a layer in which the runtimes look for programs (PATH).

https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
"""

LAYER_FOLDERS = (LAYER_FOLDER, LIBRARY_FOLDER, PROGRAM_FOLDER)
"""All folders that a layer may contain."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The content of a member is in a file, uncompressed. The writer compresses it."""

    path: Path


@dataclass(frozen=True, slots=True)
class BytesContent:
    """The content of a member is in memory. It is stored uncompressed, so that it does not depend on a zlib release."""

    data: bytes


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the layer.

    Attributes:
        name: path inside the layer, with forward slashes, such as ``python/requests/__init__.py``.
        distribution: normalized name of the distribution that contains the file.
        content: the content of the file, or where it is.
        executable: whether the file is executable.
        replaces: distributions that contain the same file with a different content, if the builder itself has
            replaced it. Conflicts between the parts of an archive are found by ``duplicates``.
    """

    name: str
    distribution: str
    content: FileContent | BytesContent | Stream
    executable: bool = False
    replaces: tuple[str, ...] = ()


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
        notes: what was written with the segment; JSON values.
    """

    distribution: str
    path: Path
    length: int
    crc: str
    names: tuple[bytes, ...]
    headers: bytes
    folders: frozenset[bytes]
    size: DistributionSize
    notes: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def start(self, index: int) -> int:
        """Position of a member's local header in bytes; for the index after the last member, the segment's length."""
        return self.length if index == len(self.names) else self.entry(index).offset

    def entry(self, index: int) -> Entry:
        """The entry of a member in the central directory."""
        return parse_central_header(self.header(index), self.names[index])

    def member(self, index: int) -> Member:
        """A member, with its content in the segment file."""
        entry = self.entry(index)
        content = Stream(
            path=self.path,
            offset=entry.offset + LOCAL_SIZE + len(entry.name),
            compressed_size=entry.compressed_size,
            size=entry.size,
            crc=entry.crc,
            method=entry.method,
        )
        return Member(entry.name.decode(), self.distribution, content, entry.attributes == EXECUTABLE)

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

    def blocks(self, stream: Stream) -> Iterator[bytes]:
        """The compressed bytes of a stream in blocks.

        Raises:
            ArchiveError: the file of the stream ends before the stream does.
        """
        if self._file is None or stream.path != self._path:
            self._close()
            self._path, self._file = stream.path, stream.path.open("rb")
        self._file.seek(stream.offset)
        missing = stream.compressed_size
        while missing:
            block = self._file.read(min(missing, BLOCK))
            if not block:
                raise ArchiveError(
                    "became shorter while it was being read", where=str(stream.path), hint="run the command again"
                )
            missing -= len(block)
            yield block

    def _close(self) -> None:
        if self._file:
            self._file.close()


def content_blocks(content: FileContent | BytesContent | Stream) -> Iterator[bytes]:
    """The uncompressed content in blocks.

    Raises:
        error: a compressed stream is not valid (:mod:`.checksums`).
        ArchiveError: the file of a stream ends before the stream does.
    """
    if isinstance(content, BytesContent):
        yield content.data
    elif isinstance(content, FileContent):
        with content.path.open("rb") as file:
            yield from _blocks(file)
    else:
        with StreamReader() as reader:
            blocks = reader.blocks(content)
            yield from inflated(blocks) if content.method == DEFLATED else blocks


def content_bytes(content: FileContent | BytesContent | Stream) -> bytes:
    """The uncompressed content of a small member."""
    return b"".join(content_blocks(content))


def compressed(member: Member, offset: int, reader: StreamReader) -> tuple[Entry, Iterable[bytes]]:
    """The entry of a member, and its compressed bytes in blocks, which can be read once.

    Args:
        member: the member.
        offset: position of its local header in the archive, in bytes.
        reader: reads streams.

    Raises:
        ArchiveError: the member is too large for a zip file without zip64.
    """
    content = member.content
    blocks: Iterable[bytes]
    if isinstance(content, Stream):
        method, crc, compressed_size, size = content.method, content.crc, content.compressed_size, content.size
        blocks = reader.blocks(content)
    elif isinstance(content, BytesContent):
        method, crc, compressed_size, size = STORED, crc32(content.data), len(content.data), len(content.data)
        blocks = [content.data]
    else:
        method, crc, compressed_size, size, blocks = _deflated(content)
    if max(compressed_size, size, offset) >= MAXIMUM:
        raise ArchiveError(TOO_LARGE, where=member.name, hint=too_large_hint())
    attributes = EXECUTABLE if member.executable else REGULAR
    return Entry(member.name.encode(), method, crc, compressed_size, size, attributes, offset), blocks


def _deflated(content: FileContent) -> tuple[int, int, int, int, Iterable[bytes]]:
    """Method, CRC-32, compressed and uncompressed size, and the bytes. Unchanged if compression makes them larger."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc = size = 0
    with ExitStack() as stack:
        spool = stack.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))
        for block in content_blocks(content):
            crc, size = crc32(block, crc), size + len(block)
            spool.write(compressor.compress(block))
        spool.write(compressor.flush())
        compressed_size = spool.tell()
        if compressed_size >= size:
            return STORED, crc, size, size, content_blocks(content)
        stack.pop_all()  # closed after the last block
        return DEFLATED, crc, compressed_size, size, _all_blocks(spool)


def _all_blocks(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        spool.seek(0)
        yield from _blocks(spool)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def open_segment(path: Path) -> IO[bytes]:
    """Open a segment file, without a buffer.

    Raises:
        DamagedSegmentError: the file is missing, cannot be read, or is a link, a folder or a special file.
        OSError: this process has too many open files or too little memory.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):  # to open a named pipe would wait forever
            raise DamagedSegmentError(path)
        return path.open("rb", buffering=0)
    except OSError as error:
        raise segment_error(path, error) from error


def segment_error(path: Path, error: OSError) -> OSError | DamagedSegmentError:
    """What an error while a segment file was opened or read means: usually that the file is damaged."""
    return error if error.errno in _SHORTAGES else DamagedSegmentError(path)
