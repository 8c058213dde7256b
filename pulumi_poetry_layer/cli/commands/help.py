"""``help``: explain a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.parser import parse

if TYPE_CHECKING:
    import argparse

    from pulumi_poetry_layer.cli.console import Console

USAGE = "[COMMAND]"
EXAMPLES = ("help build",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument("topic", nargs="?", metavar="COMMAND", help="the command (default: list all commands)")


def run(options: argparse.Namespace, console: Console) -> None:  # noqa: ARG001 - the parser prints the help itself
    """Print the help of a command."""
    parse([options.topic, "--help"] if options.topic else ["--help"])
