"""Writes files atomically: under a temporary name, then renamed. Other processes never see an incomplete file."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.cleanup import registered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_CHUNK = 1 << 20


@contextmanager
def replacing(output: Path, *, folder: Path | None = None) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces ``output`` at the end of the block, or is removed if the block fails.

    Args:
        output: the file to write.
        folder: the folder for the temporary file, on the same file system; by default that of ``output``.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    # Not the tempfile module: only their owner can read its files. This name is as hard to guess, and mode "x" fails
    # if the file exists.
    temporary = (folder or output.parent) / f".{output.name}.{os.urandom(8).hex()}.tmp"
    with registered(lambda: temporary.open("xb"), lambda _: temporary.unlink(missing_ok=True)) as file:
        try:
            yield file
            file.close()
            temporary.chmod(0o644)  # independent of the umask, because Pulumi plugins may run as another user
            temporary.replace(output)
        except BaseException:
            with suppress(OSError):  # writing what is still in the buffer fails again if the disk is full
                file.close()
            temporary.unlink(missing_ok=True)
            raise


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
