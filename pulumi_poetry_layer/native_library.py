"""What a native library needs of the system that loads it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, TYPE_CHECKING

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 10_000
"""Sections, and versions, that are looked at; a real library has some dozens of each, a hostile one says billions."""


@dataclass(frozen=True)
class NativeNeeds:
    """The processor, as the ELF specification calls it (``EM_X86_64``), and the newest glibc, (0, 0) for none."""

    machine: str
    glibc: tuple[int, ...]


def needs_of(file: IO[bytes]) -> NativeNeeds | None:
    """What an ELF file needs; None for what is none, such as the broken ones that some packages bring as test data."""
    try:
        elf = ELFFile(file)
        return NativeNeeds(machine=elf["e_machine"], glibc=max(_glibc_versions(elf), default=(0, 0)))
    except Exception:  # what comes of offsets that lead nowhere is of many kinds, not all of them the library's own
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
