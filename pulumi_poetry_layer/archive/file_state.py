"""Recognizes a file that has not changed, by the attributes in the file system, as git does."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

_SETTLED = 2.0
"""Time in seconds after which a change of a file can be recognized.

The clock of a file system may be this coarse, so two writes within this time may have the same timestamp:
https://git-scm.com/docs/racy-git
"""


def state_of(file: IO[bytes]) -> str | None:
    """A text that is different after every change of a file.

    It has the name, the inode number, the size, and the times of the last modification (mtime) and of the last change
    (ctime). A program can set the first time, but not the second.

    Args:
        file: the open file.

    Returns:
        The state; None on Windows, which has no ctime, and for a file that was changed less than two seconds ago.
    """
    status = os.fstat(file.fileno())
    if os.name != "posix" or time.time() - status.st_ctime < _SETTLED:
        return None
    return f"{Path(file.name).name} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
