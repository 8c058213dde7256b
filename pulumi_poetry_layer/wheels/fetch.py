"""Where wheels come from: downloaded, or built here from an sdist or a git commit when the result is pure Python."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import BuildError, PoetryLayerError, raise_problems
from pulumi_poetry_layer.host.cache import ENVIRONMENT_VARIABLE
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.wheels.build_environment import build_variables
from pulumi_poetry_layer.wheels.cache import cache_key
from pulumi_poetry_layer.wheels.from_source import build_pure_wheel, check_out, unpack
from pulumi_poetry_layer.wheels.path_dependencies import copy_path
from pulumi_poetry_layer.wheels.reader import read_wheel
from pulumi_poetry_layer.wheels.workers import WheelWorkers, worker_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pulumi_poetry_layer.index.credentials import Credentials
    from pulumi_poetry_layer.index.sources import Sources
    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.poetry.locked import LockedFile
    from pulumi_poetry_layer.wheels.cache import WheelCache
    from pulumi_poetry_layer.wheels.reader import Wheel

_DOWNLOADS = 4  # at once; more of them spend their time on setting up connections
_BUILDS = 6  # at once; each is a process with an environment of its own
_AT_ONCE = 16  # packages: while some are downloaded, others are read


def add_wheels(
    packages: Sequence[PlannedPackage], cache: WheelCache, project: Path, sources: Sources, credentials: Credentials
) -> None:
    """Fetch the wheels of these packages into the cache, several at once.

    Args:
        packages: what the cache lacks.
        cache: where the wheels are kept.
        project: the folder that path dependencies are relative to.
        sources: the indexes that pyproject.toml lists.
        credentials: who this user is to them.

    Raises:
        BuildError: a wheel cannot be downloaded or built.
        PackageFileError: a wheel is not sound, or what was built is not pure.
        MultipleInputError: several problems.
    """
    with (
        WheelWorkers(cache.folder, worker_count()) as workers,
        ThreadPoolExecutor(_DOWNLOADS) as downloads,
        ThreadPoolExecutor(min(_AT_ONCE, len(packages))) as threads,
    ):
        source = _WheelFetcher(cache, workers, downloads, project, sources, credentials)
        # Native wheels are the large ones, and what takes longest had better not begin last.
        first = sorted(packages, key=lambda package: not package.is_native)
        names = [package.name for package in first]
        try:
            problems = dict(zip(names, threads.map(source.attempt, first), strict=True))
        except BaseException:  # such as Ctrl-C
            downloads.shutdown(wait=False, cancel_futures=True)
            raise
    raise_problems(problem for package in packages if (problem := problems[package.name]))


class _WheelFetcher:
    def __init__(
        self,
        cache: WheelCache,
        workers: WheelWorkers,
        downloads: ThreadPoolExecutor,
        project: Path,
        sources: Sources,
        credentials: Credentials,
    ) -> None:
        self._cache = cache
        self._workers = workers
        self._downloads = downloads
        self._builds = BoundedSemaphore(_BUILDS)
        self._project = project
        self._sources = sources
        self._credentials = credentials
        self._downloader = Downloader(Indexes(sources, credentials))

    def attempt(self, package: PlannedPackage) -> PoetryLayerError | None:
        """Add a package's wheel to the cache; the problem, if there is one."""
        try:
            self._add(package)
        except PoetryLayerError as problem:
            return problem
        except OSError as error:
            return BuildError(
                f"cannot be kept in the wheel cache: {error}",
                where=package.label,
                hint=f"make room, or set {ENVIRONMENT_VARIABLE} to a folder that can be written to",
            )
        return None

    def _add(self, package: PlannedPackage) -> None:
        key = cache_key(package)
        with self._cache.lock(key), self._cache.workspace() as folder:
            if self._cache.find(key, package.name) is not None:
                return
            if package.digest:
                self._cache.add(key, self._of_path(package, folder))
            elif package.file is None:
                self._cache.add(key, self._built(package, folder))
            else:
                self._add_downloaded(key, package, package.file, folder)

    def _add_downloaded(self, key: str, package: PlannedPackage, file: LockedFile, folder: Path) -> None:
        path = folder / "downloaded"
        self._downloads.submit(self._download, package, file, path).result()
        if not is_wheel(file.name):
            self._cache.add(key, self._built(package, folder, path))
        elif not self._workers.add(path, file.name, key):
            self._cache.add(key, read_wheel(path, file_name=file.name))

    def _download(self, package: PlannedPackage, file: LockedFile, path: Path) -> None:
        with path.open("wb") as output:
            if package.source and package.source.type == "url":
                self._downloader.download_url(package.label, package.source.url, file, output)
            else:
                self._downloader.download_locked(package.label, package.name, file, package.source, output)

    def _of_path(self, package: PlannedPackage, folder: Path) -> Wheel:
        path = copy_path(package, self._project, folder / "path")
        if path.is_dir():
            return self._build(package, path, folder)
        if is_wheel(path.name):
            return read_wheel(path, file_name=path.name)
        return self._built(package, folder, path)

    def _built(self, package: PlannedPackage, folder: Path, sdist: Path | None = None) -> Wheel:
        source = folder / "source"
        tree = unpack(sdist, package.file.name, source) if sdist and package.file else check_out(package, source)
        return self._build(package, tree, folder)

    def _build(self, package: PlannedPackage, tree: Path, folder: Path) -> Wheel:
        # Made here, and not for wheels: it looks up the logins of all sources, and a keyring takes its time.
        variables = build_variables(os.environ, self._sources, self._credentials)
        with self._builds:
            return build_pure_wheel(tree, folder / "built", package.label, variables)
