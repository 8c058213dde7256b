"""Read and check one member of a wheel. Its compressed bytes can then be copied into an archive unchanged."""

from __future__ import annotations

import base64
import hashlib
import stat
import struct
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Protocol

from pulumi_poetry_layer.archive.checksums import BLOCK, crc32, inflated
from pulumi_poetry_layer.archive.checksums import error as deflate_error
from pulumi_poetry_layer.archive.members import Stream
from pulumi_poetry_layer.archive.zip_format import DEFLATED, LOCAL_SIZE, STORED, parse_local_header
from pulumi_poetry_layer.errors import WheelError
from pulumi_poetry_layer.wheels.native import machine_of
from pulumi_poetry_layer.wheels.placement import FileKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

_LARGEST_DICTIONARY = 1 << 26  # bytes; LZMA needs this much memory, and no usual setting of a compressor needs more
_START = 512  # bytes of a file that say what it is
_IN_MEMORY = 1 << 23  # bytes of a native library; a larger one is unpacked to a temporary file
_LZMA_HEADER = struct.Struct("<xxHBL")
"""Before an LZMA stream (APPNOTE 5.8.8): its version, length of the rest, lc/lp/pb in one byte, dictionary size."""

_STRONG_HASHES = frozenset({"sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})
"""Hash algorithms in RECORD that are checked besides sha256. The wheel format requires "sha256 or better".

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """What the zip directory lists about a file of a wheel. Smaller than zipfile's: there can be very many of them.

    Attributes:
        name: path of the file in the wheel.
        offset: position of its local header in bytes.
        method: the compression method.
        flags: the general purpose bit flag.
        crc: CRC-32 of the uncompressed bytes.
        compressed_size: compressed size in bytes.
        size: uncompressed size in bytes.
        executable: whether an installer would make the file executable.
    """

    name: str
    offset: int
    method: int
    flags: int
    crc: int
    compressed_size: int
    size: int
    executable: bool

    @classmethod
    def of(cls, info: zipfile.ZipInfo) -> DirectoryEntry:
        """The entry as zipfile has read it."""
        mode = info.external_attr >> 16
        return cls(
            name=info.filename,
            offset=info.header_offset,
            method=info.compress_type,
            flags=info.flag_bits,
            crc=info.CRC,
            compressed_size=info.compress_size,
            size=info.file_size,
            executable=bool(stat.S_ISREG(mode) and mode & 0o111),
        )


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A checked member.

    Attributes:
        content: where its bytes are.
        size: uncompressed size in bytes.
        sha256: SHA-256 of the uncompressed bytes.
        matches_record: whether the bytes have the hash that RECORD lists; None if it lists none, or only a weak one.
        executable: whether an installer would make the file executable.
        machine: the ELF machine number, or None if the file is not native.
        kind: what the file is, if it is installed outside of site-packages.
    """

    content: Stream
    size: int
    sha256: bytes
    matches_record: bool | None
    executable: bool
    machine: int | None
    kind: FileKind

    @property
    def record_digest(self) -> str:
        """SHA-256 of the uncompressed bytes, in the notation of RECORD (``sha256=…``)."""
        return f"sha256={_record_encoding(self.sha256)}"


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class MemberReader:
    """Reads the members of a wheel in blocks. A context manager.

    Members that Lambda cannot unpack, or that are to be rewritten, are unpacked to one file beside the wheel (with the
    suffix ``.unpacked``). It is needed as long as the wheel is, and removed with the folder of the wheel.

    Args:
        path: the wheel.
        file_name: the name of the wheel, for errors.
        rewrite: return uncompressed bytes instead of the wheel's compressed bytes.
    """

    def __init__(self, path: Path, file_name: str, *, rewrite: bool) -> None:
        self._path = path
        self._file_name = file_name
        self._rewrite = rewrite
        self._file: IO[bytes] = path.open("rb")
        self._unpacked: IO[bytes] | None = None
        self._end = 0

    def __enter__(self) -> MemberReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        if self._unpacked:
            self._unpacked.close()

    def read(self, entry: DirectoryEntry, recorded: str) -> WheelMember:
        """Read a member completely and check it.

        Members must be read in the order of their offsets, to recognize those that share bytes, as in zip bombs.

        Args:
            entry: the member's entry in the zip directory.
            recorded: its hash in RECORD (``sha256=…``), or "" if RECORD lists none.

        Raises:
            WheelError: the zip directory or the local header does not match the content, or the member overlaps with
                the one before.
        """
        algorithm, _, expected = recorded.partition("=")
        other_hash = hashlib.new(algorithm) if algorithm in _STRONG_HASHES else None
        keep = self._rewrite or entry.method not in {STORED, DEFLATED}
        output = self._open_unpacked() if keep else None
        unpacked_offset = output.tell() if output else 0
        reading = _Reading(other_hash, output.write if output else None)
        offset = self._read(entry, reading)
        if entry.offset < self._end:
            raise self._error(entry, "overlaps with another member")
        self._end = offset + entry.compressed_size
        digest = _record_encoding(reading.sha256.digest())
        other_digest = _record_encoding(other_hash.digest()) if other_hash else digest
        if output:
            content = Stream(self._unpacked_path, unpacked_offset, reading.size, reading.size, reading.crc, STORED)
        else:
            content = Stream(self._path, offset, entry.compressed_size, reading.size, reading.crc, entry.method)
        return WheelMember(
            content=content,
            size=reading.size,
            sha256=reading.sha256.digest(),
            matches_record=(expected.rstrip("=") == other_digest if algorithm in {"sha256", *_STRONG_HASHES} else None),
            executable=entry.executable,
            machine=machine_of(reading.start),
            kind=kind_of(reading.start),
        )

    @contextmanager
    def unpack(self, entry: DirectoryEntry) -> Iterator[IO[bytes]]:
        """A temporary file with the checked uncompressed bytes of a member."""
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            self._read(entry, _Reading(None, file.write))
            file.seek(0)
            yield file

    def _read(self, entry: DirectoryEntry, reading: _Reading) -> int:
        """Read and check a member. Return the offset of its compressed bytes."""
        offset = self._start(entry)
        try:
            for block in self._blocks(entry):
                reading.add(block)
                if reading.size > entry.size:
                    break
        except deflate_error as error:
            raise self._error(entry, f"has an invalid deflate stream: {error}") from error
        if reading.size != entry.size:
            raise self._error(entry, f"does not have the size that the zip directory lists ({entry.size} bytes)")
        if reading.crc != entry.crc:
            raise self._error(entry, "does not have the CRC-32 that the zip directory lists")
        return offset

    def _start(self, entry: DirectoryEntry) -> int:
        """Check a member's local header, and move to its compressed bytes. Return their offset."""
        name = entry.name.encode("utf-8" if entry.flags & 0x800 else "cp437")
        if entry.offset < 0:  # zipfile computes this if the directory starts earlier than it says
            raise self._error(entry, "has an offset before the start of the file in the zip directory")
        self._file.seek(entry.offset)
        header = parse_local_header(self._file.read(LOCAL_SIZE + len(name)))
        if header is None or header.name != name:
            raise self._error(entry, "has no local header with the name that the zip directory lists")
        if header.method != entry.method or header.flags & 0x41:
            raise self._error(entry, "has a local header that contradicts the zip directory (method or encryption)")
        return self._file.seek(entry.offset + header.length)

    def _blocks(self, entry: DirectoryEntry) -> Iterator[bytes]:
        """The uncompressed bytes, from the position of the file."""
        if entry.method == STORED:
            return self._compressed(entry.compressed_size)
        if entry.method == DEFLATED:
            return inflated(self._compressed(entry.compressed_size))
        return self._other_method(entry)

    def _compressed(self, left: int) -> Iterator[bytes]:
        while left > 0 and (block := self._file.read(min(left, BLOCK))):
            left -= len(block)
            yield block

    def _other_method(self, entry: DirectoryEntry) -> Iterator[bytes]:
        """Decompress bzip2 or LZMA, which Lambda cannot unpack."""
        try:
            start = self._file.tell()
            decompressor = _decompressor(entry.method, self._file)
            blocks = self._compressed(entry.compressed_size - (self._file.tell() - start))
            while not decompressor.eof:
                data = next(blocks, b"") if decompressor.needs_input else b""
                block = decompressor.decompress(data, BLOCK)
                if not (data or block):
                    return  # truncated, or LZMA without a mark at its end: the size decides
                yield block
        except Exception as error:  # each compression module raises its own kinds of errors
            raise self._error(entry, f"cannot be unpacked: {error}") from error

    @property
    def _unpacked_path(self) -> Path:
        return self._path.with_name(f"{self._path.name}.unpacked")

    def _open_unpacked(self) -> IO[bytes]:
        self._unpacked = self._unpacked or self._unpacked_path.open("wb")
        return self._unpacked

    def _error(self, entry: DirectoryEntry, what: str) -> WheelError:
        return WheelError(what, where=f"{self._file_name}: {entry.name}")


class _Reading:
    """Size, checksums and first bytes of the blocks that have been read so far.

    Args:
        other_hash: a hash to compute besides sha256.
        keep: is called with each block.
    """

    def __init__(self, other_hash: hashlib._Hash | None, keep: Callable[[bytes], object] | None) -> None:
        self.sha256 = hashlib.sha256()
        self._other_hash = other_hash
        self._keep = keep
        self.size = self.crc = 0
        self.start = b""

    def add(self, block: bytes) -> None:
        self.start = self.start or block[:_START]
        self.size += len(block)
        self.crc = crc32(block, self.crc)
        self.sha256.update(block)
        if self._other_hash:
            self._other_hash.update(block)
        if self._keep:
            self._keep(block)


def _decompressor(method: int, file: IO[bytes]) -> _Decompressor:
    """The decompressor for a method; the file is moved behind the header of the method."""
    if method == zipfile.ZIP_BZIP2:
        import bz2

        return bz2.BZ2Decompressor()
    if method != zipfile.ZIP_LZMA:
        raise NotImplementedError(f"compression method {method}")
    import lzma

    length, settings, dictionary = _LZMA_HEADER.unpack(file.read(_LZMA_HEADER.size))
    if length != 5 or dictionary > _LARGEST_DICTIONARY:
        raise lzma.LZMAError("unusual settings")
    settings, lc = divmod(settings, 9)
    pb, lp = divmod(settings, 5)
    lzma1 = {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 1 << 12), "lc": lc, "lp": lp, "pb": pb}
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[lzma1])


def _record_encoding(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
