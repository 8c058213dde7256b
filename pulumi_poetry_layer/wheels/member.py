"""One member of a wheel: read once, checked, and told as a stream that an archive can take over as it is."""

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
"""Permitted in RECORD besides sha256: the binary distribution format asks for that or better."""


@dataclass(frozen=True)
class WheelMember:
    """A checked member.

    Attributes:
        content: its bytes, for an archive to take over.
        size: uncompressed length in bytes.
        record_digest: digest of the uncompressed bytes, as RECORD writes it.
        recorded: whether the hash in RECORD is that of the bytes.
        executable: whether an installer would make the file executable.
        machine: the ELF machine number, when it is a native library.
    """

    content: Stream | BytesContent
    size: int
    record_digest: str
    recorded: bool
    executable: bool
    machine: int | None


class MemberReader:
    """Reads the members of an open wheel; use it as a context manager.

    Args:
        path: the wheel.
        archive: the same file, its directory read.
        file_name: the wheel's own name, for errors.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, file_name: str) -> None:
        self._path = path
        self._archive = archive
        self._file_name = file_name
        self._file: IO[bytes] = path.open("rb")
        self._taken: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> MemberReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, info: zipfile.ZipInfo, recorded: str, *, rewrite: bool) -> WheelMember:
        """Read a member to its end and check it.

        Args:
            info: the member as the archive's directory tells it.
            recorded: its hash as RECORD tells it, empty when it tells none.
            rewrite: hand over uncompressed bytes instead of the wheel's own stream.

        Raises:
            WheelError: what the directory or the header says of the member is not true.
        """
        offset, first = self._start(info)
        algorithm, _, told = recorded.partition("=")
        reading = _Reading(self._hash(algorithm, info))
        keep = rewrite or info.compress_type not in {STORED, DEFLATED}
        for block in self._blocks(info, first):
            reading.add(block, keep=keep)
            if reading.size > info.file_size:
                break
        if reading.size != info.file_size:
            raise self._lie(info, f"is not as long as the archive says ({info.file_size} bytes)")
        if reading.crc != info.CRC:
            raise self._lie(info, "does not have the checksum that the archive says")
        digest = _record_encoding(reading.sha256.digest())
        stream = Stream(self._path, offset, info.compress_size, reading.size, reading.crc, info.compress_type)
        return WheelMember(
            content=BytesContent(b"".join(reading.kept)) if keep else stream,
            size=reading.size,
            record_digest=f"sha256={digest}",
            recorded=told.rstrip("=") == (_record_encoding(reading.told.digest()) if reading.told else digest),
            executable=_is_executable(info),
            machine=machine_of(reading.start) if is_library(info.filename) else None,
        )

    def whole(self, info: zipfile.ZipInfo) -> IO[bytes]:
        """The uncompressed bytes of a member that has been read and found sound."""
        return BytesIO(self._archive.read(info))

    def check_overlaps(self) -> None:
        """Raise if two of the members read so far share bytes, as in zip bombs.

        Raises:
            WheelError: they do.
        """
        end = 0
        for (start, stop), name in sorted((span, name) for name, span in self._taken.items()):
            if start < end:
                raise WheelError("overlaps with another member", where=f"{self._file_name}: {name}")
            end = stop

    def _start(self, info: zipfile.ZipInfo) -> tuple[int, bytes]:
        """Where a member's bytes begin, after its local header, and the first of them: all, if there are few."""
        name = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
        if info.header_offset < 0:  # what zipfile makes of a directory that begins too early
            raise self._lie(info, "begins before the archive does")
        self._file.seek(info.header_offset)
        start = self._file.read(LOCAL_SIZE + len(name) + min(info.compress_size, _BLOCK))
        header = parse_local_header(start)
        if header is None or header.name != name:
            raise self._lie(info, "has another name, or none, in front of its bytes than in the directory")
        if header.method != info.compress_type or header.flags & 0x41:
            raise self._lie(info, "is of another kind in front of its bytes than in the directory")
        offset = info.header_offset + header.length
        self._taken[info.filename] = (info.header_offset, offset + info.compress_size)
        first = start[header.length :]
        if missing := min(info.compress_size, _BLOCK) - len(first):  # there is an extra field before them
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
                    raise self._lie(info, "ends too early")
            try:
                yield decompressor.decompress(data, _BLOCK)
            except deflate_error as error:
                raise self._lie(info, f"is not a deflate stream: {error}") from error
            data = decompressor.unconsumed_tail
        if left or decompressor.unused_data:
            raise self._lie(info, "ends before the archive says")

    def _stored(self, info: zipfile.ZipInfo, data: bytes) -> Iterator[bytes]:
        left = info.compress_size
        while left and data:
            left -= len(data)
            yield data
            data = self._file.read(min(left, _BLOCK))

    def _other_method(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Methods that Lambda cannot unpack: bzip2, LZMA and what the host's zipfile knows besides."""
        try:
            with self._archive.open(info) as file:
                while block := file.read(_BLOCK):
                    yield block
        except Exception as error:  # each method's module has errors of its own
            raise self._lie(info, f"cannot be unpacked: {error}") from error

    def _hash(self, algorithm: str, info: zipfile.ZipInfo) -> hashlib._Hash | None:
        """What computes a hash for RECORD; None for the usual one."""
        if algorithm in {"sha256", ""}:
            return None
        if algorithm not in _STRONG_HASHES:
            raise self._lie(info, f"has a hash in RECORD of a kind that is not permitted ({algorithm})")
        return hashlib.new(algorithm)

    def _lie(self, info: zipfile.ZipInfo, what: str) -> WheelError:
        return WheelError(what, where=f"{self._file_name}: {info.filename}")


class _Reading:
    """What is known of a member while it is read."""

    def __init__(self, told: hashlib._Hash | None) -> None:
        self.sha256 = hashlib.sha256()
        self.told = told
        self.size = self.crc = 0
        self.start = b""
        self.kept: list[bytes] = []

    def add(self, block: bytes, *, keep: bool) -> None:
        self.start = self.start or block[:20]
        self.size += len(block)
        self.crc = crc32(block, self.crc)
        self.sha256.update(block)
        if self.told:
            self.told.update(block)
        if keep:
            self.kept.append(block)


def _record_encoding(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_executable(info: zipfile.ZipInfo) -> bool:
    """What installers take for executable: https://packaging.python.org/en/latest/specifications/binary-distribution-format/."""
    mode = info.external_attr >> 16
    return bool(stat.S_ISREG(mode) and mode & 0o111)
