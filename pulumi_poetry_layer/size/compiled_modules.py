"""How much larger compiled modules make a layer, before anything is compiled: a rough estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pulumi_poetry_layer.archive.zip_format import CENTRAL_SIZE, LOCAL_SIZE
from pulumi_poetry_layer.bytecode.rules import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_poetry_layer.archive.members import Segment

_UNZIPPED, _ZIPPED = 1.07, 1.8
"""Bytes of compiled modules per byte of their sources, unzipped and zipped, as measured with the fixtures of the
benchmarks. Single packages differ by a third."""

_LONGER_NAME = len("__pycache__/.cpython-313c")


class CompiledSize(NamedTuple):
    """The estimated size of compiled modules.

    Attributes:
        size: bytes in the zip.
        unzipped_size: bytes of the files.
    """

    size: int
    unzipped_size: int


NOTHING_COMPILED = CompiledSize(0, 0)
"""The size without compiled modules."""


def sum_of(sizes: Iterable[CompiledSize]) -> CompiledSize:
    """All sizes together."""
    listed = list(sizes)
    return CompiledSize(sum(one.size for one in listed), sum(one.unzipped_size for one in listed))


def estimate(files: Mapping[str, tuple[int, int]]) -> CompiledSize:
    """The size that the compiled modules of a distribution may have.

    Args:
        files: the name in the layer of each file → its compressed and uncompressed size.
    """
    sources = sources_of(files)
    zipped = sum(files[name][0] for name in sources) * _ZIPPED
    names = sum(2 * (len(name.encode()) + _LONGER_NAME) + LOCAL_SIZE + CENTRAL_SIZE for name in sources)
    return CompiledSize(int(zipped) + names, int(sum(files[name][1] for name in sources) * _UNZIPPED))


def estimate_for(segment: Segment) -> CompiledSize:
    """The size that the compiled modules of a wheel in the cache may have."""
    files = {}
    for index, name in enumerate(segment.names):
        if name.endswith(b".py"):
            entry = segment.entry(index)
            files[name.decode()] = (entry.compressed_size, entry.size)
    return estimate(files)
