"""Sample ELF files for tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_MACHINES = {"x86_64": 62, "aarch64": 183}
_LOAD, _DYNAMIC = 1, 2  # kinds of segments
_NULL, _NEEDED, _STRINGS, _STRINGS_SIZE = 0, 1, 5, 10  # kinds of dynamic entries


def elf(machine: str, *needed: str, libraries: Sequence[str] = ()) -> bytes:
    """A shared object without code: it has the symbol versions that it needs from libc.so.6, and its libraries.

    Args:
        machine: ``x86_64`` or ``aarch64``.
        needed: symbol versions, such as ``GLIBC_2.28``.
        libraries: file names of the shared libraries that it is linked to.
    """
    strings = b"\0libc.so.6\0.dynstr\0.gnu.version_r\0.shstrtab\0"
    offsets = []
    for text in (*needed, *libraries):
        offsets.append(len(strings))
        strings += text.encode() + b"\0"
    header_size, segment_size, section_size = 64, 56, 64
    strings_at = header_size + 2 * segment_size
    needs_at = strings_at + len(strings)
    needs = struct.pack("<HHIII", 1, len(needed), strings.index(b"libc"), 16, 0)
    for index, offset in enumerate(offsets[: len(needed)]):
        following = 0 if index == len(needed) - 1 else 16
        needs += struct.pack("<IHHII", 0, 0, index + 2, offset, following)
    entries = [(_NEEDED, offset) for offset in offsets[len(needed) :]]
    entries += [(_STRINGS, strings_at), (_STRINGS_SIZE, len(strings)), (_NULL, 0)]
    dynamic_at = needs_at + len(needs)
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    sections_at = dynamic_at + len(dynamic)
    size = sections_at + 4 * section_size

    def segment(kind: int, at: int, size: int) -> bytes:
        return struct.pack("<IIQQQQQQ", kind, 4, at, at, at, size, size, 8)

    def section(name: bytes, kind: int, at: int, size: int, link: int, info: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", strings.index(name), kind, 0, 0, at, size, link, info, 1, 0)

    segments = segment(_LOAD, 0, size) + segment(_DYNAMIC, dynamic_at, len(dynamic))
    sections = (
        bytes(section_size)
        + section(b".dynstr", 3, strings_at, len(strings), 0, 0)
        + section(b".gnu.version_r", 0x6FFFFFFE, needs_at, len(needs), 1, 1 if needed else 0)
        + section(b".shstrtab", 3, strings_at, len(strings), 0, 0)
    )
    identification = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack(
        "<HHIQQQIHHHHHH", 3, _MACHINES[machine], 1, 0, header_size, sections_at, 0, 64, segment_size, 2, 64, 4, 3
    )
    return identification + header + segments + strings + needs + dynamic + sections
