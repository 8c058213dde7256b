"""Prints lines for people. Output never stops a build: a stream may be closed, full, or unable to encode an arrow.

A build says its lines with :func:`say`: on standard output, unless the program that runs it has another place for them.
"""

from __future__ import annotations

import codecs
import sys
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from io import TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    Show = Callable[[str], None]

READABLE = "poetry-layer-readable"
"""The ``errors=`` of a stream that writes ``->`` for an arrow that its encoding does not have."""

_REPLACEMENTS = {
    "→": "->",
    "\N{MINUS SIGN}": "-",
    "…": "...",
    **dict.fromkeys("│├", "|"),
    "└": "`",
    **dict.fromkeys("─━", "-"),
    "╌": ".",
    **dict.fromkeys("█▉▊▋▌▐", "#"),
    **dict.fromkeys("▍▎▏▕", " "),
}


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    readable = (_REPLACEMENTS.get(one) or one.encode("ascii", "backslashreplace").decode() for one in characters)
    return "".join(readable), error.end


codecs.register_error(READABLE, _replaced)


def accept_all_characters(stream: TextIO | None) -> None:
    """Let a stream replace the characters that its encoding does not have, instead of raising an error."""
    if isinstance(stream, TextIOWrapper) and stream.errors != READABLE:
        stream.reconfigure(errors=READABLE)


def write_line(line: str, stream: TextIO | None) -> None:
    """Write a line and flush it. Raises nothing: a line that cannot be written is lost.

    Args:
        line: the line, without its line feed.
        stream: where to write it; None as in ``sys.stdout`` of a program without standard output.
    """
    with suppress(OSError, ValueError):  # ValueError: the stream is closed
        accept_all_characters(stream)
        if stream is not None:
            stream.write(f"{line}\n")
            stream.flush()


def _print(line: str) -> None:
    write_line(line, sys.stdout)


_shown_by: ContextVar[Show] = ContextVar("_shown_by")


def say(line: str) -> None:
    """Show a line to the user: print it to standard output, or give it to the function of :func:`saying`."""
    _shown_by.get(_print)(line)


def say_from_threads() -> Show:
    """:func:`say` for threads that the caller starts, or that serve other callers, too."""
    here = _shown_by.get(_print)
    return lambda line: _shown_by.get(here)(line)


@contextmanager
def saying(show: Show) -> Iterator[None]:
    """Let :func:`say` in the block, and in functions that run in its context, call another function."""
    token = _shown_by.set(show)
    try:
        yield
    finally:
        _shown_by.reset(token)
