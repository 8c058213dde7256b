"""Fetch wheels into the cache: download them, or build them here if the result is pure Python."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, Event
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import PoetryLayerError, UnreachableError, raise_problems
from pulumi_poetry_layer.host.failures import host_error
from pulumi_poetry_layer.host.locks import Patience
from pulumi_poetry_layer.host.progress import doing
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.wheels.build_environment import build_variables, constraint_variables
from pulumi_poetry_layer.wheels.cache import cache_key
from pulumi_poetry_layer.wheels.from_source import build_pure_wheel, check_out, unpack
from pulumi_poetry_layer.wheels.path_dependencies import copy_path
from pulumi_poetry_layer.wheels.progress import FetchProgress
from pulumi_poetry_layer.wheels.reader import read_wheel
from pulumi_poetry_layer.wheels.workers import WheelWorkers, worker_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from pulumi_poetry_layer.index.client import FoundFile
    from pulumi_poetry_layer.index.credentials import Credentials
    from pulumi_poetry_layer.index.sources import Sources
    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.poetry.locked import LockedFile
    from pulumi_poetry_layer.wheels.cache import WheelCache
    from pulumi_poetry_layer.wheels.reader import Wheel

_DOWNLOADS = 4  # at the same time; more of them only add connections to set up
_BUILDS = 6  # at the same time; each is a process with its own environment
_PACKAGES = 16  # at the same time; some are downloaded while others are read


def add_wheels(
    packages: Sequence[PlannedPackage], cache: WheelCache, project: Path, sources: Sources, credentials: Credentials
) -> None:
    """Fetch the wheels of packages into the cache, several at the same time.

    Args:
        packages: the packages that the cache does not have; at least one.
        cache: the cache.
        project: the folder that path dependencies are relative to.
        sources: the indexes that pyproject.toml lists.
        credentials: the user's logins and certificates.

    Raises:
        BuildError: a wheel cannot be downloaded, built or stored.
        PackageFileError: a wheel is not valid, or a wheel that was built here is not pure Python.
        MultipleInputError: several packages have a problem.
    """
    lookups, downloads = ThreadPoolExecutor(_DOWNLOADS), ThreadPoolExecutor(_DOWNLOADS)
    threads = ThreadPoolExecutor(min(_PACKAGES, len(packages)))
    with WheelWorkers(cache.folder, worker_count()) as workers:
        # Native wheels first: they are the largest, and the largest must not start last.
        ordered = sorted(packages, key=lambda package: not package.is_native)
        fetcher = _WheelFetcher(cache, workers, downloads, project, sources, credentials)
        fetcher.look_up(ordered, lookups)
        doing(fetcher.progress.__str__, fetcher.progress.steps)
        names = [package.name for package in ordered]
        try:
            fetcher.check_indexes()
            problems = dict(zip(names, threads.map(fetcher.attempt, ordered), strict=True))
        except BaseException:  # such as Ctrl-C in a program that uses this package
            fetcher.stop()
            raise
        finally:
            lookups.shutdown(wait=False, cancel_futures=True)
            downloads.shutdown(wait=False, cancel_futures=True)
            threads.shutdown(wait=False, cancel_futures=True)
    raise_problems(problem for package in packages if (problem := problems[package.name]))


def _index_of(package: PlannedPackage) -> str:
    """What two packages of the same index have in common."""
    return package.source.url if package.source else ""


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
        self.progress = FetchProgress(0, 0)
        self._found: dict[str, Future[FoundFile]] = {}
        self._first: list[Future[FoundFile]] = []
        self._unreachable: dict[str, UnreachableError] = {}
        self._stopped = Event()
        self._patience = Patience(stop=self._stopped)

    def stop(self) -> None:
        """End what the threads wait for, so that they end soon."""
        self._stopped.set()
        self._downloader.stop()

    def look_up(self, packages: Sequence[PlannedPackage], lookups: Executor) -> None:
        """Start to find the files of all packages, so that their sizes are known early."""
        located = [package for package in packages if package.file and not package.digest]
        self.progress = FetchProgress(len(packages), len(located))
        # One package of each index first: all indexes that need a login are known before anything is downloaded.
        first = {_index_of(package): package for package in reversed(located)}
        located.sort(key=lambda package: package is not first[_index_of(package)])
        self._found = {package.name: lookups.submit(self._find, package) for package in located}
        self._first = [self._found[package.name] for package in first.values()]

    def check_indexes(self) -> None:
        """Wait for the first answer of each index, if there are several.

        Raises:
            UnreachableError: an index needs a login or cannot be reached.
            MultipleInputError: several do.
        """
        if len(self._first) > 1:
            errors = [found.exception() for found in self._first]
            raise_problems(error for error in errors if isinstance(error, UnreachableError))

    def _find(self, package: PlannedPackage) -> FoundFile:
        assert package.file is not None  # noqa: S101 - for the type checker
        with self._reachable(package):
            found = self._downloader.find(package.label, package.name, package.file, package.source)
        self.progress.add_size(package.name, found.size)
        return found

    @contextmanager
    def _reachable(self, package: PlannedPackage) -> Iterator[None]:
        """Fail if the index failed for another package in a way that concerns all: attempts take many seconds."""
        index = _index_of(package)
        if known := self._unreachable.get(index):
            raise type(known)(known.what, where=package.label, hint=known.hint)
        try:
            yield
        except UnreachableError as problem:
            self._unreachable[index] = problem
            raise

    def attempt(self, package: PlannedPackage) -> PoetryLayerError | None:
        """Add a package's wheel to the cache. Return the error if that fails."""
        try:
            self._add(package)
            self.progress.finish_package(package.name)
        except PoetryLayerError as problem:
            return problem
        except OSError as error:
            return host_error(error, package.label)
        return None

    def _add(self, package: PlannedPackage) -> None:
        key = cache_key(package)
        with self._cache.lock(key, package.label, self._patience), self._cache.workspace() as folder:
            if self._cache.find(key, package.name) is not None:
                return
            if package.digest:
                self._cache.add(key, self._wheel_of_path(package, folder), folder)
            elif package.file is None:
                self._cache.add(key, self._build_from_git(package, folder), folder)
            else:
                self._add_downloaded(key, package, package.file, folder)

    def _add_downloaded(self, key: str, package: PlannedPackage, file: LockedFile, folder: Path) -> None:
        path = folder / "downloaded"
        self._downloads.submit(self._download, package, file, path).result()
        if not is_wheel(file.name):
            self._cache.add(key, self._build_from_sdist(package, path, file.name, folder), folder)
        elif not self._workers.add(path, file.name, key) and not self._stopped.is_set():
            self._cache.add(key, read_wheel(path, file_name=file.name), folder)

    def _download(self, package: PlannedPackage, file: LockedFile, path: Path) -> None:
        found = self._found[package.name].result()
        with self._reachable(package), path.open("wb") as output, self.progress.downloading(package.name, path):
            self._downloader.download(found, file, output, package.label)

    def _wheel_of_path(self, package: PlannedPackage, folder: Path) -> Wheel:
        path = copy_path(package, self._project, folder / "path")
        if path.is_dir():
            return self._build(package, path, folder)
        if is_wheel(path.name):
            return read_wheel(path, file_name=path.name)
        return self._build_from_sdist(package, path, path.name, folder)

    def _build_from_git(self, package: PlannedPackage, folder: Path) -> Wheel:
        return self._build(package, check_out(package, folder / "source"), folder)

    def _build_from_sdist(self, package: PlannedPackage, sdist: Path, file_name: str, folder: Path) -> Wheel:
        return self._build(package, unpack(sdist, file_name, folder / "source"), folder)

    def _build(self, package: PlannedPackage, tree: Path, folder: Path) -> Wheel:
        # Only for builds, not for wheels: it looks up the logins of all sources, and a keyring can be slow.
        variables = build_variables(os.environ, self._sources, self._credentials)
        if package.build_constraints:
            variables |= constraint_variables(package, folder / "constraints.txt")
        with self._builds, self.progress.building(package.label):
            return build_pure_wheel(tree, folder / "built", package.label, variables)
