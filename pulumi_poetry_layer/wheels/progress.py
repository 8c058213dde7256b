"""How far the packages of a layer are downloaded and built."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.progress import Step
from pulumi_poetry_layer.units import mebibytes, part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LONG = 1.0  # seconds; a download that takes longer has a line of its own


class FetchProgress:
    """The state of a download. Used from several threads.

    Args:
        packages: number of packages to fetch.
        downloads: number of packages to download; the others are built from paths or git.
        clock: returns seconds. Tests pass their own.
    """

    def __init__(self, packages: int, downloads: int, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._packages = packages
        self._downloads = downloads
        self._done = 0
        self._sizes: dict[str, int] = {}
        self._received: dict[str, int] = {}
        self._running: dict[str, tuple[Path, float]] = {}
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
            self._running[package] = (path, self._clock())
        try:
            yield
        finally:
            with self._lock:
                self._received[package] = _size(self._running.pop(package)[0])

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

    def finish_package(self, package: str) -> None:
        """Count a package as fetched, here or by another build at the same time."""
        with self._lock:
            self._done += 1
            self._received[package] = max(self._received.get(package, 0), self._sizes.get(package, 0))

    def steps(self) -> list[Step]:
        """A line for the whole, and one for each download that takes long, the oldest first."""
        whole = str(self)
        with self._lock:
            long = [
                (package, _size(path), self._sizes.get(package))
                for package, (path, start) in self._running.items()
                if self._clock() - start > _LONG
            ]
            share = self._done / self._packages if self._packages else None
            if self._knows_all_sizes:
                share = self._received_size() / max(sum(self._sizes.values()), 1)
        return [Step(whole, share), *(_step(*download) for download in long)]

    def __str__(self) -> str:
        with self._lock:
            parts = [f"{self._done} of {self._packages} package{'s' if self._packages != 1 else ''}"]
            received = self._received_size()
            if self._knows_all_sizes:
                parts.append(part_of(received, sum(self._sizes.values())))
            elif received:
                parts.append(mebibytes(received))
            if self._building:
                parts.append(f"building {' and '.join(self._building)}")
        return ", ".join(parts)

    @property
    def _knows_all_sizes(self) -> bool:
        return len(self._sizes) == self._downloads > 0

    def _received_size(self) -> int:
        return sum(self._received.values()) + sum(_size(path) for path, _ in self._running.values())


def _step(package: str, received: int, size: int | None) -> Step:
    if not size:
        return Step(f"  {package} {mebibytes(received)}")
    return Step(f"  {package} {part_of(received, size)}", received / size)


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
