"""What native files need from the system that loads them."""

from __future__ import annotations

import io

import pytest
from samples.elf import elf

from pulumi_poetry_layer.wheels.native import NativeNeeds, is_library, needs_of

X86_64, AARCH64 = 62, 183


@pytest.mark.parametrize(
    ("data", "needs"),
    [
        (elf("x86_64", "GLIBC_2.2.5", "GLIBC_2.27"), NativeNeeds(X86_64, (2, 27))),
        (elf("x86_64", "GLIBC_2.9", "GLIBC_2.10"), NativeNeeds(X86_64, (2, 10))),
        (elf("aarch64", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR"), NativeNeeds(AARCH64)),
        (
            elf("x86_64", "GLIBC_2.34", libraries=["libexpat.so.1", "libc.so.6"]),
            NativeNeeds(X86_64, (2, 34), ("libexpat.so.1", "libc.so.6")),
        ),
    ],
)
def test_native_file_needs_glibc_and_libraries(data: bytes, needs: NativeNeeds) -> None:
    """Otherwise the function fails at import with "version `GLIBC_2.27' not found" or "cannot open shared object"."""
    assert needs_of(io.BytesIO(data)) == needs


@pytest.mark.parametrize("data", [b"", b"x = 1\n", b"\x7fEL", b"\x7fELF", b"\x7fELF" + b"\xff" * 100])
def test_file_that_is_not_native_needs_nothing(data: bytes) -> None:
    """Otherwise no layer with a data file can be built."""
    assert needs_of(io.BytesIO(data)) is None


def test_broken_native_file_has_a_machine() -> None:
    """Otherwise a wheel for another machine is accepted if its library cannot be read."""
    assert needs_of(io.BytesIO(elf("aarch64")[:70] + b"\xff" * 30)) == NativeNeeds(AARCH64)


@pytest.mark.parametrize(
    ("name", "expected"), [("a/b.so", True), ("a/libb.so.1.2", True), ("a/tool", False), ("a.so/b", False)]
)
def test_library_has_the_name_of_one(name: str, expected: bool) -> None:
    """Otherwise launchers for other machines, which pure packages contain, decide whether a wheel is accepted."""
    assert is_library(name) is expected
