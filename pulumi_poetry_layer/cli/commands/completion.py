"""``completion``: print a script that lets a shell complete commands, options and their values."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import shtab

from pulumi_poetry_layer.builders.registry import BUILDERS
from pulumi_poetry_layer.cli.commands import SUMMARIES
from pulumi_poetry_layer.cli.commands.cache import ACTIONS
from pulumi_poetry_layer.cli.parser import make_complete_parser
from pulumi_poetry_layer.cli.values import one_of
from pulumi_poetry_layer.layer.request import CONFLICT_RULES
from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES
from pulumi_poetry_layer.strip.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.cli.parser import Parser

USAGE = "{bash,zsh,fish}"
EXAMPLES = (
    "completion bash > ~/.local/share/bash-completion/completions/pulumi-poetry-layer",
    "completion zsh > ~/.zsh/completions/_pulumi-poetry-layer",
    "completion fish > ~/.config/fish/completions/pulumi-poetry-layer.fish",
)

_SHELLS = ("bash", "zsh", "fish")
_VALUES: Mapping[str, Sequence[str]] = {
    "runtime": RUNTIMES,
    "architecture": tuple(MACHINES),
    "builder": BUILDERS,
    "on_conflict": CONFLICT_RULES,
    "strip": KINDS,
    "action": ACTIONS,
    "topic": tuple(SUMMARIES),
    "shell": _SHELLS,
}
"""Destination of an argument → its values."""

_PATHS = {"FILE": shtab.FILE, "OTHER": shtab.FILE, "OLD": shtab.FILE, "DIR": shtab.DIRECTORY}
"""What an argument is called in the help → what the shell completes for it."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument(
        "shell", type=one_of(_SHELLS, "shell"), metavar="{bash,zsh,fish}", help="the shell that you use"
    )


def run(options: argparse.Namespace, console: Console) -> None:
    """Print the script."""
    parser = make_complete_parser()
    for own in (parser, *parser.commands.values()):
        _describe_values(own)
    console.print_script(shtab.complete(parser, shell=options.shell))


def _describe_values(parser: Parser) -> None:
    """Give the arguments of a parser what the library needs to know about their values."""
    for action in parser.arguments:
        described: Any = action
        if action.dest in _VALUES:
            described.choices = _VALUES[action.dest]
        elif action.metavar in _PATHS:
            described.complete = _PATHS[action.metavar]
