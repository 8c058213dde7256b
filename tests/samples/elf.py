"""Sample ELF files for tests."""

from __future__ import annotations

import struct

_MACHINES = {"x86_64": 62, "aarch64": 183}


def elf(machine: str, *needed: str) -> bytes:
    """A shared object that has only a header and a table of the symbol versions that it needs from libc.so.6.

    Args:
        machine: ``x86_64`` or ``aarch64``.
        needed: symbol versions, such as ``GLIBC_2.28``.
    """
    strings = b"\0libc.so.6\0.dynstr\0.gnu.version_r\0.shstrtab\0"
    offsets = []
    for version in needed:
        offsets.append(len(strings))
        strings += version.encode() + b"\0"
    header_size, section_size = 64, 64
    strings_at = header_size
    needs_at = strings_at + len(strings)
    needs = struct.pack("<HHIII", 1, len(needed), strings.index(b"libc"), 16, 0)
    for index, offset in enumerate(offsets):
        following = 0 if index == len(offsets) - 1 else 16
        needs += struct.pack("<IHHII", 0, 0, index + 2, offset, following)
    sections_at = needs_at + len(needs)

    def section(name: bytes, kind: int, at: int, size: int, link: int, info: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", strings.index(name), kind, 0, 0, at, size, link, info, 1, 0)

    sections = (
        bytes(section_size)
        + section(b".dynstr", 3, strings_at, len(strings), 0, 0)
        + section(b".gnu.version_r", 0x6FFFFFFE, needs_at, len(needs), 1, 1)
        + section(b".shstrtab", 3, strings_at, len(strings), 0, 0)
    )
    identification = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 3, _MACHINES[machine], 1, 0, 0, sections_at, 0, 64, 56, 0, 64, 4, 3)
    return identification + header + strings + needs + sections
