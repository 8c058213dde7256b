"""Locks between processes. A process that waits for another one says so, and does not wait forever."""

from __future__ import annotations

import logging
import os
import platform
import re
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pulumi_poetry_layer.errors import HostError
from pulumi_poetry_layer.host.cleanup import registered
from pulumi_poetry_layer.host.variables import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_VARIABLE = "PULUMI_POETRY_LAYER_LOCK_TIMEOUT"
"""How long to wait for another process, in seconds."""

_DEFAULT_LIMIT = 1800.0  # seconds
_NOTICE = 2.0  # seconds
_STEP = 0.25  # seconds between looks at the time
_LONGEST_OWNER = 300

_OWNER = re.compile(r"\.(.*)\.owner")

_OWN = "another build in this process"

_log = logging.getLogger(__name__)


class Patience:
    """How long to wait for another process.

    Args:
        notice: seconds until a message says which process has the lock.
        limit: seconds to wait in all; None means ``PULUMI_POETRY_LAYER_LOCK_TIMEOUT``.
        stop: ends the wait when it is set.

    Raises:
        InputError: the environment variable is not a number of seconds.
    """

    def __init__(self, *, notice: float = _NOTICE, limit: float | None = None, stop: Event | None = None) -> None:
        self.notice = notice
        self.limit = seconds(os.environ, TIMEOUT_VARIABLE, _DEFAULT_LIMIT) if limit is None else limit
        self.stop = stop or Event()


@contextmanager
def locked(path: Path, where: str, patience: Patience | None = None) -> Iterator[None]:
    """Lock a file for the time of the block.

    While the lock is held, a file beside it says which process has it. If the file cannot be locked, for example
    because the file system has no locks, the block runs without a lock.

    Args:
        path: the lock file; its folder is created. The file stays, because to remove a lock file is not safe.
        where: what the lock is for, for messages: "numpy 2.0".
        patience: how long to wait.

    Raises:
        HostError: another process kept the lock for too long.
        InputError: the environment variable for the limit is not a number of seconds.
    """
    lock, owner = FileLock(path), path.with_name(f".{path.name}.owner")
    patience = patience or Patience()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, owner, where, patience)
    except (OSError, NotImplementedError) as error:
        _log.warning("%s: another process may do the same work, because %s cannot be locked: %s", where, path, error)
    if not lock.is_locked:
        yield
        return
    with registered(lambda: _write_owner(owner), lambda _: _remove(owner)):
        try:
            yield
        finally:
            _remove(owner)
            lock.release()


def remove_owners(folder: Path) -> None:
    """Remove the files in a folder that say which process has a lock, if the process was killed."""
    with suppress(OSError, NotImplementedError):
        for owner in [Path(entry.path) for entry in os.scandir(folder) if _OWNER.fullmatch(entry.name)]:
            with suppress(Timeout), FileLock(owner.with_name(_OWNER.sub(r"\1", owner.name)), timeout=0):
                _remove(owner)


def _acquire(lock: FileLock, owner: Path, where: str, patience: Patience) -> None:
    started = time.monotonic()
    is_announced = False
    while True:
        waited = time.monotonic() - started
        with suppress(Timeout):
            lock.acquire(timeout=max(min(_STEP, patience.limit - waited), 0))
            return
        waited = time.monotonic() - started
        if patience.stop.is_set():
            raise HostError("the build has ended", where=where)
        if waited >= patience.limit:
            raise HostError(
                f"waited {waited:.0f} seconds for {_read_owner(owner)}, which has locked {lock.lock_file}",
                where=where,
                hint=f"wait until it is done, or end it; or set {TIMEOUT_VARIABLE} to more seconds",
            )
        if not is_announced and waited >= patience.notice and _is_other(owner, waited >= 2 * patience.notice):
            _log.warning("%s: waiting for %s, which has locked %s", where, _read_owner(owner), lock.lock_file)
            is_announced = True


def _write_owner(owner: Path) -> None:
    with suppress(OSError):
        owner.write_text(f"process {os.getpid()} on {platform.node()}", encoding="utf-8")


def _is_other(owner: Path, is_late: bool) -> bool:
    """Whether another process has the lock. The builds of this one for several targets wait for each other often.

    Args:
        owner: the file that says which process has the lock; it is missing for a moment after the lock was taken.
        is_late: what to return if it is missing.
    """
    return not _read_owner(owner).startswith(_OWN) if owner.exists() else is_late


def _read_owner(owner: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        text = owner.read_text(encoding="utf-8")[:_LONGEST_OWNER]
        if text.isprintable() and text:
            is_own = text.startswith(f"process {os.getpid()} ")
            return f"{_OWN} ({text})" if is_own else text
    return "another process"


def _remove(owner: Path) -> None:
    with suppress(OSError):
        owner.unlink()
