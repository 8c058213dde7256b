"""The output of a running build, line by line.

Builders log each line at level INFO to the logger ``pulumi_poetry_layer``. A program that uses this package as a
library gets the lines through ``logging``.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from pulumi_poetry_layer.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_LOGGER = logging.getLogger("pulumi_poetry_layer")


def show_output(show_line: Callable[[str], None]) -> None:
    """Call a function with each line of output of the builds in this process, with control characters escaped.

    It replaces an earlier function.
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

    def emit(self, record: logging.LogRecord) -> None:
        line = printable(record.getMessage())
        if line.strip():
            with suppress(OSError, ValueError):  # a stream that is closed or full must not stop the build
                self._show_line(line)
