"""The output of a running build, line by line, and the warnings of a build.

Builders log each line of output at level INFO to the logger ``pulumi_poetry_layer``, and each warning at level WARNING.
A program that uses this package as a library gets them through ``logging``.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.progress import current_label
from pulumi_poetry_layer.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_LOGGER = logging.getLogger("pulumi_poetry_layer")
_LOGGER.addHandler(logging.NullHandler())  # else Python prints warnings to standard error


def warn(message: str) -> None:
    """Report something that is wrong, but does not stop the build."""
    _LOGGER.warning("%s", message)


def show_output(show_line: Callable[[str], None]) -> None:
    """Call a function with each line of output of the builds in this process, with control characters escaped.

    Lines that are warnings start with ``warning:``, and each of them is shown once. If the build has parts, other lines
    start with the label of theirs. The function replaces an earlier one.
    """
    for handler in list(_LOGGER.handlers):
        if isinstance(handler, _LineHandler):
            _LOGGER.removeHandler(handler)
    _LOGGER.addHandler(_LineHandler(show_line))
    _LOGGER.setLevel(logging.INFO)


class _LineHandler(logging.Handler):
    def __init__(self, show_line: Callable[[str], None]) -> None:
        super().__init__()
        self._show_line = show_line
        self._warnings: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line, label = printable(record.getMessage()), current_label()
        if record.levelno >= logging.WARNING:
            if line in self._warnings:
                return  # builds for several targets have the same warnings
            self._warnings.add(line)
        if line.strip():
            if record.levelno >= logging.WARNING:
                line = f"warning: {line}"
            elif label:
                line = f"{label}: {line}"
            with suppress(OSError, ValueError):  # a stream that is closed or full must not stop the build
                self._show_line(line)
