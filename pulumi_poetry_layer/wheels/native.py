"""What native files (ELF) need of the system that loads them, and whether the target has it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, TYPE_CHECKING

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from pulumi_poetry_layer.archive.members import FileContent, Member
from pulumi_poetry_layer.errors import VerificationError, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pulumi_poetry_layer.archive.members import Segment
    from pulumi_poetry_layer.plan.target import Target

MACHINE_NUMBERS = {"x86_64": 62, "aarch64": 183}
"""Machine, as ``uname -m`` calls it, and its number: EM_X86_64 and EM_AARCH64 of the ELF specification.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
"""

_MAGIC = b"\x7fELF"
_HEADER = {1: struct.Struct("<16xHH"), 2: struct.Struct(">16xHH")}  # byte order mark: file type and machine
_HEADER_SIZE = 20
_BYTE_ORDER = 5  # where the mark is
_BUILDER_HINT = "build it with the container builder, inside the build image of the runtime"

_MOST = 10_000
"""Sections, and versions, that are looked at; a real library has some dozens of each, a hostile one says billions."""


@dataclass(frozen=True)
class NativeNeeds:
    """The machine's number (see :data:`MACHINE_NUMBERS`), and the newest glibc, (0, 0) if it needs none."""

    machine: int
    glibc: tuple[int, ...]


def is_library(name: str) -> bool:
    """Whether a file's name is that of a shared library or an extension module."""
    return ".so" in name.rpartition("/")[2]


def machine_of(start: bytes) -> int | None:
    """The machine number of an ELF file, from its first 20 bytes; None if the file is not ELF."""
    if not start.startswith(_MAGIC) or len(start) < _HEADER_SIZE or start[_BYTE_ORDER] not in _HEADER:
        return None
    return int(_HEADER[start[_BYTE_ORDER]].unpack(start[:_HEADER_SIZE])[1])


def needs_of(file: IO[bytes]) -> NativeNeeds | None:
    """What an ELF file needs; None if the file is not ELF, or broken, as test data of some packages is."""
    file.seek(0)
    machine = machine_of(file.read(_HEADER_SIZE))
    if machine is None:
        return None
    try:
        return NativeNeeds(machine=machine, glibc=max(_glibc_versions(ELFFile(file)), default=(0, 0)))
    except Exception:  # offsets that lead nowhere raise errors of many kinds, not all of them the library's own
        return None


def _glibc_versions(elf: ELFFile) -> Iterator[tuple[int, ...]]:
    """The versions of GLIBC_x.y symbols that a file needs (section .gnu.version_r)."""
    if elf.num_sections() > _MOST:
        return
    section = elf.get_section_by_name(".gnu.version_r")
    if not isinstance(section, GNUVerNeedSection):
        return
    needed = chain.from_iterable(auxiliaries for _, auxiliaries in islice(section.iter_versions(), _MOST))
    for auxiliary in islice(needed, _MOST):
        library, _, version = auxiliary.name.partition("_")
        if library == "GLIBC" and version.replace(".", "").isdigit():
            yield tuple(map(int, version.split(".")))


def verify_loads(members: Iterable[Member | Segment], target: Target) -> None:
    """Check every native file among the members that lie on disk; segments were checked when they were made.

    Raises:
        VerificationError: a file for another processor, or one that needs a newer glibc than the target's.
    """
    raise_problems(
        VerificationError(problem, where=f"{member.distribution}: {member.name}", hint=_BUILDER_HINT)
        for member in members
        if isinstance(member, Member) and isinstance(member.content, FileContent)
        for problem in _problems(member.content.path, target)
    )


def _problems(path: Path, target: Target) -> Iterator[str]:
    with path.open("rb") as file:
        needs = needs_of(file)
    if needs is None or needs.machine != MACHINE_NUMBERS[target.machine]:
        return  # data, such as another processor's launcher; what is imported is held by the wheel's tag
    if problem := glibc_problem(needs.glibc, target):
        yield problem


def glibc_problem(needed: tuple[int, ...], target: Target) -> str | None:
    """What is wrong with a library that needs a glibc as new as that, None when the target has it."""
    if needed <= target.glibc:
        return None
    newest, offered = ".".join(map(str, needed)), ".".join(map(str, target.glibc))
    return f"needs glibc {newest}, {target} has {offered} ({target.operating_system})"
