"""Native files that would not load on the target are found before they are published."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pulumi_poetry_layer.archive import BytesContent, FileContent, Member
from pulumi_poetry_layer.errors import VerificationError
from pulumi_poetry_layer.target import Target
from pulumi_poetry_layer.verify import verify_loads

_MACHINES = {"x86_64": 62, "aarch64": 183}


def elf(machine: str, *needed: str) -> bytes:
    """A shared object of nothing but a header and a table of the symbol versions that it needs from libc.so.6."""
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


def member(path: Path, data: bytes) -> Member:
    """A file on disk as a member of a layer."""
    path.write_bytes(data)
    return Member(f"python/{path.name}", "demo", FileContent(path))


@pytest.mark.parametrize(
    ("runtime", "needed", "problem"),
    [
        ("python3.11", ("GLIBC_2.2.5", "GLIBC_2.26"), None),
        (
            "python3.11",
            ("GLIBC_2.2.5", "GLIBC_2.27"),
            "needs glibc 2.27, python3.11 on x86_64 has 2.26 (Amazon Linux 2)",
        ),
        ("python3.12", ("GLIBC_2.27", "GLIBC_2.34"), None),
        ("python3.12", ("GLIBC_2.38",), "needs glibc 2.38, python3.12 on x86_64 has 2.34 (Amazon Linux 2023)"),
        ("python3.11", ("GLIBC_PRIVATE",), None),
        ("python3.11", (), None),
    ],
)
def test_needed_glibc_is_compared_with_the_runtimes(
    tmp_path: Path, runtime: str, needed: tuple[str, ...], problem: str | None
) -> None:
    """Otherwise the function fails at import with "version `GLIBC_2.28' not found"."""
    native = member(tmp_path / "native.so", elf("x86_64", *needed))
    if problem is None:
        verify_loads([native], Target(runtime, "x86_64"))
        return
    with pytest.raises(VerificationError) as caught:
        verify_loads([native], Target(runtime, "x86_64"))
    assert problem in str(caught.value)
    assert "demo: python/native.so" in str(caught.value)
    assert "container builder" in str(caught.value)


def test_files_that_are_not_native_pass(tmp_path: Path) -> None:
    """Otherwise no layer with a data file can be built."""
    texts = [member(tmp_path / "a.py", b"x = 1\n"), member(tmp_path / "empty", b""), member(tmp_path / "b", b"\x7fEL")]
    broken = member(tmp_path / "broken.bin", b"\x7fELF" + b"\xff" * 100)
    in_memory = Member("python/c", "demo", BytesContent(b"\x7fELF"))
    verify_loads([*texts, broken, in_memory], Target("python3.12", "x86_64"))
