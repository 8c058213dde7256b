"""Runs the programs of the setup, and says every few seconds for how long, and how far they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

SECONDS_BETWEEN_SIGNS = 5
_LINES_OF_A_FAILURE = 60
_LONGEST_LINE = 120


_printed_at = time.monotonic()


def say(text: str) -> None:
    """Print a message."""
    _print(f"setup: {text}", end="\n")


def _print(text: str, *, end: str) -> None:
    global _printed_at
    print(text, end=end, flush=True)
    _printed_at = time.monotonic()


class Progress(Protocol):
    """Reads the output of a program, and says how far it is."""

    def read(self, line: str) -> None:
        """Take one line of the program's output."""

    def __str__(self) -> str:
        """What to print; empty if nothing is known yet."""


class LastLine:
    """Says the last line that the program printed.

    Args:
        start: What to say before the first one.
    """

    def __init__(self, start: str = "") -> None:
        self._line = start

    def read(self, line: str) -> None:
        """Take one line of the program's output."""
        self._line = line.strip() or self._line

    def __str__(self) -> str:
        return self._line


def run_watched(
    command: Sequence[str | Path], *, cwd: Path | None, env: Mapping[str, str], progress: Progress | None = None
) -> tuple[int, str]:
    """Run a program to its end, with a sign of life every few seconds.

    Returns:
        The exit code, and the end of what the program printed.
    """
    progress = progress or LastLine(" ".join(map(str, command)))
    last_lines: deque[str] = deque(maxlen=_LINES_OF_A_FAILURE)
    with (
        SignsOfLife(progress),
        subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        for line in process.stdout or ():
            last_lines.append(line)
            progress.read(line)
    return process.returncode, "".join(last_lines).rstrip()


class SignsOfLife:
    """Prints a line every few seconds until the block ends. On a terminal, each line replaces the one before.

    Args:
        progress: Printed after the seconds that have passed.
        wait: Waits for the end of the block, at most this number of seconds; whether it has ended.
        clock: The seconds now.
    """

    def __init__(
        self,
        progress: Progress,
        wait: Callable[[float], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress = progress
        self._ended = threading.Event()
        self._wait = wait or self._ended.wait
        self._thread = threading.Thread(target=self._print_signs, daemon=True)
        self._clock = clock
        self._started = clock()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _print_signs(self) -> None:
        replaces = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        width = shutil.get_terminal_size().columns - 1 if replaces else _LONGEST_LINE
        printed = False
        while not self._wait(max(0.0, _printed_at + SECONDS_BETWEEN_SIGNS - self._clock())):
            sign = f"setup: {self._clock() - self._started:4.0f} s  {self._progress}".rstrip()[:width]
            _print(f"\r\033[K{sign}" if replaces else sign, end="" if replaces else "\n")
            printed = True
        if replaces and printed:
            print("\r\033[K", end="", flush=True)
