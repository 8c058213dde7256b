"""Whether a file is still what it was, by what the file system says of it; git knows unchanged files in this way."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

_SETTLED = 2.0
"""Seconds; a file system's clock may be that coarse, and two writes within one tick of it cannot be told apart.

https://git-scm.com/docs/racy-git
"""


def state_of(file: IO[bytes]) -> str | None:
    """What changes with every write to an open file: its name, its number, its size, and when it was last changed.

    The time of the last change (ctime) cannot be set by a program, unlike that of the last modification.

    Returns:
        None where the file system does not tell that time, and for files that were changed just now.
    """
    status = os.fstat(file.fileno())
    if os.name != "posix" or time.time() - status.st_ctime < _SETTLED:
        return None
    return f"{Path(file.name).name} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
