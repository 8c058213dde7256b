"""Read and check one member of a wheel. Its compressed bytes can then be copied into an archive unchanged."""

from __future__ import annotations

import base64
import hashlib
import stat
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import IO, TYPE_CHECKING

from pulumi_poetry_layer.archive.checksums import crc32, decompressobj
from pulumi_poetry_layer.archive.checksums import error as deflate_error
from pulumi_poetry_layer.archive.members import BytesContent, Stream
from pulumi_poetry_layer.archive.zip_format import DEFLATED, LOCAL_SIZE, STORED, parse_local_header
from pulumi_poetry_layer.errors import WheelError
from pulumi_poetry_layer.wheels.native import is_library, machine_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_BLOCK = 1 << 18
_RAW = -15  # window bits of a deflate stream without header and checksum, as in zip files

_STRONG_HASHES = frozenset({"sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})
"""Hash algorithms that are allowed in RECORD besides sha256. The wheel format requires "sha256 or better".

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""


@dataclass(frozen=True)
class WheelMember:
    """A checked member.

    Attributes:
        content: where its bytes are.
        size: uncompressed size in bytes.
        record_digest: sha256 of the uncompressed bytes, in the notation of RECORD (``sha256=…``).
        matches_record: whether the bytes have the hash that RECORD lists.
        executable: whether an installer would make the file executable.
        machine: the ELF machine number, or None if the file is not a native library.
    """

    content: Stream | BytesContent
    size: int
    record_digest: str
    matches_record: bool
    executable: bool
    machine: int | None


class MemberReader:
    """Reads the members of a wheel. A context manager.

    Args:
        path: the wheel.
        archive: the same file, opened with :mod:`zipfile`.
        file_name: the name of the wheel, for errors.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, file_name: str) -> None:
        self._path = path
        self._archive = archive
        self._file_name = file_name
        self._file: IO[bytes] = path.open("rb")
        self._spans: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> MemberReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, info: zipfile.ZipInfo, recorded: str, *, rewrite: bool) -> WheelMember:
        """Read a member completely and check it.

        Args:
            info: the member's entry in the zip directory.
            recorded: its hash in RECORD (``sha256=…``), or "" if RECORD lists none.
            rewrite: return uncompressed bytes instead of a reference to the wheel's compressed bytes.

        Raises:
            WheelError: the zip directory or the local header does not match the content.
        """
        offset, first = self._start(info)
        algorithm, _, expected = recorded.partition("=")
        reading = _Reading(self._other_hash(algorithm, info))
        keep = rewrite or info.compress_type not in {STORED, DEFLATED}
        for block in self._blocks(info, first):
            reading.add(block, keep=keep)
            if reading.size > info.file_size:
                break
        if reading.size != info.file_size:
            raise self._error(info, f"does not have the size that the zip directory lists ({info.file_size} bytes)")
        if reading.crc != info.CRC:
            raise self._error(info, "does not have the CRC-32 that the zip directory lists")
        digest = _record_encoding(reading.sha256.digest())
        other_digest = _record_encoding(reading.other_hash.digest()) if reading.other_hash else digest
        stream = Stream(self._path, offset, info.compress_size, reading.size, reading.crc, info.compress_type)
        return WheelMember(
            content=BytesContent(b"".join(reading.blocks)) if keep else stream,
            size=reading.size,
            record_digest=f"sha256={digest}",
            matches_record=expected.rstrip("=") == other_digest,
            executable=_is_executable(info),
            machine=machine_of(reading.start) if is_library(info.filename) else None,
        )

    def whole(self, info: zipfile.ZipInfo) -> IO[bytes]:
        """The uncompressed bytes of a member that :meth:`read` has checked."""
        return BytesIO(self._archive.read(info))

    def check_overlaps(self) -> None:
        """Check that no two members read so far share bytes, as they do in zip bombs.

        Raises:
            WheelError: two members overlap.
        """
        end = 0
        for (start, stop), name in sorted((span, name) for name, span in self._spans.items()):
            if start < end:
                raise WheelError("overlaps with another member", where=f"{self._file_name}: {name}")
            end = stop

    def _start(self, info: zipfile.ZipInfo) -> tuple[int, bytes]:
        """Check a member's local header. Return the offset of the compressed bytes and the first block of them."""
        name = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
        if info.header_offset < 0:  # zipfile computes this if the directory starts earlier than it says
            raise self._error(info, "has an offset before the start of the file in the zip directory")
        self._file.seek(info.header_offset)
        start = self._file.read(LOCAL_SIZE + len(name) + min(info.compress_size, _BLOCK))
        header = parse_local_header(start)
        if header is None or header.name != name:
            raise self._error(info, "has no local header with the name that the zip directory lists")
        if header.method != info.compress_type or header.flags & 0x41:
            raise self._error(info, "has a local header that contradicts the zip directory (method or encryption)")
        offset = info.header_offset + header.length
        self._spans[info.filename] = (info.header_offset, offset + info.compress_size)
        first = start[header.length :]
        if missing := min(info.compress_size, _BLOCK) - len(first):  # the header has an extra field
            self._file.seek(offset + len(first))
            first += self._file.read(missing)
        return offset, first

    def _blocks(self, info: zipfile.ZipInfo, first: bytes) -> Iterator[bytes]:
        if info.compress_type == DEFLATED:
            return self._inflate(info, first)
        if info.compress_type == STORED:
            return self._stored(info, first)
        return self._other_method(info)

    def _inflate(self, info: zipfile.ZipInfo, data: bytes) -> Iterator[bytes]:
        decompressor = decompressobj(_RAW)
        left = info.compress_size - len(data)
        while not decompressor.eof:
            if not data:
                data = self._file.read(min(left, _BLOCK))
                left -= len(data)
                if not data:
                    raise self._error(info, "has a truncated deflate stream")
            try:
                yield decompressor.decompress(data, _BLOCK)
            except deflate_error as error:
                raise self._error(info, f"has an invalid deflate stream: {error}") from error
            data = decompressor.unconsumed_tail
        if left or decompressor.unused_data:
            raise self._error(info, "has data after the end of its deflate stream")

    def _stored(self, info: zipfile.ZipInfo, data: bytes) -> Iterator[bytes]:
        left = info.compress_size
        while left and data:
            left -= len(data)
            yield data
            data = self._file.read(min(left, _BLOCK))

    def _other_method(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Read a compression method that Lambda cannot unpack, such as bzip2 and LZMA."""
        try:
            with self._archive.open(info) as file:
                while block := file.read(_BLOCK):
                    yield block
        except Exception as error:  # each compression module raises its own kinds of errors
            raise self._error(info, f"cannot be unpacked: {error}") from error

    def _other_hash(self, algorithm: str, info: zipfile.ZipInfo) -> hashlib._Hash | None:
        """The hash that RECORD lists besides sha256, which is always computed; None if it lists no other."""
        if algorithm in {"sha256", ""}:
            return None
        if algorithm not in _STRONG_HASHES:
            raise self._error(info, f"has a hash in RECORD with an algorithm that is not allowed ({algorithm})")
        return hashlib.new(algorithm)

    def _error(self, info: zipfile.ZipInfo, what: str) -> WheelError:
        return WheelError(what, where=f"{self._file_name}: {info.filename}")


class _Reading:
    """Size, checksums and first bytes of the blocks that have been read so far."""

    def __init__(self, other_hash: hashlib._Hash | None) -> None:
        self.sha256 = hashlib.sha256()
        self.other_hash = other_hash
        self.size = self.crc = 0
        self.start = b""
        self.blocks: list[bytes] = []

    def add(self, block: bytes, *, keep: bool) -> None:
        self.start = self.start or block[:20]
        self.size += len(block)
        self.crc = crc32(block, self.crc)
        self.sha256.update(block)
        if self.other_hash:
            self.other_hash.update(block)
        if keep:
            self.blocks.append(block)


def _record_encoding(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_executable(info: zipfile.ZipInfo) -> bool:
    """Whether an installer makes the file executable, by the rule of the wheel format."""
    mode = info.external_attr >> 16
    return bool(stat.S_ISREG(mode) and mode & 0o111)
