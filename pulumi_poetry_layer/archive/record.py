"""The RECORD file of a distribution: the list of its files with their hashes and sizes.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import posixpath
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER

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


def source_of(name: bytes) -> bytes | None:
    """The name of the source of a compiled module in a ``__pycache__`` folder (PEP 3147); None for other files."""
    folder, _, file = name.rpartition(b"/")
    if not (folder.endswith(b"/__pycache__") and file.endswith(b".pyc")):
        return None
    return folder.removesuffix(b"__pycache__") + file.removesuffix(b".pyc").rpartition(b".")[0] + b".py"


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """A row of RECORD.

    Attributes:
        path: path of the file, relative to site-packages.
        digest: algorithm and hash, such as ``sha256=…``; empty for RECORD itself.
        size: size in bytes; empty for RECORD itself.
    """

    path: str
    digest: str
    size: str


def record_path(name: str) -> str:
    """The path in RECORD of a file of the layer: relative to ``python/``, which is the layer's site-packages."""
    return name[len(LAYER_FOLDER) :] if name.startswith(LAYER_FOLDER) else f"../{name}"


def layer_name(path: str) -> str:
    """The name in the layer of a path in RECORD."""
    return posixpath.normpath(LAYER_FOLDER + path)


def is_record(name: str) -> bool:
    """Whether a file of the layer is the RECORD of a distribution."""
    folder, _, file = name.removeprefix(LAYER_FOLDER).partition("/")
    return name.startswith(LAYER_FOLDER) and folder.endswith(".dist-info") and file == "RECORD"


def parse_record(text: str) -> Iterator[RecordEntry]:
    """The rows of a RECORD file. Rows that do not have three fields are skipped."""
    return parse_record_lines(io.StringIO(text))


def parse_record_lines(lines: Iterable[str]) -> Iterator[RecordEntry]:
    """The rows of a RECORD file that is read line by line. Paths of Windows get slashes, as installers give them."""
    for row in csv.reader(lines):
        if len(row) == 3:
            path, digest, size = row
            yield RecordEntry(path.replace("\\", "/"), digest, size)


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
    return entry_of(path, hashlib.sha256(data).digest(), len(data))


def entry_of(path: str, sha256: bytes, size: int) -> RecordEntry:
    """The row for a file with this SHA-256 and size in bytes."""
    digest = base64.urlsafe_b64encode(sha256).rstrip(b"=").decode()
    return RecordEntry(path, f"sha256={digest}", str(size))
