"""The words of a command line → its command and options.

``argparse`` knows the commands; it tells usage, help and errors. A command line of whole flags that is in order is read
from the same tables without it, since it takes a tenth of a small build to be imported and set up.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from pulumi_poetry_layer.build_plan import MAIN_GROUP
from pulumi_poetry_layer.builders import BUILDERS, DEFAULT_BUILDER
from pulumi_poetry_layer.layer_request import DEFAULT_ARCHITECTURE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    Arguments: TypeAlias = Mapping[str, Mapping[str, Any]]
    """Name or flag of each argument → what ``ArgumentParser.add_argument`` is told of it."""

PROGRAM = "pulumi-poetry-layer"
DEFAULT_RUNTIME = "python3.12"

_JSON = {"action": "store_true", "help": "print JSON only"}
_REQUEST: Arguments = {
    "--project-dir": {
        "type": Path,
        "default": Path(),
        "metavar": "DIR",
        "help": "folder of pyproject.toml and poetry.lock",
    },
    "--runtime": {"default": DEFAULT_RUNTIME, "help": f"Lambda runtime (default: {DEFAULT_RUNTIME})"},
    "--architecture": {
        "default": DEFAULT_ARCHITECTURE,
        "help": f"x86_64 or arm64 (default: {DEFAULT_ARCHITECTURE})",
    },
    "--group": {
        "action": "append",
        "metavar": "GROUP",
        "help": f"dependency group, repeatable (default: {MAIN_GROUP})",
    },
    "--extra": {
        "action": "append",
        "default": [],
        "metavar": "EXTRA",
        "help": "extra of the project, repeatable",
    },
    "--exclude": {
        "action": "append",
        "default": [],
        "metavar": "DIST",
        "help": "leave out DIST and what only it needs",
    },
    "--builder": {"choices": BUILDERS, "default": DEFAULT_BUILDER, "help": f"default: {DEFAULT_BUILDER}"},
    "--json": _JSON,
}
_COMMANDS: Mapping[str, tuple[str, Arguments]] = {
    "plan": (
        "show what would land in the layer, and its fingerprint",
        {
            **_REQUEST,
            "--compare": {
                "type": Path,
                "metavar": "OLD",
                "help": "an older poetry.lock or another project folder: show what changes",
            },
            "--size": {
                "action": "store_true",
                "help": "tell how large the layer will be; may ask the indexes for some seconds",
            },
        },
    ),
    "build": (
        "build the layer zip",
        {**_REQUEST, "--output": {"type": Path, "required": True, "metavar": "FILE", "help": "the zip to write"}},
    ),
    "inspect": (
        "show what is in a layer zip",
        {"layer": {"type": Path, "metavar": "FILE", "help": "the zip to read"}, "--json": _JSON},
    ),
    "cache": (
        "the cache shared by all projects of this user",
        {
            "action": {"choices": ("dir", "size", "clear")},
            "--docker": {
                "action": "store_true",
                "help": "size, clear: what the container builder keeps in Docker",
            },
        },
    ),
}
"""Command → its help and its arguments."""


def parse_command_line(words: Sequence[str]) -> SimpleNamespace:
    """The ``command`` that is asked for and its options.

    Raises:
        SystemExit: help was asked for (0), or it is no command line of this program (2).
    """
    return plain_options(words) or _parser().parse_args(words, SimpleNamespace())


def plain_options(words: Sequence[str]) -> SimpleNamespace | None:
    """What ``argparse`` makes of a command and whole flags with their values; None where there is more to it."""
    _, arguments = _COMMANDS.get(words[0], ("", {})) if words else ("", {})
    options = {flag: told.get("default", None if _takes_value(told) else False) for flag, told in arguments.items()}
    missing = {flag for flag, told in arguments.items() if told.get("required", not flag.startswith("--"))}
    rest = iter(words[1:])
    for flag in rest:
        if flag not in options:
            return None
        told = arguments[flag]
        value = next(rest, "") if _takes_value(told) else flag
        if _takes_value(told) and (not value or value.startswith("-") or value not in told.get("choices", [value])):
            return None
        options[flag] = _with(value, told, options[flag])
        missing.discard(flag)
    if missing or not options:
        return None
    return SimpleNamespace(command=words[0], **{flag[2:].replace("-", "_"): value for flag, value in options.items()})


def _takes_value(told: Mapping[str, Any]) -> bool:
    return told.get("action") != "store_true"


def _with(value: str, told: Mapping[str, Any], before: Any) -> Any:
    """What an option is once it has been given, or given again."""
    if not _takes_value(told):
        return True
    made = told.get("type", str)(value)
    return [*(before or ()), made] if told.get("action") == "append" else made


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(prog=PROGRAM, description="Turn poetry.lock into an AWS Lambda layer zip.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, (told, arguments) in _COMMANDS.items():
        command = commands.add_parser(name, help=told)
        for argument, settings in arguments.items():
            command.add_argument(argument, **settings)
    return parser
