"""Sizes of wheels that were not downloaded yet, as the index tells them.

Nothing is downloaded but the ends of wheels, where their directories are. What was learnt is kept by the file's hash,
so nobody is asked twice. Whatever goes wrong makes a size unknown and is no error: the build will find out.
"""

from __future__ import annotations

import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.host.cache import cache_folder
from pulumi_poetry_layer.host.files import write_atomically
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.size.wheel_directory import TruncatedDirectoryError, WheelSizes, read_directory
from pulumi_poetry_layer.wheels.cache import WheelCache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_poetry_layer.builders import Builder, ProjectFiles
    from pulumi_poetry_layer.index.access import Indexes
    from pulumi_poetry_layer.index.client import Downloader, FoundFile
    from pulumi_poetry_layer.plan.build_plan import PlannedPackage

SECONDS = 4.0
"""How long a preview waits for sizes, for all of its layers together."""

_RULES = "1"
"""Part of the folder's name, raised with every change of what is counted."""

_AT_ONCE = 8
_END = 1 << 16  # bytes of a wheel's end to ask for: enough for the directory of some six hundred files
_LONGEST_END = 1 << 23
_NO_DIRECTORY = (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError)
"""What ``zipfile`` raises for what is not the end of a sound zip file."""

_QUESTIONS = 3  # at most, for one wheel's directory


@dataclass
class Patience:
    """Seconds that are left for questions, of all layers of a preview together."""

    seconds: float = SECONDS


def size_lookups(builder: Builder, files: ProjectFiles, patience: Patience) -> tuple[WheelCache, IndexSizes]:
    """Where the sizes of a layer's wheels are found: the builder's cache, and the indexes of the project.

    Args:
        builder: what is going to build the layer; the indexes are asked as the user that it builds for.
        files: the project.
        patience: how long the indexes may take.
    """

    def indexes() -> Indexes:
        given = getattr(builder, "credentials", {})
        return Indexes(Sources.of(files.pyproject), Credentials.of_host(files.folder, given))

    wheels = WheelCache(Path(builder.options().get("cache_dir") or cache_folder("wheels")))
    return wheels, IndexSizes(cache_folder("sizes"), indexes, patience)


class IndexSizes:
    """Knows sizes that were learnt before, and asks the indexes of a project for others.

    Args:
        folder: where sizes are kept; made when needed.
        indexes: gives the indexes; called when there is something to ask.
        patience: how long the questions may take; what they took is taken off.
    """

    def __init__(self, folder: Path, indexes: Callable[[], Indexes], patience: Patience) -> None:
        self._folder = folder / _RULES
        self._indexes = indexes
        self._patience = patience

    def sizes(self, packages: Sequence[PlannedPackage]) -> dict[str, WheelSizes]:
        """What is known or can be learnt in time, by the packages' names; only wheels can be asked for."""
        wheels = [package for package in packages if package.file and is_wheel(package.file.name)]
        known = {package.name: sizes for package in wheels if (sizes := self._kept(package))}
        missing = [package for package in wheels if package.name not in known and not package.digest]
        if missing and self._patience.seconds > 0:
            started = time.monotonic()
            with suppress(PoetryLayerError):  # of reading how to log in
                known |= self._asked(missing, started + self._patience.seconds)
            self._patience.seconds -= time.monotonic() - started
        return known

    def _asked(self, packages: Sequence[PlannedPackage], deadline: float) -> dict[str, WheelSizes]:
        downloader = Downloader(self._indexes(), deadline=deadline)
        threads = ThreadPoolExecutor(min(_AT_ONCE, len(packages)))
        answers = {package.name: threads.submit(self._ask, downloader, package) for package in packages}
        wait(answers.values(), timeout=max(deadline - time.monotonic(), 0))
        threads.shutdown(wait=False, cancel_futures=True)
        ended = {name: answer for name, answer in answers.items() if answer.done() and not answer.cancelled()}
        return {name: sizes for name, answer in ended.items() if (sizes := answer.result())}

    def _ask(self, downloader: Downloader, package: PlannedPackage) -> WheelSizes | None:
        if package.file is None:
            return None
        listed_size = None
        with suppress(PoetryLayerError, *_NO_DIRECTORY):
            found = downloader.find(package.label, package.name, package.file, package.source)
            listed_size = found.size
            sizes = _of_file(downloader, package.label, found)
            if sizes:
                self._keep(package, sizes)
            return sizes
        return WheelSizes(size=listed_size, unzipped_size=None) if listed_size else None

    def _kept(self, package: PlannedPackage) -> WheelSizes | None:
        with suppress(OSError, ValueError, TypeError):
            return WheelSizes(**json.loads(self._path(package).read_text(encoding="utf-8")))
        return None

    def _keep(self, package: PlannedPackage, sizes: WheelSizes) -> None:
        with suppress(OSError):
            write_atomically(self._path(package), json.dumps(asdict(sizes)).encode())

    def _path(self, package: PlannedPackage) -> Path:
        return self._folder / (package.file.hash if package.file else "").replace(":", "-")


def _of_file(downloader: Downloader, package: str, found: FoundFile) -> WheelSizes | None:
    """The sizes that a wheel's directory tells; where parts of files are not to be had, the wheel's own size."""
    length, size = _END, found.size
    for _ in range(_QUESTIONS):
        end = downloader.read_end(package, found, length)
        size = end.size or size
        if not end.data or size is None:
            break
        try:
            return read_directory(end.data, size)
        except TruncatedDirectoryError as error:
            if error.length > _LONGEST_END:
                break
            length = error.length
    return WheelSizes(size=size, unzipped_size=None) if size else None
