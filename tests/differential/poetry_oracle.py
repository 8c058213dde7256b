"""Answers what Poetry's installer would do, as JSON. Runs in Poetry's environment, not in the project's.

Reads one request per line from standard input and writes one line for each. A request is an object with ``pyproject``
and ``lock`` (texts) and a list of ``runs``. Each run has ``groups``, ``extras``, ``markers`` (values of the environment
markers) and ``tags`` (wheel tags as [interpreter, ABI, platform], best first).

The answer is an object with ``fresh``, which says whether the lock file matches pyproject.toml, and a list of ``runs``.
Each of these has either ``packages`` (the packages that Poetry would install, as [name, version, file]) or ``error``.
If ``files`` in the request is false, each package has its folder, address or repository instead of the file.

A request may have ``universe`` (packages as in lock version 2.0) instead of ``lock`` and ``runs``. The answer has the
``lock`` that Poetry's solver makes from these packages, or its ``error``.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleo.io.null_io import NullIO
from packaging.tags import Tag
from poetry.config.config import Config
from poetry.core.factory import Factory
from poetry.core.packages.utils.link import Link
from poetry.installation.chooser import Chooser
from poetry.installation.installer import Installer
from poetry.packages import Locker
from poetry.packages.direct_origin import DirectOrigin
from poetry.puzzle import provider
from poetry.puzzle.solver import Solver
from poetry.repositories import Repository, RepositoryPool
from poetry.repositories.installed_repository import InstalledRepository
from poetry.utils.env import MockEnv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS_TO_SOLVE = 20


class LockedLinks:
    """A replacement for an index; it has exactly the locked files."""

    def find_links_for_package(self, package: Any) -> list[Any]:
        """A link for each locked file, in the order of the lock file."""
        return [
            Link(f"https://index.invalid/{file['file']}", hashes=dict([file["hash"].split(":", 1)]))
            for file in package.files
        ]


class LockedChooser(Chooser):  # type: ignore[misc, unused-ignore]
    """Poetry's chooser, with the locked files as candidates."""

    def _get_repository(self, package: Any) -> Any:  # noqa: ARG002 - Poetry's signature
        return LockedLinks()


class NothingElsewhere(DirectOrigin):  # type: ignore[misc, unused-ignore]
    """Finds no repository, address or path: what is not locked is not there."""

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("get_package_from_"):
            raise RuntimeError("not locked")
        return super().__getattribute__(name)


class Recorder:
    """A replacement for the executor; it records the operations and does nothing."""

    def __init__(self) -> None:
        self.operations: list[Any] = []

    def execute(self, operations: list[Any]) -> int:
        """Record the operations."""
        self.operations = operations
        return 0

    def verbose(self, verbose: bool = True) -> None:
        """Part of the interface; does nothing."""


def main() -> None:
    """Answer the requests on standard input."""
    logging.disable(logging.WARNING)
    provider.DirectOrigin = NothingElsewhere
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(answer(json.loads(line)))}\n")
        sys.stdout.flush()


def answer(request: Mapping[str, Any]) -> Any:
    """The answer to one request."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text(request["pyproject"], encoding="utf-8")
        (folder / "README.md").touch()
        for path in request.get("folders", ()):
            (folder / path).mkdir()
            (folder / path / "setup.py").touch()
        project = Factory().create_poetry(folder)
        locker = Locker(folder / "poetry.lock", project.pyproject.data)
        if "universe" in request:
            return lock(project, locker, request["universe"])
        (folder / "poetry.lock").write_text(request["lock"], encoding="utf-8")
        with_files = request.get("files", True)
        return {
            "fresh": locker.is_fresh(),
            # Poetry changes the project's dependencies while it solves: each run gets a project of its own.
            "runs": [
                install(Factory().create_poetry(folder), locker, run, with_files=with_files) for run in request["runs"]
            ],
        }


def lock(project: Any, locker: Any, universe: list[dict[str, Any]]) -> dict[str, str]:
    """The lock file that Poetry's solver makes when these packages are all there are."""
    locker._lock_data = {"package": universe, "metadata": {"lock-version": "2.0"}}
    packages = [locker._get_locked_package(table) for table in universe]
    locker._lock_data = None
    pool = RepositoryPool()
    for index in ("PyPI", "inner"):
        pool.add_repository(Repository(index, [p for p in packages if (p.source_reference or "PyPI") == index]))
    direct = [package for package in packages if package.is_direct_origin()]
    try:
        with limited_time():
            solved = Solver(project.package, pool, [], direct, NullIO()).solve().get_solved_packages()
        locker.set_lock_data(project.package, solved)
    except Exception as error:  # Poetry raises errors of many kinds
        return {"error": f"{type(error).__name__}: {error}"}
    return {"lock": locker.lock.read_text(encoding="utf-8")}


@contextmanager
def limited_time() -> Iterator[None]:
    """End a search in this block that takes too long."""
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS_TO_SOLVE)
    try:
        yield
    finally:
        signal.alarm(0)


def give_up(*_: object) -> None:
    """The handler of the alarm."""
    raise TimeoutError("Poetry's solver takes too long")


def install(project: Any, locker: Any, run: Mapping[str, Any], *, with_files: bool) -> dict[str, Any]:
    """The packages that ``poetry install`` would install, or the error."""
    version_info: Any = (*map(int, run["markers"]["python_full_version"].split(".")), "final", 0)
    env = MockEnv(
        version_info=version_info,
        platform=run["markers"]["sys_platform"],
        platform_machine=run["markers"]["platform_machine"],
        marker_env=dict(run["markers"]),
        supported_tags=[Tag(*tag) for tag in run["tags"]],
    )
    config = Config(use_environment=False)
    recorder: Any = Recorder()
    installer = Installer(
        NullIO(), env, project.package, locker, RepositoryPool(), config, InstalledRepository(), recorder
    )
    installer.only_groups(run["groups"]).extras(run["extras"])
    try:
        with limited_time():
            installer.run()
        chooser = LockedChooser(RepositoryPool(), env, config)
        return {
            "packages": sorted(
                [
                    operation.package.name,
                    operation.package.version.text,
                    chosen_file(chooser, operation.package) if with_files else place(operation.package, locker),
                ]
                for operation in recorder.operations
                if operation.job_type == "install" and not operation.skipped
            )
        }
    except Exception as error:  # Poetry raises errors of many classes
        return {"error": f"{type(error).__name__}: {error}"}


def chosen_file(chooser: Any, package: Any) -> str | None:
    """The name of the file that Poetry installs; None for a package that is not from an index."""
    if package.source_type not in {None, "legacy"}:
        return None
    name: str = chooser.choose_for(package).filename
    return name


def place(package: Any, locker: Any) -> str | None:
    """Where a package is from, None for an index."""
    if package.source_type in {None, "legacy"}:
        return None
    url: str = package.source_url
    return url.removeprefix(f"{locker.lock.parent.resolve().as_posix()}/")


if __name__ == "__main__":
    main()
