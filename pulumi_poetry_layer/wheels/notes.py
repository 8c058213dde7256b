"""Names of files for a note about a package: the first few, and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.printable import printable_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 3


class Names:
    """Collects names. It keeps only the first ones in alphabetical order, because there can be very many of them.

    Args:
        names: names to start with.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._first: list[str] = []
        self._count = 0
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Add a name that was not added before."""
        self._count += 1
        self._first = sorted([*self._first, name])[:_SHOWN]

    def __bool__(self) -> bool:
        return self._count > 0

    def __str__(self) -> str:
        shown = ", ".join(map(printable_line, self._first))  # RECORD can list names with control characters
        return f"{shown} and {self._count - _SHOWN} more" if self._count > _SHOWN else shown
