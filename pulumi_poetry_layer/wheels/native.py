"""What native files (ELF) need from the system that loads them, and whether the target has it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, cast

from pulumi_poetry_layer.archive.members import FileContent, Member
from pulumi_poetry_layer.errors import VerificationError, raise_problems
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.wheels.metadata import parse_headers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from elftools.elf.elffile import ELFFile

    from pulumi_poetry_layer.archive.members import Segment
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage
    from pulumi_poetry_layer.plan.target import Target

MACHINE_NUMBERS = {"x86_64": 62, "aarch64": 183}
"""Machine name (``uname -m``) → ELF machine number: EM_X86_64 and EM_AARCH64.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
"""

CONTAINER_HINT = "use the container builder: it compiles the package in the build image of the runtime"
"""Hint for packages that must be compiled for the target."""

_MAGIC = b"\x7fELF"
_HEADER = {1: struct.Struct("<16xHH"), 2: struct.Struct(">16xHH")}  # byte order → layout: file type, machine
_HEADER_SIZE = 20
_BYTE_ORDER = 5  # offset of the byte that says the byte order

_MOST = 10_000
"""The most sections, and versions, to read. A hostile file may claim billions; a real library has some dozens."""

_MOST_BYTES = 1 << 25
"""The most bytes to read. The headers and version names of a real library take some kilobytes."""


@dataclass(frozen=True)
class NativeNeeds:
    """What a native file needs.

    Attributes:
        machine: ELF machine number (see :data:`MACHINE_NUMBERS`).
        glibc: the oldest glibc version that is new enough; (0, 0) if the file needs no glibc.
    """

    machine: int
    glibc: tuple[int, ...]


def is_library(name: str) -> bool:
    """Whether a file has the name of a shared library or an extension module."""
    return ".so" in name.rpartition("/")[2]


def machine_of(start: bytes) -> int | None:
    """The ELF machine number of a file, or None if the file is not ELF.

    Args:
        start: the first 20 bytes of the file, or more.
    """
    if not start.startswith(_MAGIC) or len(start) < _HEADER_SIZE or start[_BYTE_ORDER] not in _HEADER:
        return None
    return int(_HEADER[start[_BYTE_ORDER]].unpack(start[:_HEADER_SIZE])[1])


def needs_of(file: IO[bytes]) -> NativeNeeds | None:
    """What a native file needs, or None if the file is not ELF or is broken, as test data of some packages is."""
    file.seek(0)
    machine = machine_of(file.read(_HEADER_SIZE))
    if machine is None:
        return None
    # A warm build reads no native files, and should not wait for this library.
    from elftools.elf.elffile import ELFFile

    try:
        elf = ELFFile(cast("IO[bytes]", _Limited(file)))
        return NativeNeeds(machine=machine, glibc=max(_glibc_versions(elf), default=(0, 0)))
    except Exception:  # invalid offsets raise many kinds of errors, not only those of the library
        return None


class _Limited:
    """A file of which only so many bytes can be read: a name in a hostile file may be as long as the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell = file.seek, file.tell
        self._file = file
        self._left = _MOST_BYTES

    def read(self, size: int = -1) -> bytes:
        if size > self._left or size < 0:
            raise ValueError("more bytes than a real library needs")
        self._left -= size
        return self._file.read(size)


def _glibc_versions(elf: ELFFile) -> Iterator[tuple[int, ...]]:
    """The versions x.y of the ``GLIBC_x.y`` symbols that a file needs (section ``.gnu.version_r``)."""
    if elf.num_sections() > _MOST:
        return
    from elftools.elf.gnuversions import GNUVerNeedSection

    section = elf.get_section_by_name(".gnu.version_r")
    if not isinstance(section, GNUVerNeedSection):
        return
    needed = chain.from_iterable(auxiliaries for _, auxiliaries in islice(section.iter_versions(), _MOST))
    for auxiliary in islice(needed, _MOST):
        library, _, version = auxiliary.name.partition("_")
        if library == "GLIBC" and version.replace(".", "").isdigit():
            yield tuple(map(int, version.split(".")))


def platforms_of(wheel_tag: str) -> frozenset[str]:
    """The kinds of platform in a tag: ``cp312-cp312-linux_x86_64.manylinux_2_17_x86_64`` → linux, manylinux."""
    return frozenset(tag.partition("_")[0] for tag in wheel_tag.rpartition("-")[2].split("."))


def verify_loads(members: Iterable[Member | Segment], plan: BuildPlan) -> None:
    """Check the native files among the members that are files on disk, by the rules of the wheels builder.

    The tag of a distribution decides what is checked. Native files of a distribution for every platform (``any``) are
    data. A ``manylinux`` tag promises that the files need no newer glibc (PEP 600), a ``linux`` tag promises nothing.

    Raises:
        VerificationError: a file needs a newer glibc than the target has, or the libraries of a distribution are for
            other machines only.
    """
    by_distribution: dict[str, dict[str, Path]] = {}
    for member in members:
        if isinstance(member, Member) and isinstance(member.content, FileContent):
            by_distribution.setdefault(member.distribution, {})[member.name] = member.content.path
    raise_problems(
        VerificationError(problem, where=where, hint=CONTAINER_HINT)
        for package in plan.packages
        for where, problem in _problems(package, by_distribution.get(package.name, {}), plan.target)
    )


def _problems(package: PlannedPackage, files: Mapping[str, Path], target: Target) -> Iterator[tuple[str, str]]:
    """Where a problem of a package is, and what it is."""
    platforms = _platforms(package, files)
    if platforms <= {"any"}:
        return
    machine = MACHINE_NUMBERS[target.machine]
    machines = set()
    for name, path in files.items():
        with path.open("rb") as file:
            found = machine_of(file.read(_HEADER_SIZE))
            if found is None:
                continue
            if is_library(name):
                machines.add(found)
            needs = needs_of(file) if found == machine and "linux" in platforms else None
        if needs and (problem := glibc_problem(needs.glibc, target)):
            yield f"{package.name}: {name}", problem
    if problem := machine_problem(machines, target):
        yield package.label, problem


def _platforms(package: PlannedPackage, files: Mapping[str, Path]) -> frozenset[str]:
    """The kinds of platform that the distribution is for: by the name of its wheel, or as its WHEEL file says."""
    if package.file and is_wheel(package.file.name):
        return platforms_of(package.file.name.removesuffix(".whl"))
    headers = (path for name, path in files.items() if name.endswith(".dist-info/WHEEL"))
    tags = (parse_headers(path.read_text(encoding="utf-8")).get_all("Tag", []) for path in headers)
    return frozenset().union(*map(platforms_of, chain.from_iterable(tags)))


def machine_problem(machines: Collection[int], target: Target) -> str | None:
    """Why a distribution with libraries for these machines does not load on the target, or None if it does."""
    if not machines or MACHINE_NUMBERS[target.machine] in machines:
        return None
    return f"has native libraries, but none for {target.machine}"


def glibc_problem(needed: tuple[int, ...], target: Target) -> str | None:
    """Why a library that needs this glibc version does not load on the target, or None if it does."""
    if needed <= target.glibc:
        return None
    needed_version, target_version = ".".join(map(str, needed)), ".".join(map(str, target.glibc))
    return f"needs glibc {needed_version}, but {target} has glibc {target_version} ({target.operating_system})"
