"""What to do about errors of this machine: a full disk, missing permissions, resource limits."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import HostError
from pulumi_poetry_layer.host.cache import ENVIRONMENT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_ELSEWHERE = f"set {ENVIRONMENT_VARIABLE} to a folder on another disk"
_RESOURCES = {
    errno.ENOSPC: f"free disk space, or {_ELSEWHERE}",
    errno.EDQUOT: f"free disk space, or {_ELSEWHERE}: the disk quota of this user is used up",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENFILE: "close other programs: this machine has too many open files",
    errno.ENOMEM: "close other programs, or raise the limit on memory (ulimit -v)",
}
"""Errors that are never about the network → what to do."""

_MEMORY_HINT = _RESOURCES[errno.ENOMEM]
_THREADS_HINT = "close other programs, or raise the limit on processes (ulimit -u)"


def host_error(error: OSError, where: str | None = None) -> HostError:
    """The error for a file or folder that this machine refuses to read or write.

    Args:
        error: what the system reported.
        where: the package or file that is affected; None means the file of the error.
    """
    reason = error.strerror or str(error)
    path = f": {error.filename}" if error.filename and where else ""
    place = where or (str(error.filename) if error.filename else None)
    return HostError(f"{reason}{path}", where=place, hint=_hint(error))


def lack_of_resources(error: BaseException) -> OSError | None:
    """The lack of disk space, memory or file handles that an error was caused by, None if it has another cause."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or cause in seen:
            continue
        if isinstance(cause, OSError) and cause.errno in _RESOURCES:
            return cause
        seen.append(cause)
        waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
    return None


@contextmanager
def host_errors() -> Iterator[None]:
    """Report what this machine refuses as an error of this package, with a hint.

    Raises:
        HostError: a file cannot be read or written, or memory or threads are used up.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise host_error(error) from error
    except MemoryError as error:
        raise HostError("out of memory", hint=_MEMORY_HINT) from error
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        raise HostError("cannot start another thread", hint=_THREADS_HINT) from error


def _hint(error: OSError) -> str | None:
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"check the permissions; if it is the cache, set {ENVIRONMENT_VARIABLE} to a writable folder"
    return _RESOURCES.get(error.errno or 0)
