"""Writes files atomically: under a temporary name, then renamed. Other processes never see an incomplete file."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from pulumi_poetry_layer.host.cleanup import registered
from pulumi_poetry_layer.host.leftovers import hold, release, remove_leftovers, remove_leftovers_once

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 20
TEMPORARY_PREFIX = ".poetry-layer-tmp-"
"""What the names of temporary files start with: so special that they can be removed if they are left over."""


@contextmanager
def replacing(output: Path, *, folder: Path | None = None) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces ``output`` at the end of the block, or is removed if the block fails.

    Args:
        output: the file to write.
        folder: the folder for the temporary file, on the same file system; by default that of ``output``.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    parent = folder or output.parent
    remove_leftovers_once(parent, TEMPORARY_PREFIX)
    with registered(lambda: _create(parent), _discard) as temporary:
        try:
            yield temporary.file
            temporary.file.close()
            # The mode is independent of the umask, because Pulumi plugins may run as another user.
            temporary.path.chmod(0o644)
            temporary.path.replace(output)
        except BaseException:
            with suppress(OSError):  # writing what is still in the buffer fails again if the disk is full
                temporary.file.close()
            _discard(temporary)
            raise
        finally:
            release(temporary.hold)


class _Temporary(NamedTuple):
    path: Path
    file: IO[bytes]
    hold: int | None


def _create(parent: Path) -> _Temporary:
    while True:
        # Not the tempfile module: only their owner can read its files. This name is as hard to guess, and mode "x"
        # fails if the file exists.
        path = parent / f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}"
        file = path.open("xb")
        try:
            return _Temporary(path, file, hold(path))
        except FileNotFoundError:
            file.close()


def _discard(temporary: _Temporary) -> None:
    temporary.path.unlink(missing_ok=True)


def remove_temporary_files(folder: Path) -> None:
    """Remove the temporary files of :func:`replacing` that processes which were killed have left in a folder."""
    remove_leftovers(folder, TEMPORARY_PREFIX)


def write_atomically(output: Path, data: bytes) -> None:
    """Write a small file atomically."""
    with replacing(output) as file:
        file.write(data)


def expand_home(path: str) -> Path:
    """A path with the user's home folder in place of ``~``, or unchanged if there is no home folder."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - the method of Path raises RuntimeError


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
