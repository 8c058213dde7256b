"""One member of a wheel: read once, checked, and told as a stream that an archive can take over as it is."""

from __future__ import annotations

import base64
import hashlib
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from pulumi_poetry_layer.errors import WheelError
from pulumi_poetry_layer.members import BytesContent, Stream
from pulumi_poetry_layer.zip_format import DEFLATED, STORED, parse_local_header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_BLOCK = 1 << 18
_LONGEST_LOCAL_HEADER = 30 + (1 << 16)

_WEAK_HASHES = frozenset({"md5", "sha1", "sha224"})
"""Not permitted in RECORD: the binary distribution format asks for sha256 or better."""

_ELF_MACHINE = {1: struct.Struct("<16xHH"), 2: struct.Struct(">16xHH")}
"""Byte order mark of an ELF file → file type and machine: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html"""


@dataclass(frozen=True)
class WheelMember:
    """A checked member.

    Attributes:
        content: its bytes, for an archive to take over.
        size: uncompressed length in bytes.
        sha256: digest of the uncompressed bytes.
        recorded: whether the hash in RECORD is that of the bytes.
        executable: whether an installer would make the file executable.
        machine: the ELF machine number, when it is a native library.
    """

    content: Stream | BytesContent
    size: int
    sha256: bytes
    recorded: bool
    executable: bool
    machine: int | None

    @property
    def record_digest(self) -> str:
        """The digest as RECORD writes it."""
        return f"sha256={_record_encoding(self.sha256)}"


class MemberReader:
    """Reads the members of an open wheel; use it as a context manager.

    Args:
        path: the wheel.
        archive: the same file, its directory read.
        label: what to call the wheel in errors.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, label: str) -> None:
        self._path = path
        self._archive = archive
        self._label = label
        self._file: IO[bytes] = path.open("rb")
        self._taken: list[tuple[int, int, str]] = []

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
        offset = self._data_offset(info)
        sha256 = hashlib.sha256()
        algorithm, _, told = recorded.partition("=")
        other = None if algorithm in {"sha256", ""} else self._hash(algorithm, info)
        kept: list[bytes] | None = [] if rewrite or info.compress_type not in {STORED, DEFLATED} else None
        size = crc = 0
        start = b""
        for block in self._blocks(info, offset):
            start = start or block[:20]
            size += len(block)
            if size > info.file_size:
                break
            crc = zlib.crc32(block, crc)
            sha256.update(block)
            if other:
                other.update(block)
            if kept is not None:
                kept.append(block)
        if size != info.file_size:
            raise self._lie(info, f"is not as long as the archive says ({info.file_size} bytes)")
        if crc != info.CRC:
            raise self._lie(info, "does not have the checksum that the archive says")
        stream = Stream(self._path, offset, info.compress_size, size, crc, info.compress_type)
        return WheelMember(
            content=stream if kept is None else BytesContent(b"".join(kept)),
            size=size,
            sha256=sha256.digest(),
            recorded=told.rstrip("=") == _record_encoding((other or sha256).digest()),
            executable=_is_executable(info),
            machine=_machine(start) if _is_library(info.filename) else None,
        )

    def check_overlaps(self) -> None:
        """Raise if two of the members read so far share bytes, as in zip bombs.

        Raises:
            WheelError: they do.
        """
        end = 0
        for start, stop, name in sorted(self._taken):
            if start < end:
                raise WheelError("overlaps with another member", where=f"{self._label}: {name}")
            end = stop

    def _data_offset(self, info: zipfile.ZipInfo) -> int:
        """Where a member's bytes begin, after its local header."""
        self._file.seek(info.header_offset)
        header = parse_local_header(self._file.read(_LONGEST_LOCAL_HEADER))
        encoding = "utf-8" if info.flag_bits & 0x800 else "cp437"
        if header is None or header.name != info.orig_filename.encode(encoding):
            raise self._lie(info, "has another name, or none, in front of its bytes than in the directory")
        if header.method != info.compress_type or header.flags & 0x41:
            raise self._lie(info, "is of another kind in front of its bytes than in the directory")
        offset = info.header_offset + header.length
        self._taken.append((info.header_offset, offset + info.compress_size, info.filename))
        return offset

    def _blocks(self, info: zipfile.ZipInfo, offset: int) -> Iterator[bytes]:
        if info.compress_type == DEFLATED:
            return self._inflate(info, offset)
        if info.compress_type == STORED:
            return self._stored(info, offset)
        return self._other_method(info)

    def _inflate(self, info: zipfile.ZipInfo, offset: int) -> Iterator[bytes]:
        self._file.seek(offset)
        decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
        left = info.compress_size
        data = b""
        while not decompressor.eof:
            if not data:
                data = self._file.read(min(left, _BLOCK))
                left -= len(data)
                if not data:
                    raise self._lie(info, "ends too early")
            try:
                yield decompressor.decompress(data, _BLOCK)
            except zlib.error as error:
                raise self._lie(info, f"is not a deflate stream: {error}") from error
            data = decompressor.unconsumed_tail
        if left or decompressor.unused_data:
            raise self._lie(info, "ends before the archive says")

    def _stored(self, info: zipfile.ZipInfo, offset: int) -> Iterator[bytes]:
        self._file.seek(offset)
        left = info.compress_size
        while left and (data := self._file.read(min(left, _BLOCK))):
            left -= len(data)
            yield data

    def _other_method(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Methods that Lambda cannot unpack: bzip2, LZMA and what the host's zipfile knows besides."""
        with self._archive.open(info) as file:
            while block := file.read(_BLOCK):
                yield block

    def _hash(self, algorithm: str, info: zipfile.ZipInfo) -> hashlib._Hash:
        if algorithm in _WEAK_HASHES or algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
            raise self._lie(info, f"has a hash in RECORD of a kind that is not permitted ({algorithm})")
        return hashlib.new(algorithm)

    def _lie(self, info: zipfile.ZipInfo, what: str) -> WheelError:
        return WheelError(what, where=f"{self._label}: {info.filename}")


def _record_encoding(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_executable(info: zipfile.ZipInfo) -> bool:
    """What installers take for executable: https://packaging.python.org/en/latest/specifications/binary-distribution-format/."""
    mode = info.external_attr >> 16
    return bool(stat.S_ISREG(mode) and mode & 0o111)


def _is_library(name: str) -> bool:
    return ".so" in name.rpartition("/")[2]


def _machine(start: bytes) -> int | None:
    if start[:4] != b"\x7fELF" or len(start) < 20 or start[5] not in _ELF_MACHINE:
        return None
    return int(_ELF_MACHINE[start[5]].unpack(start)[1])
