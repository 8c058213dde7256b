"""The cache of this package: one folder in the user's cache folder, shared by all projects."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import BaseFileLock, FileLock
from platformdirs import user_cache_path

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.cleanup import registered, temporary_folder
from pulumi_poetry_layer.host.files import TEMPORARY_PREFIX, expand_home

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT_VARIABLE = "PULUMI_POETRY_LAYER_CACHE_DIR"
_NAME = "pulumi-poetry-layer"
_FOLDER = "cache"
_NO_CACHE = Path(os.devnull) / _NAME
"""The cache of a user without a home folder: nothing can be created below this file."""

_TAG = "CACHEDIR.TAG"
_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"
_TAG_TEXT = f"""\
{_SIGNATURE}
# This folder is the cache of pulumi-poetry-layer. `pulumi-poetry-layer cache clear` removes the files in it.
# Backup programs may skip it: https://bford.info/cachedir/
"""
_IN_USE = ".in-use-"
_CLEARING = ".clearing.lock"
_CLEARING_SECONDS = 60.0
_LASTING_LEVELS = 2
_TEMPORARY_SECONDS = 3600
"""A temporary file or lock that has not changed for so long belongs to no running build."""


def cache_root() -> Path:
    """The folder in ``PULUMI_POETRY_LAYER_CACHE_DIR`` if that is set, else one in the user's cache folder."""
    configured = os.environ.get(ENVIRONMENT_VARIABLE)
    root = expand_home(configured) if configured else _default_root()
    return _NO_CACHE if str(root).startswith("~") else root.absolute()


def _default_root() -> Path:
    try:
        return user_cache_path(_NAME, appauthor=False)
    except RuntimeError:  # there is no home folder
        return _NO_CACHE


def cache_folder(name: str) -> Path:
    """The folder with this name in the cache. It may not exist yet."""
    return cache_root() / _FOLDER / name


def digest_name(key: str) -> str:
    """A file name for a key, which may be any text: the SHA-256 of the key."""
    return "sha256-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def make_cache_folder(folder: Path) -> None:
    """Create a folder in the cache, or elsewhere if the user moved the folder.

    If the cache did not exist or was empty, it is marked as a cache of this package. Only then it can be cleared.

    Raises:
        OSError: the folder cannot be created.
    """
    root = cache_folder("")
    tag = root / _TAG
    if folder.is_relative_to(root) and not tag.exists() and not _names_in(root):
        root.mkdir(parents=True, exist_ok=True)
        tag.write_text(_TAG_TEXT, encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)


def cache_problem(folder: Path) -> OSError | None:
    """Why a folder of the cache cannot be used, for example because it belongs to another user; None if it can be."""
    try:
        make_cache_folder(folder)
        with temporary_folder(folder, prefix=TEMPORARY_PREFIX):
            return None
    except OSError as error:
        return error


def cache_size() -> int:
    """Size of all files in the cache, in bytes. Files that other processes remove meanwhile do not matter."""
    return sum(size for _, size in _files_in(cache_folder("")))


@contextmanager
def using_cache() -> Iterator[None]:
    """Let :func:`clear_cache` remove nothing while the block runs. Waits if the cache is being cleared."""
    root = cache_folder("")
    marker = root / f"{_IN_USE}{os.urandom(8).hex()}"
    lock = FileLock(marker)
    with ExitStack() as stack:
        with suppress(OSError, NotImplementedError):  # the folder cannot be written to, or has no locks
            make_cache_folder(root)
            with FileLock(root / _CLEARING, timeout=_CLEARING_SECONDS):
                _is_used(root)  # removes the markers of processes that were killed
                stack.enter_context(registered(lock.acquire, lambda _: marker.unlink(missing_ok=True)))
                stack.callback(_remove_marker, lock, marker)
        yield


def _remove_marker(lock: BaseFileLock, marker: Path) -> None:
    lock.release()
    with suppress(OSError):
        marker.unlink(missing_ok=True)


def _is_used(root: Path) -> bool:
    """Whether a process is in :func:`using_cache`. Removes the markers of processes that were killed."""
    for marker in root.glob(f"{_IN_USE}*"):
        lock = FileLock(marker, timeout=0)
        try:
            lock.acquire()
        except (OSError, NotImplementedError):
            return True
        _remove_marker(lock, marker)
    return False


@dataclass(frozen=True)
class ClearedCache:
    """What :func:`clear_cache` did.

    Attributes:
        folder: the folder of the cache.
        files: number of files that were removed.
        size: their size in bytes.
        kept: number of files that are still there: they are in use, or cannot be removed.
    """

    folder: Path
    files: int
    size: int
    kept: int


def clear_cache() -> ClearedCache:
    """Remove all files from the cache; none if a build is using it.

    Raises:
        InputError: the folder is not empty and not marked, so it may contain files that are not this package's.
    """
    root = cache_folder("")
    if _names_in(root) and not _is_ours(root):
        raise InputError(
            f"has no {_TAG} of {_NAME}, so it may contain files of other programs; nothing was removed",
            where=str(root),
            hint=f"remove the cache yourself, or set {ENVIRONMENT_VARIABLE} to an empty or new folder",
        )
    if not root.exists():
        return ClearedCache(folder=root, files=0, size=0, kept=0)
    with ExitStack() as stack:
        with suppress(OSError, NotImplementedError):
            stack.enter_context(FileLock(root / _CLEARING, timeout=_CLEARING_SECONDS))
        if _is_used(root):
            return ClearedCache(folder=root, files=0, size=0, kept=sum(1 for _ in _files_in(root)))
        return _cleared(root)


def _cleared(root: Path) -> ClearedCache:
    files = size = kept = 0
    old_folders = [folder for folder in _folders_in(root) if not _is_in_use(folder, root)]
    for path, length in _files_in(root):
        if _is_in_use(path, root):
            kept += bool(length)  # the file of a lock is empty
            continue
        try:
            path.unlink()
        except FileNotFoundError:
            continue  # another process has removed it
        except OSError:
            kept += 1
            continue
        files, size = files + 1, size + length
    for folder in old_folders:
        with suppress(OSError):  # not empty
            folder.rmdir()
    return ClearedCache(folder=root, files=files, size=size, kept=kept)


def _is_ours(root: Path) -> bool:
    """Whether a folder is marked, or is this package's own folder in the user's cache folder."""
    with suppress(OSError, ValueError):
        text = (root / _TAG).read_text(encoding="utf-8")
        if text.startswith(_SIGNATURE) and _NAME in text:
            return True
    return root == _default_root() / _FOLDER


def _names_in(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []


def _files_in(folder: Path) -> Iterator[tuple[Path, int]]:
    """Everything in the cache that is not a folder, with its size in bytes. Links are not followed."""
    for parent, folders, names in os.walk(folder):
        for path in (Path(parent, name) for name in [*names, *folders]):
            try:
                found = path.lstat()
            except OSError:
                continue  # another process has removed it
            if not stat.S_ISDIR(found.st_mode) and path.name not in {_TAG, _CLEARING}:
                yield path, found.st_size


def _folders_in(root: Path) -> Iterator[Path]:
    """The folders below those that builds create once and then expect to exist, the innermost first."""
    for parent, _, _ in os.walk(root, topdown=False):
        if len(Path(parent).relative_to(root).parts) > _LASTING_LEVELS:
            yield Path(parent)


def _is_in_use(path: Path, root: Path) -> bool:
    """Whether a running build may need a file or folder: temporary ones and locks, until they are old."""
    with suppress(OSError):
        if time.time() - path.lstat().st_mtime > _TEMPORARY_SECONDS:
            return False
    return any(part.startswith(".") or part.endswith(".lock") for part in path.relative_to(root).parts)
