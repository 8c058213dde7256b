"""Sizes of wheels that are not downloaded yet, from the indexes of the project.

A wheel is not downloaded for that: the index lists its size, and its last bytes are its directory. Sizes are cached by
the hash of the wheel, so that no wheel is looked up twice. No error is raised here: a size that cannot be found is
unknown, and the build reports what is wrong.
"""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.cache import cache_folder, digest_name, make_cache_folder
from pulumi_poetry_layer.host.files import write_atomically
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.limits import Limits
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.masking import has_unclear_login
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.size.expected import UNKNOWN_SIZE, expect_size
from pulumi_poetry_layer.size.wheel_directory import TruncatedDirectoryError, WheelSizes, read_directory
from pulumi_poetry_layer.wheels.cache import WheelCache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_poetry_layer.builders.builder import Builder, ProjectFiles
    from pulumi_poetry_layer.index.client import FoundFile
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage
    from pulumi_poetry_layer.size.expected import ExpectedSize

SECONDS = 4.0
"""How long a preview may wait for sizes, in seconds, for all of its layers together."""

_RULES = "3"
"""Part of the cache folder's name; raise it when a size is computed in another way, or stored under another name."""

_log = logging.getLogger(__name__)

_THREADS = 8
_TAIL = 1 << 16
"""How many of a wheel's last bytes to ask for first: enough for the directories of most wheels."""

_LONGEST_TAIL = 1 << 23
_MOST_REQUESTS = 3
"""Requests for the directory of one wheel, at most."""


@dataclass
class TimeBudget:
    """The seconds that are left for lookups in indexes, for all layers of a preview together."""

    seconds: float = SECONDS


def look_up_size(plan: BuildPlan, builder: Builder, files: ProjectFiles, budget: TimeBudget) -> ExpectedSize:
    """The size that a layer will have. It is unknown if anything goes wrong: a preview does not fail because of it.

    Args:
        plan: the plan of the layer.
        builder: its builder.
        files: the project.
        budget: how long the lookups may take.
    """
    try:
        return expect_size(plan, *size_lookups(builder, files, budget))
    except Exception:
        _log.debug("the size of the layer cannot be found out", exc_info=True)
        return replace(UNKNOWN_SIZE, notes=plan.warnings)


def size_lookups(builder: Builder, files: ProjectFiles, budget: TimeBudget) -> tuple[WheelCache, IndexSizes]:
    """The two places where the sizes of a layer's wheels are found: the wheel cache, and the indexes of the project.

    Args:
        builder: the builder of the layer; the indexes get its credentials.
        files: the project.
        budget: how long the lookups may take.
    """

    def indexes() -> Indexes:
        credentials = getattr(builder, "credentials", {})
        return Indexes(Sources.of(files.pyproject), Credentials.of_host(files.folder, credentials))

    wheels = WheelCache(Path(builder.options().get("cache_dir") or cache_folder("wheels")))
    return wheels, IndexSizes(cache_folder("sizes"), indexes, budget)


class IndexSizes:
    """Finds the sizes of wheels in its own cache and, if they are not there, in the indexes of a project.

    Args:
        folder: the folder of the cache; created if needed.
        indexes: returns the indexes; only called if a size is not in the cache.
        budget: how long the lookups may take; each lookup reduces it by the time that it took.
    """

    def __init__(self, folder: Path, indexes: Callable[[], Indexes], budget: TimeBudget) -> None:
        self._folder = folder / _RULES
        self._indexes = indexes
        self._budget = budget

    def sizes(self, packages: Sequence[PlannedPackage]) -> dict[str, WheelSizes]:
        """The sizes that are cached or can be looked up in time, by package name; of locked wheels only."""
        wheels = [package for package in packages if package.file and is_wheel(package.file.name)]
        known = {package.name: sizes for package in wheels if (sizes := self._cached(package))}
        missing = [package for package in wheels if package.name not in known and _can_be_looked_up(package)]
        if missing and self._budget.seconds > 0:
            started = time.monotonic()
            with suppress(Exception):  # whatever is wrong: a size must not fail a preview
                known |= self._look_up_all(missing, started + self._budget.seconds)
            self._budget.seconds -= time.monotonic() - started
        return known

    def _look_up_all(self, packages: Sequence[PlannedPackage], deadline: float) -> dict[str, WheelSizes]:
        indexes = self._indexes()
        limits = replace(Limits.of(indexes.variables), total=max(deadline - time.monotonic(), 0), attempts=1)
        downloader = Downloader(indexes, limits=limits)
        threads = ThreadPoolExecutor(min(_THREADS, len(packages)))
        lookups = {package.name: threads.submit(self._look_up, downloader, package) for package in packages}
        wait(lookups.values(), timeout=max(deadline - time.monotonic(), 0))
        threads.shutdown(wait=False, cancel_futures=True)
        downloader.stop()
        done = {name: lookup for name, lookup in lookups.items() if lookup.done() and not lookup.cancelled()}
        return {name: sizes for name, lookup in done.items() if (sizes := lookup.result())}

    def _look_up(self, downloader: Downloader, package: PlannedPackage) -> WheelSizes | None:
        if package.file is None:
            return None
        listed_size = None
        with suppress(Exception):
            found = downloader.find(package.label, package.name, package.file, package.source)
            listed_size = found.size
            sizes = _of_file(downloader, package.label, found)
            if sizes:
                self._add_to_cache(package, sizes)
            return sizes
        return WheelSizes(size=listed_size, unzipped_size=None) if listed_size else None

    def _cached(self, package: PlannedPackage) -> WheelSizes | None:
        with suppress(OSError, ValueError, TypeError, RecursionError):
            return WheelSizes(**json.loads(self._path(package).read_text(encoding="utf-8")))
        return None

    def _add_to_cache(self, package: PlannedPackage, sizes: WheelSizes) -> None:
        with suppress(OSError):
            make_cache_folder(self._folder)
            write_atomically(self._path(package), json.dumps(asdict(sizes)).encode())

    def _path(self, package: PlannedPackage) -> Path:
        return self._folder / digest_name(package.file.hash if package.file else "")


def _can_be_looked_up(package: PlannedPackage) -> bool:
    return not package.digest and not (package.source and has_unclear_login(package.source.url))


def _of_file(downloader: Downloader, package: str, found: FoundFile) -> WheelSizes | None:
    """The sizes in the wheel's directory; only the size of the wheel if the index does not send parts of files."""
    length, size = _TAIL, found.size
    for _ in range(_MOST_REQUESTS):
        end = downloader.read_end(package, found, length)
        size = end.size or size
        if not end.data or size is None:
            break
        try:
            return read_directory(end.data, size)
        except TruncatedDirectoryError as error:
            if error.length > _LONGEST_TAIL:
                break
            length = error.length
    return WheelSizes(size=size, unzipped_size=None) if size else None
