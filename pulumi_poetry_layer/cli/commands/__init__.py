"""The commands, one module for each. A module is imported only if its command is used, because most need many others.

Modules: ``plan``, ``why``, ``build``, ``inspect``, ``verify``, ``invoke``, ``cache``, ``completion`` and ``help``. Each
has what :class:`CommandModule` lists.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from pulumi_poetry_layer.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pulumi_poetry_layer.cli.console import Console

PROGRAM = "pulumi-poetry-layer"

SUMMARIES = {
    "plan": "list the packages of the layer, and show its fingerprint",
    "why": "say why a distribution is in the layer, and what the layer would lose without it",
    "build": "build the layer zip",
    "inspect": "list what is in a layer zip, or what changed from one to another",
    "verify": "check whether a Lambda could load a layer zip",
    "invoke": "invoke a function with a layer zip on AWS's emulator of Lambda",
    "cache": "show or clear the cache, which all projects of a user share",
    "completion": "print a script that lets a shell complete commands and options",
    "help": "explain a command",
}
"""Command → what it does, in the order of the help."""


class CommandModule(Protocol):
    """What the module of a command has.

    Attributes:
        USAGE: its arguments in one line, for the help.
        EXAMPLES: command lines without the name of the program, for the help.
    """

    USAGE: str
    EXAMPLES: Sequence[str]

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options that only this command has."""

    def run(self, options: argparse.Namespace, console: Console) -> None:
        """Run the command.

        Raises:
            UsageError: these options cannot be used together.
            PoetryLayerError: the input is wrong, or the command failed.
        """


class UsageError(InputError):
    """The options of a command cannot be used together."""


def command_module(name: str) -> CommandModule:
    """The module of a command, whose name is a key of :data:`SUMMARIES`."""
    return cast("CommandModule", import_module(f"{__name__}.{name}"))
