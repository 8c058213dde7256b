"""``main``: from the arguments of the process to its exit code."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.commands import UsageError, command_module
from pulumi_poetry_layer.cli.console import Console
from pulumi_poetry_layer.cli.output import flush, prepare_streams
from pulumi_poetry_layer.cli.parser import parse
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.host.cleanup import end_on_signals, end_process
from pulumi_poetry_layer.host.failures import host_errors
from pulumi_poetry_layer.wording import on_command_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: the command line without the program's name; default: ``sys.argv[1:]``.

    Raises:
        SystemExit: after ``--help`` (0) and after wrong usage (2).
    """
    prepare_streams()
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return end_on_signals(lambda: _run(options))
    except KeyboardInterrupt:
        end_process(signal.SIGINT)


def _run(options: argparse.Namespace) -> int:
    console = Console.of(options)
    try:
        with on_command_line(), host_errors():
            command_module(options.command).run(options, console)
        return flush()
    except BrokenPipeError:
        flush()
        return 1
    except PoetryLayerError as error:
        console.error(error)
        return 2 if isinstance(error, UsageError) else 1
