"""What a running build says, line by line, for whoever watches it.

Builders log it at level INFO under ``pulumi_poetry_layer``; a program that uses the package as a library hears of it
through ``logging`` as of anything else.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LOGGER = logging.getLogger("pulumi_poetry_layer")


def show_output(tell: Callable[[str], None]) -> None:
    """Hand every line that the builds of this process say to a function, and to no other any more."""
    for handler in list(_LOGGER.handlers):
        if isinstance(handler, _Teller):
            _LOGGER.removeHandler(handler)
    _LOGGER.addHandler(_Teller(tell))
    _LOGGER.setLevel(logging.INFO)


class _Teller(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if line.strip():
            self._tell(line)
