"""What leaving packages or files out of a layer would bring, as a table for messages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.units import mebibytes

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = 10
_HEADINGS = ("package", "zipped", "unzipped", "exclude saves", "strip saves up to")
_UNKNOWN = "?"


@dataclass(frozen=True, kw_only=True)
class PackageSavings:
    """The size of a package, and what leaving out it or some of its files would bring.

    Attributes:
        name: normalized name of the distribution.
        size: bytes in the zip; None if they are not known.
        unzipped_size: bytes of its files.
        excluding: unzipped bytes of the package and of what only it needs.
        stripping: unzipped bytes of its tests, stubs and sources, some of which may be needed; None if not known.
    """

    name: str
    size: int | None
    unzipped_size: int
    excluding: int
    stripping: int | None


def savings_table(savings: Sequence[PackageSavings]) -> str:
    """A table of the largest packages, one line each."""
    ordered = sorted(savings, key=lambda one: (-one.unzipped_size, one.name))
    rows = [_HEADINGS, *map(_row, ordered[:_LISTED])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
    if others := ordered[_LISTED:]:
        total = mebibytes(sum(one.unzipped_size for one in others))
        lines.append(f"and {len(others)} smaller packages with {total} unzipped")
    return "\n".join(f"    {line}" for line in lines)


def _row(one: PackageSavings) -> tuple[str, ...]:
    sizes = (one.size, one.unzipped_size, one.excluding, one.stripping)
    return (one.name, *(_UNKNOWN if size is None else mebibytes(size) for size in sizes))
