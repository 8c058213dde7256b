"""Native files that do not load on the target are reported before the layer is published."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples.elf import elf

from pulumi_poetry_layer.archive.members import BytesContent, FileContent, Member
from pulumi_poetry_layer.errors import VerificationError
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan, Choice, PlannedPackage
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedFile
from pulumi_poetry_layer.wheels.native import verify_loads


def plan_of(file_name: str, runtime: str = "python3.12") -> BuildPlan:
    """A plan of one package with this file."""
    file = LockedFile(file_name, "sha256:0")
    return BuildPlan(
        target=Target(runtime, "x86_64"),
        builder=BuilderIdentity(kind="test"),
        choice=Choice(),
        packages=(PlannedPackage(name="demo", version="1", file=file, source=None),),
        excluded=(),
    )


def member(path: Path, data: bytes) -> Member:
    """A file on disk as a member of a layer."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    parent = f"{path.parent.name}/" if path.parent.name.endswith(".dist-info") else ""
    return Member(f"python/{parent}{path.name}", "demo", FileContent(path))


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
        verify_loads([native], plan_of("demo-1-cp312-cp312-linux_x86_64.whl", runtime))
        return
    with pytest.raises(VerificationError) as caught:
        verify_loads([native], plan_of("demo-1-cp312-cp312-linux_x86_64.whl", runtime))
    assert problem in str(caught.value)
    assert "demo: python/native.so" in str(caught.value)
    assert "container builder" in str(caught.value)


def test_files_that_are_not_native_are_accepted(tmp_path: Path) -> None:
    """Otherwise no layer with a data file can be built."""
    texts = [member(tmp_path / "a.py", b"x = 1\n"), member(tmp_path / "empty", b""), member(tmp_path / "b", b"\x7fEL")]
    broken = member(tmp_path / "broken.bin", b"\x7fELF" + b"\xff" * 100)
    in_memory = Member("python/c", "demo", BytesContent(b"\x7fELF"))
    verify_loads([*texts, broken, in_memory], plan_of("demo-1-cp312-cp312-linux_x86_64.whl"))


@pytest.mark.parametrize(
    ("file_name", "problem"),
    [
        ("demo-1-py3-none-any.whl", None),
        ("demo-1-cp312-cp312-manylinux_2_17_x86_64.whl", "demo 1: has native libraries, but none for x86_64"),
        ("demo-1-cp312-cp312-linux_x86_64.whl", "demo 1: has native libraries, but none for x86_64"),
    ],
)
def test_libraries_for_other_machines_are_refused_unless_the_wheel_is_for_every_platform(
    tmp_path: Path, file_name: str, problem: str | None
) -> None:
    """Otherwise the builders disagree about one wheel, or the import fails in the function."""
    members = [member(tmp_path / "native.so", elf("aarch64", "GLIBC_2.40")), member(tmp_path / "tool", elf("x86_64"))]
    if problem is None:
        verify_loads(members, plan_of(file_name))
        return
    with pytest.raises(VerificationError, match=problem):
        verify_loads(members, plan_of(file_name))


@pytest.mark.parametrize(("tag", "accepted"), [("manylinux_2_17_x86_64", True), ("any", True), ("linux_x86_64", False)])
def test_glibc_is_checked_for_a_linux_tag_only_as_in_the_wheels_builder(
    tmp_path: Path, tag: str, accepted: bool
) -> None:
    """Otherwise the builders disagree about one wheel."""
    native = member(tmp_path / "native.so", elf("x86_64", "GLIBC_2.40"))
    wheel = member(tmp_path / "demo-1.dist-info" / "WHEEL", f"Wheel-Version: 1.0\nTag: py3-none-{tag}\n".encode())
    for file_name in (f"demo-1-py3-none-{tag}.whl", "demo-1.tar.gz"):
        if accepted:
            verify_loads([native, wheel], plan_of(file_name))
            continue
        with pytest.raises(VerificationError, match=r"needs glibc 2\.40"):
            verify_loads([native, wheel], plan_of(file_name))
