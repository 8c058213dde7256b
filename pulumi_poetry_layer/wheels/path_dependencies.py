"""Path dependencies: a digest of their content, and a copy to build from.

The content of a folder in a git work tree is the files that git tracks. Elsewhere it is every file except caches,
virtual environments, build output and editor files. Other files neither change the layer nor get into it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import BuildError, PackageFileError
from pulumi_poetry_layer.host.files import sha256_of
from pulumi_poetry_layer.host.process import find_program, run
from pulumi_poetry_layer.host.variables import Audience, seen_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage

_IGNORED_FOLDERS = re.compile(
    r"__pycache__|\.venv|\.git|\.hg|\.svn|\.(mypy|pytest|ruff)_cache|\.hypothesis|\.tox|\.nox|\.idea|\.vscode"
    r"|\.poetry-layer|node_modules|.*\.egg-info"
)
_IGNORED_FILES = re.compile(r"\.git|\.coverage|\.DS_Store|.*(\.py[cod]|~|\.sw[a-p])|\.?#.*")
_OUTPUT_FOLDERS = frozenset({"build", "dist", "venv"})
"""Ignored at the root of the dependency only. Further down, a Python package may have this name."""

_GIT_HINT = "install git: the folder is in a git work tree, and git lists which of its files belong to the package"

# The folder may belong to another user, as in containers. The repository must not choose a program to run.
_GIT_SETTINGS = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false"]


@dataclass(frozen=True)
class _File:
    name: str
    path: Path


def content_digests(packages: Iterable[LockedPackage], folder: Path) -> dict[str, str]:
    """Name of a path dependency → sha256 (hex) of its content. Paths that do not exist are left out.

    Args:
        packages: locked path dependencies.
        folder: the folder of the project, which their paths are relative to.

    Raises:
        PackageFileError: a file cannot be read.
        SubprocessError: git is missing or failed.
    """
    digests = {}
    for package in packages:
        path = folder / package.source.url if package.source else folder
        if path.exists():
            digests[package.name] = _digest(path, package.label)
    return digests


def copy_path(package: PlannedPackage, folder: Path, target: Path) -> Path:
    """Copy the content of a path dependency, and check that it has not changed since it was planned.

    Args:
        package: a planned path dependency.
        folder: the folder of the project.
        target: a folder that does not exist yet.

    Returns:
        The copy: ``target`` for a folder, the file in ``target`` for a file.

    Raises:
        BuildError: it cannot be copied, or its content has changed.
    """
    source = folder / package.source.url if package.source else folder
    is_file = source.is_file()
    copy = target / source.name if is_file else target
    try:
        files = [_File(source.name, source)] if is_file else list(_files(source))
        for file in files:
            copied = target / file.name
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.path, copied)
            copied.chmod(0o755 if _is_executable(file.path) else 0o644)
        digest = sha256_of(copy) if is_file else _digest_of_files([_File(f.name, target / f.name) for f in files])
    except OSError as error:
        raise BuildError(f"cannot be copied: {error}", where=package.label) from error
    if digest != package.digest:
        raise BuildError("changed while the layer was being built", where=package.label, hint="run the command again")
    return copy


def content_files(path: Path) -> Iterator[Path]:
    """The files that belong to a path dependency, a file or a folder.

    Raises:
        SubprocessError: git is missing or failed.
    """
    yield from (file.path for file in _files(path)) if path.is_dir() else [path]


def _digest(path: Path, label: str) -> str:
    try:
        return sha256_of(path) if path.is_file() else _digest_of_files(_files(path))
    except OSError as error:
        raise PackageFileError(f"cannot be read: {error}", where=f"poetry.lock: package {label}") from error


def _digest_of_files(files: Iterable[_File]) -> str:
    """The digest of names, contents and executable bits. Dates, owners and the folder's path do not matter."""
    content = sorted((file.name, _is_executable(file.path), sha256_of(file.path)) for file in files)
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)


def _files(folder: Path) -> Iterator[_File]:
    """The files that belong to a folder's content; links are followed."""
    tracked = _tracked(folder) if _in_work_tree(folder) else []
    for name in tracked:
        path = folder / name
        if path.is_dir():  # a link to a folder, or a submodule
            yield from (_File(f"{name}/{file.name}", file.path) for file in _all_files(path))
        elif path.is_file():
            yield _File(name, path)
    if not tracked:
        yield from _all_files(folder)


def _in_work_tree(folder: Path) -> bool:
    resolved = folder.resolve()
    return any((parent / ".git").exists() for parent in (resolved, *resolved.parents))


def _tracked(folder: Path) -> list[str]:
    """The files that git tracks in a folder, relative to it; empty if git tracks none of them."""
    arguments = [*_GIT_SETTINGS, "ls-files", "-z", "--cached"]
    listed = run(
        find_program("git", hint=_GIT_HINT),
        arguments,
        environment=seen_by(Audience.BUILDS, os.environ),
        folder=folder,
        errors_apart=True,
    )
    return [name for name in dict.fromkeys(listed.split("\0")) if name]  # git lists a file in conflict three times


def _all_files(folder: Path) -> Iterator[_File]:
    for parent, folders, names in os.walk(folder):
        outputs = _OUTPUT_FOLDERS if Path(parent) == folder else frozenset()
        folders[:] = [name for name in folders if name not in outputs and not _IGNORED_FOLDERS.fullmatch(name)]
        for name in names:
            path = Path(parent, name)
            if not _IGNORED_FILES.fullmatch(name) and path.is_file():
                yield _File(path.relative_to(folder).as_posix(), path)
