"""Path dependencies: what in a folder or file of the user's decides the layer, and a copy of just that.

In a git work tree that is what git tracks, else everything but the usual leftovers: caches, environments and what
editors leave behind neither change the layer nor get into it.
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

_LEFTOVER_FOLDERS = re.compile(
    r"__pycache__|\.venv|\.git|\.hg|\.svn|\.(mypy|pytest|ruff)_cache|\.hypothesis|\.tox|\.nox|\.idea|\.vscode"
    r"|\.poetry-layer|node_modules|.*\.egg-info"
)
_LEFTOVER_FILES = re.compile(r"\.git|\.coverage|\.DS_Store|.*(\.py[cod]|~|\.sw[a-p])|\.?#.*")
_OUTPUT_FOLDERS = frozenset({"build", "dist", "venv"})
"""Leftovers beside pyproject.toml; further down a package may be called so."""

_GIT_HINT = "install git: it tells which files of a folder in its work tree count"

# The folder may belong to another user, as in containers; no program of the repository's choice is to be run.
_GIT_SETTINGS = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false"]


@dataclass(frozen=True)
class _File:
    name: str
    path: Path


def content_digests(packages: Iterable[LockedPackage], folder: Path) -> dict[str, str]:
    """Package name → sha256 (hex) of the content of its file or folder; those that do not exist are left out.

    Args:
        packages: locked path dependencies.
        folder: the project's folder, which their paths are relative to.

    Raises:
        PackageFileError: one of them cannot be read.
        SubprocessError: git is missing, or failed.
    """
    digests = {}
    for package in packages:
        path = folder / package.source.url if package.source else folder
        if path.exists():
            digests[package.name] = _digest(path, package.label)
    return digests


def copy_path(package: PlannedPackage, folder: Path, target: Path) -> Path:
    """Copy what counts of a path dependency, and make sure that it is what was planned.

    Args:
        package: a planned path dependency.
        folder: the project's folder.
        target: a folder that does not exist yet.

    Returns:
        The copy: ``target`` itself for a folder, the file in it for a file.

    Raises:
        BuildError: it is not, or no longer, what was planned.
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


def _digest(path: Path, label: str) -> str:
    try:
        return sha256_of(path) if path.is_file() else _digest_of_files(_files(path))
    except OSError as error:
        raise PackageFileError(f"cannot be read: {error}", where=f"poetry.lock: package {label}") from error


def _digest_of_files(files: Iterable[_File]) -> str:
    """Over names, contents and who may execute them; not over dates, owners or where the folder lies."""
    content = sorted((file.name, _is_executable(file.path), sha256_of(file.path)) for file in files)
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)


def _files(folder: Path) -> Iterator[_File]:
    """The files of a folder that count; links are what they lead to."""
    tracked = _tracked(folder) if _in_work_tree(folder) else []
    for name in tracked:
        path = folder / name
        if path.is_dir():  # a link to a folder, or a repository within
            yield from (_File(f"{name}/{file.name}", file.path) for file in _all_files(path))
        elif path.exists():
            yield _File(name, path)
    if not tracked:
        yield from _all_files(folder)


def _in_work_tree(folder: Path) -> bool:
    resolved = folder.resolve()
    return any((parent / ".git").exists() for parent in (resolved, *resolved.parents))


def _tracked(folder: Path) -> list[str]:
    """What git tracks in a folder, by names relative to it; nothing when git tracks nothing of it."""
    arguments = [*_GIT_SETTINGS, "ls-files", "-z", "--cached"]
    listed = run(
        find_program("git", hint=_GIT_HINT),
        arguments,
        environment=seen_by(Audience.BUILDS, os.environ),
        folder=folder,
        errors_apart=True,
    )
    return [name for name in dict.fromkeys(listed.split("\0")) if name]  # a file in conflict is listed three times


def _all_files(folder: Path) -> Iterator[_File]:
    for parent, folders, names in os.walk(folder):
        outputs = _OUTPUT_FOLDERS if Path(parent) == folder else frozenset()
        folders[:] = [name for name in folders if name not in outputs and not _LEFTOVER_FOLDERS.fullmatch(name)]
        for name in names:
            path = Path(parent, name)
            if not _LEFTOVER_FILES.fullmatch(name) and path.is_file():
                yield _File(path.relative_to(folder).as_posix(), path)
