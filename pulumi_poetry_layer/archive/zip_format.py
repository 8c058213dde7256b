"""The records of the zip format that a layer archive uses. They contain nothing of the machine that writes them.

Section numbers refer to PKWARE's APPNOTE: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

STORED, DEFLATED = 0, 8
"""The compression methods that AWS Lambda supports (4.4.5)."""

REGULAR, EXECUTABLE = 0o100644 << 16, 0o100755 << 16
"""External attributes of regular and of executable files: the Unix mode is in the upper 16 bits (4.4.15)."""

MAXIMUM = 0xFFFFFFFF
"""A record with this size or offset, or a larger one, needs zip64 (4.3.9.2)."""

_DATE, _TIME = (1 << 5) | 1, 0  # 1980-01-01 00:00, the earliest date of the format (4.4.6)
_UNIX = 3 << 8  # "made by Unix", so that Unix modes are used (4.4.2)
_UTF8 = 1 << 11  # the name is UTF-8 (4.4.4)

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_OFFSET = struct.Struct("<L")  # the last field of a central header
_END = struct.Struct("<4sHHHHLLH")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_END64_LOCATOR = struct.Struct("<4sLQL")

LOCAL_SIZE = _LOCAL.size
"""Size of a local header in bytes, without the name and the extra field that follow it."""

CENTRAL_SIZE = _CENTRAL.size
"""Size of a central header in bytes, without the name that follows it."""

_LOCAL_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True)
class Entry:
    """An entry of the central directory.

    Attributes:
        name: encoded name of the member.
        method: ``STORED`` or ``DEFLATED``.
        crc: CRC-32 of the uncompressed content.
        compressed_size: compressed size in bytes.
        size: uncompressed size in bytes.
        attributes: ``REGULAR`` or ``EXECUTABLE``.
        offset: position of the local header in the archive, in bytes.
    """

    name: bytes
    method: int
    crc: int
    compressed_size: int
    size: int
    attributes: int
    offset: int


@dataclass(frozen=True)
class LocalHeader:
    """A local header.

    Attributes:
        flags: the general purpose bit flag (4.4.4).
        method: the compression method (4.4.5).
        name: encoded name of the member.
        length: length of the header with name and extra field, in bytes. The content of the member follows it.
    """

    flags: int
    method: int
    name: bytes
    length: int


def local_header(entry: Entry) -> bytes:
    """The header before the content of a member (4.3.7)."""
    return (
        _LOCAL.pack(
            _LOCAL_SIGNATURE, 20, _flags(entry), entry.method, _TIME, _DATE, entry.crc, entry.compressed_size,
            entry.size, len(entry.name), 0,
        )
        + entry.name
    )  # fmt: skip


def central_header(entry: Entry) -> bytes:
    """The header of a member in the central directory, without the name (4.3.12)."""
    return _CENTRAL.pack(
        b"PK\x01\x02", _UNIX | 20, 20, _flags(entry), entry.method, _TIME, _DATE, entry.crc, entry.compressed_size,
        entry.size, len(entry.name), 0, 0, 0, 0, entry.attributes, entry.offset,
    )  # fmt: skip


def parse_central_header(header: bytes, name: bytes) -> Entry:
    """The entry in a header that :func:`central_header` made, and the name."""
    _, _, _, _, method, _, _, crc, compressed_size, size, _, _, _, _, _, attributes, offset = _CENTRAL.unpack(header)
    return Entry(name, method, crc, compressed_size, size, attributes, offset)


def parse_local_header(data: bytes) -> LocalHeader | None:
    """The local header at the start of ``data``; None if there is none, or if it is incomplete."""
    if len(data) < _LOCAL.size:
        return None
    signature, _, flags, method, _, _, _, _, _, name_length, extra_length = _LOCAL.unpack_from(data)
    length = _LOCAL.size + name_length + extra_length
    if signature != _LOCAL_SIGNATURE or len(data) < _LOCAL.size + name_length:
        return None
    return LocalHeader(flags, method, data[_LOCAL.size : _LOCAL.size + name_length], length)


def moved(header: bytes, distance: int) -> bytes:
    """The central header, without its name, of the same member ``distance`` bytes later in the archive (4.3.12)."""
    (offset,) = _OFFSET.unpack_from(header, CENTRAL_SIZE - _OFFSET.size)
    return header[: -_OFFSET.size] + _OFFSET.pack(offset + distance)


def end_of_archive(count: int, start: int, length: int) -> bytes:
    """The end of the central directory (4.3.16), with the zip64 form before it if 16 bits cannot count the members.

    Args:
        count: number of members.
        start: position of the central directory in the archive, in bytes.
        length: length of the central directory in bytes.
    """
    end64 = b""
    if count >= 0xFFFF:
        end64 = _END64.pack(
            b"PK\x06\x06", _END64.size - 12, _UNIX | 45, 45, 0, 0, count, count, length, start
        ) + _END64_LOCATOR.pack(b"PK\x06\x07", 0, start + length, 1)
    short = min(count, 0xFFFF)
    return end64 + _END.pack(b"PK\x05\x06", 0, 0, short, short, length, start, 0)


def _flags(entry: Entry) -> int:
    return 0 if entry.name.isascii() else _UTF8
