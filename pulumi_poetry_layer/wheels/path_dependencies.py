"""Path dependencies: a digest of their content, and a copy to build from.

The content of a folder in a git work tree is the files that git tracks, and other files that its build packs
(``included_files``). Elsewhere it is every file except caches, virtual environments, build output and
editor files. Other files neither change the layer nor get into it. Links are followed. What a build reads outside of
the folder belongs to the content too (``surroundings``).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import BuildError, PackageFileError
from pulumi_poetry_layer.host.files import sha256_of
from pulumi_poetry_layer.wheels.git_files import clone_without_files, listed_by_git, work_tree_of
from pulumi_poetry_layer.wheels.included_files import included_files
from pulumi_poetry_layer.wheels.plain_folders import all_files, is_kept
from pulumi_poetry_layer.wheels.surroundings import Surroundings, surroundings_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage

_MOST_FILES = 100_000
_LARGEST = 2 << 30  # bytes; eight times Lambda's limit for a function with all of its layers


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
        if os.path.exists(path):  # noqa: PTH110 - the method of Path raises an error for a path that is too long
            digests[package.name] = _digest(path, package.label)
    return digests


def copy_path(package: PlannedPackage, folder: Path, target: Path) -> Path:
    """Copy the content of a path dependency, and check that it has not changed since it was planned.

    Args:
        package: a planned path dependency.
        folder: the folder of the project.
        target: a folder that does not exist yet.

    Returns:
        The copy of the file or folder, in ``target``. A folder is further down if its build reads something outside of
        it (see ``surroundings``): ``target`` then is a copy of the folder that contains everything.

    Raises:
        BuildError: it cannot be copied, or its content has changed.
    """
    source = folder / package.source.url if package.source else folder
    try:
        if source.is_file():
            (copied,) = _copy([_File(source.name, source)], target)
            copy, digest = copied.path, sha256_of(copied.path)
        else:
            files, around = list(_files(source)), surroundings_of(source)
            copy = target / source.resolve().relative_to(around.root) if around else target
            if around and around.version:
                clone_without_files(around.root, target)
            others = _copy(_others(around), target)
            digest = _digest_of_folder(_copy(files, copy), around, others, copy)
    except OSError as error:
        raise BuildError(f"cannot be copied: {error}", where=package.label) from error
    if digest != package.digest:
        raise BuildError("changed while the layer was being built", where=package.label, hint="run the command again")
    return copy


def _copy(files: Iterable[_File], target: Path) -> list[_File]:
    copies = []
    for file in files:
        copied = target / file.name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, copied)
        copied.chmod(0o755 if _is_executable(file.path) else 0o644)
        copies.append(_File(file.name, copied))
    return copies


def _others(around: Surroundings | None) -> list[_File]:
    return [_File(name, around.root / name) for name in around.files] if around else []


def content_files(path: Path) -> Iterator[Path]:
    """The files that belong to a path dependency, a file or a folder.

    Raises:
        SubprocessError: git is missing or failed.
    """
    yield from (file.path for file in _files(path)) if path.is_dir() else [path]


def _digest(path: Path, label: str) -> str:
    try:
        if path.is_file():
            return sha256_of(path)
        around = surroundings_of(path)
        return _digest_of_folder(_files(path), around, _others(around), path.resolve())
    except OSError as error:
        raise PackageFileError(f"cannot be read: {error}", where=f"poetry.lock: package {label}") from error


def _digest_of_folder(
    files: Iterable[_File], around: Surroundings | None, others: Iterable[_File], folder: Path
) -> str:
    """The digest of the files of a folder, and of what its build reads outside of it.

    Args:
        files: the files of the folder.
        around: what its build reads outside of it. If it takes a version from git, the commit is in the digest, and the
            other files of the repository are not: they are copied only because git would report them as deleted.
        others: the other files.
        folder: the folder; the paths of the other files in the digest are relative to it.
    """
    digest = _digest_of_files(files)
    if around is None:
        return digest
    named = [_File(Path(os.path.relpath(file.path, folder)).as_posix(), file.path) for file in others]
    outside = around.version or _digest_of_files(named)
    return hashlib.sha256(json.dumps([digest, outside]).encode()).hexdigest()


def _digest_of_files(files: Iterable[_File]) -> str:
    """The digest of names, contents and executable bits. Dates, owners and the folder's path do not matter."""
    content = sorted((file.name, _is_executable(file.path), sha256_of(file.path)) for file in _limited(files))
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _limited(files: Iterable[_File]) -> list[_File]:
    """The files, if they are not too many or too large. They could be a whole disk: a lock file names the folder.

    Raises:
        PackageFileError: there are too many files, or they are too large.
    """
    size, limited = 0, []
    for file in files:
        limited.append(file)
        size += file.path.stat().st_size
        if len(limited) > _MOST_FILES or size > _LARGEST:
            raise PackageFileError(
                f"a path dependency has more than {_MOST_FILES} files or {_LARGEST >> 30} GiB",
                where=str(file.path.parent),
                hint="check its path in pyproject.toml and poetry.lock",
            )
    return limited


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)


def _files(folder: Path) -> Iterator[_File]:
    """The files that belong to a folder's content; links are followed."""
    tracked = listed_by_git(folder, "--cached") if work_tree_of(folder) else []
    included = included_files(folder, tracked) if tracked else []
    for name in dict.fromkeys([*tracked, *filter(is_kept, included)]):
        path = folder / name
        if path.is_dir():  # a link to a folder, or a submodule
            yield from (_File(f"{name}/{file.relative_to(path).as_posix()}", file) for file in all_files(path))
        elif path.is_file():
            yield _File(name, path)
    if not tracked:
        yield from (_File(file.relative_to(folder).as_posix(), file) for file in all_files(folder))
