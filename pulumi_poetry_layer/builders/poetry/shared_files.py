"""Files that several installed distributions contain, with different contents.

A layer has the file of the last distribution in the order of names, which is the rule of ``archive.duplicates`` too.
Poetry installs several distributions at the same time, so any of these files may remain in its environment.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.record import RecordEntry, entry_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path


class SharedFiles:
    """The conflicts between installed distributions, found by the rows of their RECORD files.

    Args:
        rows: normalized name of a distribution → the rows of its RECORD, as Poetry has written them.
        silent: paths in RECORD of conflicts that nobody needs to know of.
    """

    def __init__(self, rows: Mapping[str, Iterable[RecordEntry]], silent: Collection[str] = ()) -> None:
        self._silent = silent
        by_path: dict[str, dict[str, RecordEntry]] = defaultdict(dict)
        for distribution, entries in rows.items():
            for entry in entries:
                by_path[entry.path][distribution] = entry
        self._conflicts = {path: found for path, found in by_path.items() if len(set(found.values())) > 1}

    def conflicts(self) -> Iterator[tuple[str, str, list[str]]]:
        """Path in RECORD, the distribution whose file is in the layer, and those whose files are others."""
        for path, found in self._conflicts.items():
            last = max(found)
            yield path, last, [name for name, entry in found.items() if entry != found[last]]

    def is_replaced(self, distribution: str, entry: RecordEntry) -> bool:
        """Whether another distribution has replaced this file."""
        return entry.path in self._conflicts and distribution != max(self._conflicts[entry.path])

    def replaced_by(self, distribution: str, entry: RecordEntry) -> tuple[str, ...]:
        """The distributions whose files, with other contents, this file has replaced; none if that is silent."""
        found = self._conflicts.get(entry.path, {})
        if not found or distribution != max(found) or entry.path in self._silent:
            return ()
        return tuple(sorted(name for name, other in found.items() if other != entry))

    def row(self, entry: RecordEntry) -> RecordEntry:
        """The row of RECORD for the file that is in the layer."""
        found = self._conflicts.get(entry.path)
        return found[max(found)] if found else entry

    def overwritten(self, distribution: str, files: Mapping[str, tuple[Path, RecordEntry]]) -> list[str]:
        """The files of a distribution that are in the layer, but of which another distribution's is on disk.

        Args:
            distribution: normalized name of the distribution.
            files: name in the layer → path on disk and row of RECORD, for the files of the distribution.
        """
        return [
            name
            for name, (path, entry) in files.items()
            if entry.path in self._conflicts
            and not self.is_replaced(distribution, entry)
            and path.is_file()
            and entry_for(entry.path, path.read_bytes()) != entry
        ]
