"""Lines at the bottom of a terminal that change while a build runs.

After each change the cursor is at the start of the line below, and it is never hidden. So whatever ends the process,
the terminal has whole lines and a cursor.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from pulumi_poetry_layer.printable import printable, printable_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from pulumi_poetry_layer.host.progress import Step

_UP_AND_CLEAR = "\x1b[{}F\x1b[J"  # https://www.ecma-international.org/publications-and-standards/standards/ecma-48/
_MOST_LINES = 9
_BAR = 20  # columns
_LOCK_SECONDS = 0.2  # a signal may have come while a line is written


class LiveLines:
    """The lines that change. Used from several threads.

    Args:
        stream: the terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = Lock()
        self._lines: list[str] = []
        self._is_closed = False

    def show(self, steps: Sequence[Step]) -> None:
        """Replace the lines."""
        width = shutil.get_terminal_size().columns - 1
        lines = [_line(step, width) for step in steps[:_MOST_LINES]]
        if len(steps) > _MOST_LINES:
            lines.append(f"  and {len(steps) - _MOST_LINES} more")
        with self._lock:
            if not self._is_closed:
                self._write(lines)

    def print_above(self, text: str) -> None:
        """Print what stays, above the lines that change."""
        with self._lock:
            self._write(self._lines, f"{printable(text)}\n")

    def close(self) -> None:
        """Remove the lines. Nothing is shown after that."""
        is_free = self._lock.acquire(timeout=_LOCK_SECONDS)
        self._is_closed = True
        self._write([])
        if is_free:
            self._lock.release()

    def _write(self, lines: list[str], above: str = "") -> None:
        before = _UP_AND_CLEAR.format(len(self._lines)) if self._lines else ""
        self._lines = lines
        with suppress(OSError, ValueError):
            self._stream.write(before + above + "".join(f"{line}\n" for line in lines))
            self._stream.flush()


def _line(step: Step, width: int) -> str:
    text = printable_line(step.text)
    if step.share is not None and len(text) + 1 + _BAR <= width:
        done = round(min(max(step.share, 0), 1) * _BAR)
        text = f"{text.ljust(min(width - _BAR - 1, 56))} {'━' * done}{'╌' * (_BAR - done)}"
    return text if len(text) <= width else f"{text[: width - 1]}…"
