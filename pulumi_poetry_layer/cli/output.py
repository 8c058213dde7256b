"""What the command line writes to standard output and standard error, whatever state these are in."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.live import LiveLines
from pulumi_poetry_layer.errors import HostError
from pulumi_poetry_layer.host.build_log import show_output
from pulumi_poetry_layer.host.cleanup import registered
from pulumi_poetry_layer.host.output import accept_all_characters
from pulumi_poetry_layer.host.progress import reporting
from pulumi_poetry_layer.printable import printable, printable_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TextIO

    from pulumi_poetry_layer.cli.console import Console

_LIVE_SECONDS = 0.25
_TOGETHER = re.compile(r"(?<=\d) (?=MiB\b)|(?<=\bsha256) |(?<=\bfingerprint) ")  # numbers and names of digests
_WORDS = re.compile(r"(?:-\S+ (?=[^-]))?(?:'[^']*'|\S)+")  # an option stays with its value


def prepare_streams() -> None:
    """Make streams that the caller has closed, or that cannot encode all characters, usable."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    accept_all_characters(sys.stdout)
    accept_all_characters(sys.stderr)


def flush() -> int:
    """Write what is buffered for standard output, and return the exit code: 1 if that is impossible."""
    try:
        with output_errors():
            sys.stdout.flush()
    except BrokenPipeError:
        pass
    except HostError as error:
        say(f"error: {error}")
    else:
        return 0
    _discard(sys.stdout)
    return 1


def say(text: str, *, before: str = "", end: str = "\n") -> None:
    """Print a line to standard error, which may be closed or full."""
    try:
        print(f"{before}{printable(fitted(text, sys.stderr))}", file=sys.stderr, end=end, flush=True)
    except OSError:
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Discard what is still buffered: the interpreter would try it again at its end, and change the exit code."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def shown_build(console: Console) -> Iterator[Callable[[str], None]]:
    """Show on standard error what the build in the block does: on a terminal in lines that change.

    Yields:
        A function that prints a line to standard error. Nothing else may do that in the block.
    """
    if console.quiet:
        show_output(lambda line: say(line) if line.startswith("warning:") else None)
        yield say
        return
    if not sys.stderr.isatty():
        show_output(say)
        with reporting(say):
            yield say
        return
    with registered(lambda: LiveLines(sys.stderr), LiveLines.close) as live:

        def print_above(line: str) -> None:
            live.print_above(fitted(line, sys.stderr))

        show_output(print_above)
        try:
            with reporting(say, show_steps=live.show, first=_LIVE_SECONDS, every=_LIVE_SECONDS):
                yield print_above
        finally:
            live.close()
            show_output(say)


def print_json(document: Any) -> None:
    """Print a JSON document."""
    with output_errors():
        print(json.dumps(document, indent=2))  # ASCII only: json escapes all control characters


def print_line(line: object, file: TextIO | None = None) -> None:
    """Print one line, with control characters escaped. A terminal gets it in several if it is not wide enough."""
    with output_errors():
        print(fitted(printable_line(str(line)), file or sys.stdout), file=file)


def fitted(text: str, stream: TextIO) -> str:
    """The text, for a terminal with its lines broken between words; the terminal would break them anywhere."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(_wrapped(line, width) for line in text.split("\n"))


def _wrapped(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
    joined = _TOGETHER.sub("\N{NO-BREAK SPACE}", line)
    lines = textwrap.wrap(
        joined, max(width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def fitted_command(command: str, *, indent: str, end: str) -> str:
    """A command line, broken between words if standard output is a terminal that is not wide enough.

    Args:
        command: the command line.
        indent: what each line starts with; the caller has printed as many characters before the first one.
        end: what each line but the last ends with.
    """
    if not sys.stdout.isatty():
        return command
    width = shutil.get_terminal_size().columns - len(indent)
    lines = [""]
    for word in _WORDS.findall(command):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and len(longer) + len(end) > width:
            lines.append(f"  {word}")
        else:
            lines[-1] = longer if len(lines) == 1 else f"{lines[-1]} {word}"
    return f"{end}\n{indent}".join(lines)


def print_prepared(line: str) -> None:
    """Print a line of which everything from outside is escaped, and which may have colors."""
    with output_errors():
        print(line)


@contextmanager
def output_errors() -> Iterator[None]:
    """Report a full disk or the like as an error of standard output.

    Raises:
        HostError: standard output cannot be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise HostError(f"cannot be written: {error.strerror}", where="standard output") from error
