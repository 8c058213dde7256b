"""The wheel cache: each wheel that was ever needed, checked once and kept as a segment, for all projects of a user.

Entries are written under a temporary name and renamed, so processes may share the cache without seeing half of one.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from pulumi_poetry_layer.archive.segments import read_segment, write_segment
from pulumi_poetry_layer.errors import DamagedSegmentError
from pulumi_poetry_layer.host.files import replacing
from pulumi_poetry_layer.index.sources import Address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi_poetry_layer.archive.members import Segment
    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.wheels.reader import Wheel

_RULES = "4"
"""Part of the folder's name, raised with every change of what a wheel's segment holds."""


@dataclass(frozen=True, kw_only=True)
class CachedWheel:
    """A wheel in the cache: its members, and what it says about itself."""

    segment: Segment
    name: str
    version: str
    machines: frozenset[int]
    glibc: Mapping[int, tuple[int, ...]]


def cache_key(package: PlannedPackage) -> str:
    """What a package's wheel is cached under: the hash of its file, or of the commit or folder it is built from."""
    if package.digest:
        return f"path:{package.digest}"
    if package.file:
        return package.file.hash
    source = package.source

    # Without a login: a new token is the same repository.
    commit = [Address.of(source.url).url, source.resolved_reference, source.subdirectory] if source else []
    return "git:" + hashlib.sha256(json.dumps(commit).encode()).hexdigest()


class WheelCache:
    """Wheels by the hash of the file they came from.

    Args:
        folder: where the cache lies; made when needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._folder = folder / _RULES

    def find(self, key: str, distribution: str) -> CachedWheel | None:
        """The wheel of that hash, None when it is not there or was damaged.

        Args:
            key: what the entry was added under.
            distribution: normalized name of the distribution.
        """
        path = self._path(key)
        try:
            segment, notes = read_segment(path, distribution)
        except OSError:
            return None  # not there; what is wrong with the folder, if anything, shows when the wheel is added
        except DamagedSegmentError:
            self.remove(path)
            return None
        return CachedWheel(
            segment=segment,
            name=notes["name"],
            version=notes["version"],
            machines=frozenset(notes["machines"]),
            glibc={int(machine): tuple(version) for machine, version in notes["glibc"].items()},
        )

    def add(self, key: str, wheel: Wheel) -> None:
        """Keep a wheel."""
        notes = {"name": wheel.name, "version": wheel.version, "machines": sorted(wheel.machines), "glibc": wheel.glibc}
        # Windows does not replace a file that another process is reading: then that one is as good.
        with suppress(PermissionError), replacing(self._path(key)) as file:
            write_segment(wheel.members, file, notes)

    def remove(self, path: Path) -> None:
        """Drop an entry that turned out to be damaged."""
        with suppress(OSError):
            path.unlink()

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold while adding, so that processes that need the same wheel download it once."""
        path = self._path(key).with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path):
            yield

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A temporary folder on the cache's file system."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=self._folder) as folder:
            yield Path(folder)

    def _path(self, key: str) -> Path:
        return self._folder / key.replace(":", "-")
