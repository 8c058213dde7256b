"""The RECORD file of a distribution: the list of its files with their hashes and sizes.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INSTALLER_NAME = "pulumi-poetry-layer"
"""Content of the INSTALLER file. It has no version, so that every release writes the same bytes."""

INSTALLATION_FILES = frozenset({"direct_url.json", "REQUESTED"})
"""Files of a .dist-info folder that describe one installation; a layer does not contain them."""

SCHEMES_OUTSIDE = frozenset({"scripts", "headers", "data"})
"""Folders of a wheel's ``.data`` folder that are not installed into site-packages.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""


def is_bytecode_cache(path: str) -> bool:
    """Whether a file is in a ``__pycache__`` folder, where Python keeps compiled modules."""
    return "__pycache__" in path.split("/")[:-1]


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """A row of RECORD.

    Attributes:
        path: path of the file, relative to site-packages.
        digest: ``sha256=…`` or a stronger hash; empty for RECORD itself.
        size: size in bytes; empty for RECORD itself.
    """

    path: str
    digest: str
    size: str


def parse_record(text: str) -> Iterator[RecordEntry]:
    """The rows of a RECORD file. Rows that do not have three fields are skipped."""
    return parse_record_lines(io.StringIO(text))


def parse_record_lines(lines: Iterable[str]) -> Iterator[RecordEntry]:
    """The rows of a RECORD file that is read line by line."""
    for row in csv.reader(lines):
        if len(row) == 3:
            yield RecordEntry(*row)


def format_record(entries: Iterable[RecordEntry]) -> bytes:
    """The content of a RECORD file with these rows, sorted by path."""
    return format_sorted_record(sorted(entries, key=attrgetter("path", "digest", "size")))


def format_sorted_record(entries: Iterable[RecordEntry]) -> bytes:
    """The content of a RECORD file with these rows, which are sorted by path already."""
    data = io.BytesIO()
    with io.TextIOWrapper(data, "utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        for entry in entries:
            writer.writerow((entry.path, entry.digest, entry.size))
        text.flush()
        return data.getvalue()


def entry_for(path: str, data: bytes) -> RecordEntry:
    """The row for a file with this content."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return RecordEntry(path, f"sha256={digest}", str(len(data)))
