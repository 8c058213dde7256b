"""How far the packages of a layer are downloaded and built."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from pulumi_poetry_layer.units import mebibytes, part_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FetchProgress:
    """The state of a download. Used from several threads.

    Args:
        packages: number of packages to fetch.
        downloads: number of packages to download; the others are built from paths or git.
    """

    def __init__(self, packages: int, downloads: int) -> None:
        self._lock = Lock()
        self._packages = packages
        self._downloads = downloads
        self._done = 0
        self._sizes: dict[str, int] = {}
        self._received: dict[str, int] = {}
        self._running: dict[str, Path] = {}
        self._building: list[str] = []

    def add_size(self, package: str, size: int | None) -> None:
        """Note the size of a download, if the index lists it."""
        with self._lock:
            if size is not None:
                self._sizes[package] = size

    @contextmanager
    def downloading(self, package: str, path: Path) -> Iterator[None]:
        """Count the file at ``path``, which grows in the block."""
        with self._lock:
            self._running[package] = path
        try:
            yield
        finally:
            with self._lock:
                self._received[package] = _size(self._running.pop(package))

    @contextmanager
    def building(self, package: str) -> Iterator[None]:
        """Report a package that is built from its source in the block."""
        with self._lock:
            self._building.append(package)
        try:
            yield
        finally:
            with self._lock:
                self._building.remove(package)

    def finish_package(self) -> None:
        """Count a package as fetched."""
        with self._lock:
            self._done += 1

    def __str__(self) -> str:
        with self._lock:
            parts = [f"{self._done} of {self._packages} package{'s' if self._packages != 1 else ''}"]
            received = sum(self._received.values()) + sum(map(_size, self._running.values()))
            if len(self._sizes) == self._downloads and self._downloads:
                parts.append(part_of(received, sum(self._sizes.values())))
            elif received:
                parts.append(mebibytes(received))
            if self._building:
                parts.append(f"building {' and '.join(self._building)}")
        return ", ".join(parts)


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
