"""Prints lines for people. Output never stops a build: a stream may be closed, full, or unable to encode an arrow."""

from __future__ import annotations

import codecs
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

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
