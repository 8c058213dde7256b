"""Native files that do not load on the target are reported before the layer is published."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples.elf import elf

from pulumi_poetry_layer.archive.members import BytesContent, FileContent, Member
from pulumi_poetry_layer.errors import VerificationError
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.wheels.native import verify_loads


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
            "needs glibc 2.27, but python3.11 on x86_64 has glibc 2.26 (Amazon Linux 2)",
        ),
        ("python3.12", ("GLIBC_2.27", "GLIBC_2.34"), None),
        (
            "python3.12",
            ("GLIBC_2.38",),
            "needs glibc 2.38, but python3.12 on x86_64 has glibc 2.34 (Amazon Linux 2023)",
        ),
        ("python3.11", ("GLIBC_PRIVATE",), None),
        ("python3.11", (), None),
    ],
)
def test_library_that_needs_a_newer_glibc_than_the_runtime_has_is_refused(
    tmp_path: Path, runtime: str, needed: tuple[str, ...], problem: str | None
) -> None:
    """Otherwise the function fails at import with "version `GLIBC_2.27' not found"."""
    native = member(tmp_path / "native.so", elf("x86_64", *needed))
    if problem is None:
        verify_loads([native], Target(runtime, "x86_64"))
        return
    with pytest.raises(VerificationError) as caught:
        verify_loads([native], Target(runtime, "x86_64"))
    assert problem in str(caught.value)
    assert "demo: python/native.so" in str(caught.value)
    assert "container builder" in str(caught.value)


def test_files_that_are_not_native_are_accepted(tmp_path: Path) -> None:
    """Otherwise no layer with a data file can be built."""
    texts = [member(tmp_path / "a.py", b"x = 1\n"), member(tmp_path / "empty", b""), member(tmp_path / "b", b"\x7fEL")]
    broken = member(tmp_path / "broken.bin", b"\x7fELF" + b"\xff" * 100)
    in_memory = Member("python/c", "demo", BytesContent(b"\x7fELF"))
    verify_loads([*texts, broken, in_memory], Target("python3.12", "x86_64"))
