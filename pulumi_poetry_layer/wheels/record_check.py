"""What is wrong with the RECORD of a wheel.

Poetry installs wheels with a wrong RECORD, and the sha256 of the whole wheel is in the lock file. So a wrong RECORD is
a reason for a warning only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.record import RecordEntry
from pulumi_poetry_layer.wheels.notes import Names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pulumi_poetry_layer.wheels.member import DirectoryEntry, WheelMember


class RecordCheck:
    """Compares the rows of RECORD with the files of a wheel.

    Args:
        rows: the rows.
        files: path → entry of the files of the wheel.
        exempt: paths that need no row, or no hash.
    """

    def __init__(
        self, rows: Iterable[RecordEntry], files: Mapping[str, DirectoryEntry], exempt: Collection[str]
    ) -> None:
        self._exempt = exempt
        self._rows: dict[str, RecordEntry] = {}
        self._not_listed, self._twice, self._unknown, self._weak, self._wrong = (Names() for _ in range(5))
        for row in rows:
            if row.path in self._rows:
                self._twice.add(row.path)
            elif file := files.get(row.path):
                self._rows[file.name] = RecordEntry(file.name, row.digest, row.size)  # one copy of each name
            elif row.path not in exempt:
                self._unknown.add(row.path)

    def digest(self, path: str) -> str:
        """The hash that RECORD lists for a file; empty if it lists none."""
        row = self._rows.get(path)
        return row.digest if row else ""

    def check(self, path: str, member: WheelMember) -> None:
        """Compare a file with its row, which is removed: there can be very many of them."""
        row = self._rows.pop(path, None)
        if path in self._exempt:
            return
        if row is None:
            self._not_listed.add(path)
        elif member.matches_record is None:
            self._weak.add(path)
        elif not member.matches_record or row.size not in {"", str(member.size)}:
            self._wrong.add(path)

    def note(self) -> str:
        """What is wrong, in one sentence; empty if RECORD lists every file with its size and a strong hash."""
        problems = {
            "does not list": self._not_listed,
            "lists twice": self._twice,
            "lists files that the wheel does not have:": self._unknown,
            "has no hash or only a weak one for": self._weak,
            "has a wrong hash or size for": self._wrong,
        }
        text = "; ".join(f"{what} {names}" for what, names in problems.items() if names)
        return f"its RECORD {text}; the layer has a correct RECORD" if text else ""
