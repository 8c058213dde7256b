"""A distribution's RECORD: which files it brings, and the same list made true to what is in the layer.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INSTALLER_NAME = "pulumi-poetry-layer"
"""Content of INSTALLER: the tool that laid the files out, without a version, so that the bytes stay the same."""

INSTALLATION_FILES = frozenset({"direct_url.json", "REQUESTED"})
"""Files of a .dist-info folder that tell how one installation came about; a layer has none of them."""

SCHEMES_OUTSIDE = frozenset({"scripts", "headers", "data"})
"""Folders of a wheel's ``.data`` whose files do not land in site-packages.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""


def is_bytecode_cache(path: str) -> bool:
    """Whether a file is the interpreter's cache of compiled modules, which says nothing about the distribution."""
    return "__pycache__" in path.split("/")[:-1]


@dataclass(frozen=True)
class RecordEntry:
    """A row of RECORD: path, ``sha256=…`` digest and size in bytes; both empty for RECORD itself."""

    path: str
    digest: str
    size: str


def parse_record(text: str) -> Iterator[RecordEntry]:
    """The rows of a RECORD file; rows that are not three fields long are passed over."""
    for row in csv.reader(io.StringIO(text)):
        if len(row) == 3:
            yield RecordEntry(*row)


def format_record(entries: Iterable[RecordEntry]) -> bytes:
    """RECORD text for these rows, sorted by path."""
    text = io.StringIO()
    rows = sorted((entry.path, entry.digest, entry.size) for entry in entries)
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def entry_for(path: str, data: bytes) -> RecordEntry:
    """The row of a file with these bytes."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return RecordEntry(path, f"sha256={digest}", str(len(data)))
