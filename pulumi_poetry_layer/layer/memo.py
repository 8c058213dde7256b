"""What is known of archives that were written on this machine before.

The same segments give the same archive, so its digest is kept under a digest of all that goes into it, this package's
own code included. What is missing, damaged or cannot be written is found out again.
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
from pulumi_poetry_layer.host.cache import cache_folder
from pulumi_poetry_layer.host.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.archive.writer import ArchiveSummary

_KEPT = 100
"""So many digests are kept, the youngest ones."""


def recall_archive(parts: Sequence[Member | Segment]) -> KnownArchive | None:
    """What is known of the archive of these parts; None when nothing is."""
    path = _archive_path(parts)
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(path.read_bytes()) if path else {}
        return KnownArchive(sha256=str(told["sha256"]), whole=frozenset(map(str, told["whole"])))
    return None


def remember_archive(parts: Sequence[Member | Segment], summary: ArchiveSummary) -> None:
    """Remember what is known of an archive, if all of its parts are segments: these are known by their checksums."""
    if path := _archive_path(parts):
        _remember(path, {"sha256": summary.sha256, "whole": sorted(summary.whole)})


def _remember(path: Path, told: dict[str, Any]) -> None:
    with suppress(OSError):
        write_atomically(path, json.dumps(told).encode())
        remembered = sorted(path.parent.glob("*.json"), key=lambda other: other.stat().st_mtime_ns)
        for old in remembered[:-_KEPT]:
            old.unlink()


def _archive_path(parts: Sequence[Member | Segment]) -> Path | None:
    key = [*_code()]
    for part in parts:
        if not isinstance(part, Segment):
            return None
        # The file's name is the digest of what it was made from, its checksums tell what is in it.
        directory = crc32(part.headers + b"\0".join(part.names))
        key.append(f"{part.distribution} {part.path.name} {part.length} {part.crc} {directory}")
    return cache_folder("digests") / f"{_sha256(json.dumps(key))}.json"


@lru_cache(maxsize=1)
def _code() -> tuple[str, ...]:
    """What writes archives: this package's files as they are here, and the interpreter."""
    package = Path(pulumi_poetry_layer.__file__).parent
    files = sorted((str(path.relative_to(package)), path.stat()) for path in package.rglob("*.py"))
    return sys.version, *(f"{name} {found.st_size} {found.st_mtime_ns}" for name, found in files)


def _sha256(*texts: str) -> str:
    return hashlib.sha256("".join(texts).encode()).hexdigest()
