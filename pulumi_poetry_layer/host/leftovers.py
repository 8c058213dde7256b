"""Removes temporary files and folders of processes that were killed.

A process keeps a lock on each of its temporary files and folders for as long as it uses them. The system releases the
lock when the process ends, however it ends. So a temporary file that nobody has locked is a leftover, also if the
process was in another container that shares the folder.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows
    _CAN_LOCK = False
else:
    _CAN_LOCK = True

_OLD = 86_400.0
"""Seconds after which a temporary file is a leftover where files cannot be locked this way."""


def hold(path: Path) -> int | None:
    """Lock a new temporary file or folder until the returned descriptor is closed, or the process ends.

    Args:
        path: the file or folder, which was just created.

    Returns:
        The descriptor to close; None if this system cannot lock the file, which then is no leftover for a day.

    Raises:
        FileNotFoundError: another process has just removed it as a leftover: create another one.
    """
    if not _CAN_LOCK:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        if os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(descriptor)
        return None
    os.close(descriptor)
    raise FileNotFoundError(path)


def release(descriptor: int | None) -> None:
    """End what :func:`hold` began."""
    if descriptor is not None:
        os.close(descriptor)


@lru_cache(maxsize=256)
def remove_leftovers_once(folder: Path, prefix: str) -> None:
    """The same as :func:`remove_leftovers`, but only once for each folder, because a build writes many files to one."""
    remove_leftovers(folder, prefix)


def remove_leftovers(folder: Path, *prefixes: str) -> None:
    """Remove temporary files and folders of processes that have ended.

    Args:
        folder: where they are.
        prefixes: what their names start with.
    """
    with suppress(OSError):
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(prefixes)]
        for name in names:
            _remove_leftover(folder / name)


def _remove_leftover(path: Path) -> None:
    with suppress(OSError):
        if hasattr(os, "geteuid") and path.lstat().st_uid != os.geteuid():
            return
        if path.is_symlink():
            return
        if not _CAN_LOCK:
            if time.time() - path.lstat().st_mtime > _OLD:
                _remove(path)
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
            _remove(path)
        finally:
            os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
