"""``main``: from the arguments of the process to its exit code."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.commands import UsageError, command_module
from pulumi_poetry_layer.cli.console import Console
from pulumi_poetry_layer.cli.output import flush, prepare_streams
from pulumi_poetry_layer.cli.parser import parse
from pulumi_poetry_layer.errors import PoetryLayerError, problems_of, raise_problems
from pulumi_poetry_layer.host.cleanup import end_on_signals, end_process, is_ending
from pulumi_poetry_layer.host.failures import host_errors
from pulumi_poetry_layer.masking import mask_urls
from pulumi_poetry_layer.wording import on_command_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pulumi_poetry_layer.cli.commands import CommandModule
    from pulumi_poetry_layer.cli.parser import CommandLine


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: the command line without the program's name; default: ``sys.argv[1:]``.

    Raises:
        SystemExit: after ``--help`` and ``--version`` (0), and if it is not clear what the arguments mean (2).
    """
    prepare_streams()
    command_line = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return end_on_signals(lambda: _run(command_line))
    except KeyboardInterrupt:
        end_process(signal.SIGINT)


def _run(command_line: CommandLine) -> int:
    console = Console.of(command_line.options)
    try:
        with on_command_line(), host_errors():
            _run_command(command_line, console)
        return flush()
    except BrokenPipeError:
        flush()
        return 1
    except PoetryLayerError as error:
        if is_ending():
            return 1
        console.error(error)
        _say_causes(error, console)
        if not any(isinstance(problem, UsageError) for problem in problems_of(error)):
            return 1
        console.say(command_line.advice)
        return 2


def _say_causes(error: PoetryLayerError, console: Console) -> None:
    """Say with ``--verbose`` what the system or a library has reported."""
    for problem in problems_of(error):
        cause = problem.__cause__
        while cause is not None:
            console.detail(f"caused by {type(cause).__name__}: {mask_urls(str(cause))}")
            cause = cause.__cause__


def _run_command(command_line: CommandLine, console: Console) -> None:
    options = command_line.options
    command = command_module(options.command)
    if command_line.problems:
        raise_problems([*command_line.problems, *_input_problems(command, options)])
    command.run(options, console)


def _input_problems(command: CommandModule, options: argparse.Namespace) -> list[PoetryLayerError]:
    """What is wrong with the input of a command, if it can say that without being run."""
    try:
        getattr(command, "check", lambda _: None)(options)
    except PoetryLayerError as error:
        return problems_of(error)
    return []
