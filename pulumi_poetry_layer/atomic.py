"""Files that appear whole or not at all: written under a temporary name, then renamed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 20


@contextmanager
def replacing(output: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside ``output`` that takes its place when the block ends well, and is removed otherwise."""
    output.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{output.name}.", suffix=".tmp", dir=output.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        Path(temporary).chmod(0o644)  # mkstemp made it private; the engine's plugins may run as another user
        os.replace(temporary, output)  # noqa: PTH105 - replaces on Windows too
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_atomically(output: Path, data: bytes) -> None:
    """Write a small file."""
    with replacing(output) as file:
        file.write(data)


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
