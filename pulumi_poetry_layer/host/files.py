"""Files that appear whole or not at all: written under a temporary name, then renamed."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_CHUNK = 1 << 20


@contextmanager
def replacing(output: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside ``output`` that takes its place when the block ends well, and is removed otherwise."""
    output.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files can be read by their owner alone. The name is as hard to guess, and "x" never shares.
    temporary = output.with_name(f".{output.name}.{os.urandom(8).hex()}.tmp")
    with temporary.open("xb") as file:
        try:
            yield file
            file.close()
            temporary.chmod(0o644)  # whatever the umask: the engine's plugins may run as another user
            temporary.replace(output)
        except BaseException:
            file.close()
            temporary.unlink(missing_ok=True)
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
