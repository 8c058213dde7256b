"""The wheel cache of a user: one checked wheel per entry, stored as a segment of a layer zip.

All projects of a user share it. An entry is written under a temporary name and then renamed, so no process ever sees
a half-written entry.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.segments import check_segment, read_segment, write_segment
from pulumi_poetry_layer.errors import DamagedSegmentError
from pulumi_poetry_layer.host.build_log import warn
from pulumi_poetry_layer.host.cache import cache_problem, digest_name, make_cache_folder
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.host.files import TEMPORARY_PREFIX, replacing
from pulumi_poetry_layer.host.leftovers import remove_leftovers
from pulumi_poetry_layer.host.locks import locked, remove_owners
from pulumi_poetry_layer.index.sources import Address
from pulumi_poetry_layer.wheels.built_version import version_notes
from pulumi_poetry_layer.wheels.native import NativeFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from pulumi_poetry_layer.archive.members import Member, Segment
    from pulumi_poetry_layer.host.locks import Patience
    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.strip.layer_files import StrippedFiles
    from pulumi_poetry_layer.wheels.reader import Wheel

_FORMAT = "9"
"""The folder's name; to be raised with every change to the content of a segment or to the names of entries."""

_WORKSPACE = ".adding-"

STRIP_NOTE = "strip"
"""The note of a segment without some files of its wheel: which tests are left out, and which it refers to."""

BYTECODE_NOTE = "bytecode"
"""The note of a segment that says which Python has compiled its modules."""


@dataclass(frozen=True, kw_only=True)
class CachedWheel:
    """A wheel in the cache.

    Attributes:
        segment: its members, ready to be copied into a layer zip.
        name: normalized name of the distribution.
        version: version of the distribution.
        notes: what is wrong with the wheel and does no harm, and which of its files a layer does not have.
        interpreters: the Python tags (``py3``) of a wheel that was built on this host; none for others.
    """

    segment: Segment
    name: str
    version: str
    notes: tuple[str, ...] = ()
    interpreters: frozenset[str] = frozenset()

    def warnings(self, package: PlannedPackage) -> list[str]:
        """What to say about the package: nothing, or one line with all notes."""
        notes = [*self.notes, *version_notes(package, self.version)]
        return [f"{package.label}: {'; '.join(notes)}"] if notes else []


def cache_key(package: PlannedPackage) -> str:
    """The key of a package's wheel in the cache.

    It is the hash of the locked file, or a hash of the commit or folder that the wheel is built from. If constraints
    decide what it is built with, they are part of the key.
    """
    key = _source_key(package)
    if not package.build_constraints:
        return key
    return "constrained:" + hashlib.sha256(json.dumps([key, package.build_constraints]).encode()).hexdigest()


def _source_key(package: PlannedPackage) -> str:
    if package.digest:
        return f"path:{package.digest}"
    if package.file:
        return package.file.hash
    source = package.source

    # Without the login: the repository is the same with a new token.
    commit = [Address.of(source.url).url, source.resolved_reference, source.subdirectory] if source else []
    return "git:" + hashlib.sha256(json.dumps(commit).encode()).hexdigest()


class WheelCache:
    """Wheels by the key that :func:`cache_key` returns.

    Args:
        folder: the folder of the cache; created when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._folder = folder / _FORMAT

    def find(self, key: str, distribution: str) -> CachedWheel | None:
        """Return a wheel, or None if the cache does not have it. A damaged entry is removed, whatever it is.

        Args:
            key: the wheel's key.
            distribution: normalized name of the distribution.
        """
        path = self._path(key)
        try:
            segment = read_segment(path, distribution)
            if segment.notes["key"] != key:  # the file of another wheel
                raise DamagedSegmentError(path)
        except DamagedSegmentError:
            self._remove(path)
            return None
        return CachedWheel(
            segment=segment,
            name=segment.notes["name"],
            version=segment.notes["version"],
            notes=tuple(segment.notes["notes"]),
            interpreters=frozenset(segment.notes["interpreters"]),
        )

    def add(self, key: str, wheel: Wheel, folder: Path | None = None) -> None:
        """Store a wheel under a key.

        Args:
            key: the wheel's key.
            wheel: the wheel.
            folder: a :meth:`workspace` to write the entry in first; None means beside its final place.
        """
        notes = {
            "name": wheel.name,
            "version": wheel.version,
            "platforms": sorted(wheel.platforms),
            "requirements": wheel.requirements,
            "natives": [native.document() for native in wheel.natives],
            "notes": wheel.notes,
            "interpreters": sorted(wheel.interpreters),
        }
        self._write(key, wheel.members, notes, folder)

    def add_compiled(self, key: str, wheel: CachedWheel, members: Iterable[Member], release: str) -> None:
        """Store a wheel with its compiled modules under another key.

        Args:
            key: the key.
            wheel: the wheel without them.
            members: its members with them.
            release: the Python that has compiled them.
        """
        self._write(key, members, {**wheel.segment.notes, BYTECODE_NOTE: release})

    def add_stripped(self, key: str, wheel: CachedWheel, files: StrippedFiles) -> None:
        """Store a wheel without some of its files under another key.

        Args:
            key: the key.
            wheel: the whole wheel.
            files: its other files.
        """
        notes, unneeded = dict(wheel.segment.notes), files.unneeded
        notes["natives"] = [native for native in notes["natives"] if NativeFile.of(native).name not in unneeded.names]
        notes[STRIP_NOTE] = {"test_packages": unneeded.test_packages, "foreign_tests": unneeded.foreign_tests}
        self._write(key, files.members, notes)

    def _write(self, key: str, members: Iterable[Member], notes: Mapping[str, Any], folder: Path | None = None) -> None:
        make_cache_folder(self._folder)
        # Windows refuses to replace a file that another process is reading. That file has the same content.
        with suppress(PermissionError), replacing(self._path(key), folder=folder) as file:
            write_segment(members, file, {**notes, "key": key})

    def remove_leftovers(self) -> None:
        """Remove what processes that were killed have left in the folder."""
        remove_leftovers(self._folder, _WORKSPACE, TEMPORARY_PREFIX)
        remove_owners(self._folder)

    def problem(self) -> OSError | None:
        """Why nothing can be added, for example because the folder belongs to another user; None if it works."""
        return cache_problem(self._folder)

    def checked_members(self, wheel: CachedWheel) -> list[Member]:
        """The files of a wheel, after a check of its bytes.

        Raises:
            DamagedSegmentError: the wheel is damaged; it is removed.
        """
        segment = wheel.segment
        try:
            check_segment(segment)
        except DamagedSegmentError as error:
            warn(f"{error.path} is damaged: it is removed, and its wheel is fetched again")
            self.remove_damaged([segment])
            raise
        return [segment.member(index) for index in range(len(segment.names))]

    def remove_damaged(self, segments: Iterable[Segment]) -> None:
        """Remove the entries of segments that are damaged. All of them are read and checked."""
        for segment in segments:
            try:
                check_segment(segment)
            except DamagedSegmentError:
                self._remove(segment.path)

    def _remove(self, path: Path) -> None:
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    @contextmanager
    def lock(self, key: str, label: str, patience: Patience | None = None) -> Iterator[None]:
        """Lock a key while its wheel is added, so that only one process downloads it.

        Args:
            key: the wheel's key.
            label: name and version of the package, for messages.
            patience: how long to wait for another process.

        Raises:
            HostError: another process kept the lock for too long.
        """
        make_cache_folder(self._folder)
        with locked(self._path(key).with_suffix(".lock"), label, patience):
            yield

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A temporary folder on the file system of the cache."""
        make_cache_folder(self._folder)
        with temporary_folder(self._folder, prefix=_WORKSPACE) as folder:
            yield folder

    def _path(self, key: str) -> Path:
        return self._folder / digest_name(key)
