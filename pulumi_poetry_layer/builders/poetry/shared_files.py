"""Files that several installed distributions contain, with different contents.

Poetry installs the distributions one after the other, in the order of their names. So the file of the last one remains,
which is the rule of ``archive.duplicates`` too.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.duplicates import EXCLUDE_HINT
from pulumi_poetry_layer.archive.record import RecordEntry, entry_for
from pulumi_poetry_layer.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class SharedFiles:
    """The conflicts between installed distributions, found by the rows of their RECORD files.

    Args:
        rows: normalized name of a distribution → the rows of its RECORD, as Poetry has written them.
    """

    def __init__(self, rows: Mapping[str, Iterable[RecordEntry]]) -> None:
        by_path: dict[str, dict[str, RecordEntry]] = defaultdict(dict)
        for distribution, entries in rows.items():
            for entry in entries:
                by_path[entry.path][distribution] = entry
        self._conflicts = {path: found for path, found in by_path.items() if len(set(found.values())) > 1}

    def is_replaced(self, distribution: str, entry: RecordEntry) -> bool:
        """Whether another distribution has replaced this file."""
        return entry.path in self._conflicts and distribution != max(self._conflicts[entry.path])

    def replaced_by(self, distribution: str, entry: RecordEntry) -> tuple[str, ...]:
        """The distributions whose files, with other contents, this file has replaced."""
        found = self._conflicts.get(entry.path, {})
        if not found or distribution != max(found):
            return ()
        return tuple(sorted(name for name, other in found.items() if other != entry))

    def row(self, distribution: str, entry: RecordEntry, path: Path) -> RecordEntry:
        """The row of RECORD that is true for the file on disk.

        Raises:
            VerificationError: the file on disk is not the one of the last distribution in the order of names.
        """
        if entry.path not in self._conflicts:
            return entry
        found = self._conflicts[entry.path]
        last = max(found)
        if distribution == last and path.is_file() and entry_for(entry.path, path.read_bytes()) != entry:
            raise VerificationError(
                f"{' and '.join(sorted(found))} contain this file, and Poetry did not install that of {last} last",
                where=entry.path,
                hint=EXCLUDE_HINT,
            )
        return found[last]
