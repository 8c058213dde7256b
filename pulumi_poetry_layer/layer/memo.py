"""A cache of the digests of archives that were written on this machine.

The same segments and the same code give the same archive. The cache key is a digest of both, and an archive that is in
the cache need not be hashed again. An entry that is missing, damaged or cannot be written is no error.
"""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pulumi_poetry_layer
from pulumi_poetry_layer.archive.members import Segment
from pulumi_poetry_layer.archive.writer import KnownArchive
from pulumi_poetry_layer.host.cache import cache_folder, make_cache_folder
from pulumi_poetry_layer.host.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.archive.writer import ArchiveSummary

_MOST_ENTRIES = 100
"""The number of entries that are kept; the oldest are removed first."""


def recall_archive(parts: Sequence[Member | Segment]) -> KnownArchive | None:
    """The cache entry of the archive of these parts, None if there is none."""
    path = _archive_path(parts)
    with suppress(OSError, ValueError, KeyError, TypeError):
        entry = json.loads(path.read_bytes()) if path else {}
        return KnownArchive(sha256=str(entry["sha256"]), whole=frozenset(map(str, entry["whole"])))
    return None


def remember_archive(parts: Sequence[Member | Segment], summary: ArchiveSummary) -> None:
    """Add an archive to the cache, if all of its parts are segments: only segments have checksums for the key."""
    if path := _archive_path(parts):
        _write_entry(path, {"sha256": summary.sha256, "whole": sorted(summary.whole)})


def _write_entry(path: Path, entry: dict[str, Any]) -> None:
    with suppress(OSError):
        make_cache_folder(path.parent)
        write_atomically(path, json.dumps(entry).encode())
        entries = sorted(path.parent.glob("*.json"), key=lambda other: other.stat().st_mtime_ns)
        for old in entries[:-_MOST_ENTRIES]:
            old.unlink(missing_ok=True)


def _archive_path(parts: Sequence[Member | Segment]) -> Path | None:
    key = [*_code()]
    for part in parts:
        if not isinstance(part, Segment):
            return None
        # The name of a segment file is the digest of its source; the checksums are those of its content.
        directory = crc32(part.headers + b"\0".join(part.names))
        key.append(f"{part.distribution} {part.path.name} {part.length} {part.crc} {directory}")
    return cache_folder("digests") / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()}.json"


@lru_cache(maxsize=1)
def _code() -> tuple[str, ...]:
    """Identifies the code that writes archives: the interpreter, and the files of this package."""
    package = Path(pulumi_poetry_layer.__file__).parent
    files = sorted((str(path.relative_to(package)), path.stat()) for path in package.rglob("*.py"))
    return sys.version, *(f"{name} {found.st_size} {found.st_mtime_ns}" for name, found in files)
