"""What native files (ELF) need from the system that loads them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any, cast

from pulumi_poetry_layer.wording import setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elftools.elf.elffile import ELFFile


def container_hint() -> str:
    """The hint for packages that must be compiled for the target."""
    builder = setting("builder", "container")
    return f"use the container builder ({builder}): it compiles the package in the build image of the runtime"


MACHINE_NUMBERS = {"x86_64": 62, "aarch64": 183}
"""Machine name (``uname -m``) → ELF machine number: EM_X86_64 and EM_AARCH64.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
"""

_MAGIC = b"\x7fELF"
_HEADER = {1: struct.Struct("<16xHH"), 2: struct.Struct(">16xHH")}  # byte order → layout: file type, machine
_HEADER_SIZE = 20
_BYTE_ORDER = 5  # offset of the byte that says the byte order

_MOST = 10_000
"""The most sections, and versions, to read. A hostile file may claim billions; a real library has some dozens."""

_MOST_BYTES = 1 << 25
"""The most bytes to read. The headers and version names of a real library take some kilobytes."""


@dataclass(frozen=True)
class NativeFile:
    """A native file of a layer.

    Attributes:
        name: its path in the layer.
        needs: what it needs.
    """

    name: str
    needs: NativeNeeds

    def document(self) -> list[Any]:
        """The same as a JSON value."""
        return [self.name, self.needs.machine, self.needs.glibc, self.needs.libraries]

    @classmethod
    def of(cls, document: Sequence[Any]) -> NativeFile:
        """Restore it from :meth:`document`."""
        name, machine, glibc, libraries = document
        return cls(name, NativeNeeds(machine, tuple(glibc), tuple(libraries)))


@dataclass(frozen=True)
class NativeNeeds:
    """What a native file needs.

    Attributes:
        machine: ELF machine number (see :data:`MACHINE_NUMBERS`).
        glibc: the oldest glibc version that is new enough; (0, 0) if the file needs no glibc.
        libraries: the file names of the shared libraries that it is linked to (``DT_NEEDED``).
    """

    machine: int
    glibc: tuple[int, ...] = (0, 0)
    libraries: tuple[str, ...] = ()


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
    """What a native file needs, or None if the file is not ELF. Of a broken file, only the machine is known."""
    file.seek(0)
    machine = machine_of(file.read(_HEADER_SIZE))
    if machine is None:
        return None
    # A warm build reads no native files, and should not wait for this library.
    from elftools.elf.elffile import ELFFile

    try:
        elf = ELFFile(cast("IO[bytes]", _Limited(file)))
        return NativeNeeds(
            machine=machine, glibc=max(_glibc_versions(elf), default=(0, 0)), libraries=tuple(_libraries(elf))
        )
    except Exception:  # invalid offsets raise many kinds of errors, not only those of the library
        return NativeNeeds(machine)  # as test data of some packages is


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


def _libraries(elf: ELFFile) -> Iterator[str]:
    """The file names of the shared libraries that a file is linked to."""
    if elf.num_segments() > _MOST:
        return
    from elftools.elf.dynamic import DynamicSegment

    for segment in elf.iter_segments("PT_DYNAMIC"):
        assert isinstance(segment, DynamicSegment)  # noqa: S101 - for the type checker
        for tag in islice(segment.iter_tags(), _MOST):
            if tag.entry.d_tag == "DT_NEEDED":
                yield str(vars(tag)["needed"])


def platforms_of(wheel_tag: str) -> frozenset[str]:
    """The kinds of platform in a tag: ``cp312-cp312-linux_x86_64.manylinux_2_17_x86_64`` → linux, manylinux."""
    return frozenset(tag.partition("_")[0] for tag in wheel_tag.rpartition("-")[2].split("."))
