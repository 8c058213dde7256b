"""A terminal for programs, with what a user sees on it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte

ROWS = 100


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is on a terminal when a program has ended.

    Attributes:
        lines: its lines, without spaces at their ends, and without empty lines at the end.
        cursor_is_shown: whether the cursor is shown.
        exit_code: exit code of the program; negative if it was ended by a signal.
        colors: the colors of characters on the screen.
    """

    lines: list[str]
    cursor_is_shown: bool
    exit_code: int
    colors: frozenset[str]


def on_terminal(
    arguments: Sequence[str],
    *,
    columns: int,
    folder: Path,
    environment: Mapping[str, str],
    watch: Callable[[list[str], subprocess.Popen[bytes]], None] | None = None,
) -> Seen:
    """Run this Python on a terminal.

    Args:
        arguments: the arguments of Python.
        columns: width of the terminal.
        folder: the working directory.
        environment: the environment variables.
        watch: is called with the lines on the terminal, whenever they may have changed, and with the process.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    screen = pyte.Screen(columns, ROWS)
    stream = pyte.ByteStream(screen)
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env={"TERM": "xterm-256color", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        while data := _read(ours):
            stream.feed(data)
            if watch:
                watch(_lines(screen), process)
        code = process.wait()
    os.close(ours)
    colors = frozenset(character.fg for row in screen.buffer.values() for character in row.values())
    return Seen(lines=_lines(screen), cursor_is_shown=not screen.cursor.hidden, exit_code=code, colors=colors)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # nothing has the terminal open any more
        return b""


def _lines(screen: pyte.Screen) -> list[str]:
    return "\n".join(line.rstrip() for line in screen.display).rstrip().split("\n")
