"""What commands print, and how: results to standard output; notes, warnings and errors to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli import output

if TYPE_CHECKING:
    import argparse
    from typing import Any, TextIO

_RED, _YELLOW, _RESET = "\x1b[1;31m", "\x1b[1;33m", "\x1b[0m"


@dataclass(frozen=True, kw_only=True)
class Console:
    """How a command prints.

    Attributes:
        json: standard output is only JSON.
        quiet: no notes and no progress: only results, warnings and errors.
        verbose: also details that only matter if something goes wrong.
        allows_color: False with ``--no-color``.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    allows_color: bool = True

    @classmethod
    def of(cls, options: argparse.Namespace) -> Console:
        """The console that the options ask for."""
        return cls(json=options.json, quiet=options.quiet, verbose=options.verbose, allows_color=not options.no_color)

    @property
    def width(self) -> int:
        """Number of columns: of the terminal, or of ``COLUMNS``; 80 if standard output is neither."""
        return shutil.get_terminal_size().columns

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads standard output on a terminal."""
        return sys.stdout.isatty()

    def has_color(self, stream: TextIO | None = None) -> bool:
        """Whether what is printed to a stream (default: standard output) is colored.

        ``NO_COLOR`` comes before ``FORCE_COLOR``: https://no-color.org, https://force-color.org.
        """
        if not self.allows_color or os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"

    def print(self, line: object = "") -> None:
        """Print a line of the result to standard output, with control characters escaped."""
        output.print_line(line)

    def print_script(self, script: str) -> None:
        """Print a script of this package to standard output, with its lines as they are."""
        for line in script.splitlines():
            output.print_prepared(line)

    def print_json(self, document: Any) -> None:
        """Print a JSON document to standard output."""
        output.print_json(document)

    def say(self, text: str) -> None:
        """Print to standard error what must be seen."""
        output.say(text)

    def note(self, text: str) -> None:
        """Print to standard error what is good to know; nothing with ``--quiet``."""
        if not self.quiet:
            output.say(text)

    def detail(self, text: str) -> None:
        """Print to standard error what only ``--verbose`` shows."""
        if self.verbose:
            output.say(text)

    def warn(self, text: object) -> None:
        """Print a warning to standard error."""
        self._label("warning", text, _YELLOW)

    def error(self, text: object) -> None:
        """Print an error to standard error."""
        self._label("error", text, _RED)

    def _label(self, label: str, text: object, color: str) -> None:
        labeled = output.fitted(f"{label}: {text}", sys.stderr)
        if self.has_color(sys.stderr):
            output.say(labeled.removeprefix(label), before=f"{color}{label}{_RESET}")
        else:
            output.say(labeled)
