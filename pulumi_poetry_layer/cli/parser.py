"""The parser of the command line, with the options that all commands have, and what it says about wrong usage."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pulumi_poetry_layer.cli import output
from pulumi_poetry_layer.cli.commands import PROGRAM, SUMMARIES, UsageError, command_module
from pulumi_poetry_layer.cli.values import take_wrong_values
from pulumi_poetry_layer.wording import similar_name, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence


class Parser(argparse.ArgumentParser):
    """The parser of the program, or of one command.

    Options cannot be abbreviated: a new option would make an abbreviation in a script ambiguous.
    """

    def __init__(self, **settings: Any) -> None:
        self.arguments: list[argparse.Action] = []
        self.commands: dict[str, Parser] = {}
        self.long_options: list[str] = []
        self.option_names: dict[str, str] = {}
        super().__init__(**settings, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
        self.color = False  # Python 3.14 and newer would color the help, whatever --no-color says

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an argument, and remember its long names for suggestions."""
        action = super().add_argument(*names, **settings)
        self.arguments.append(action)
        own = [name for name in action.option_strings if name.startswith("--")]
        self.long_options += own
        self.option_names.setdefault(action.dest, next(iter(own), action.dest))
        return action

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the usage, and end the process with exit code 2."""
        output.say(f"error: {message}\n{self.advice}")
        sys.exit(2)

    @property
    def advice(self) -> str:
        """How the command is used, and where more is said about it."""
        return f'{self.format_usage().rstrip()}\n"{self.prog} --help" lists the options'


@dataclass(frozen=True)
class CommandLine:
    """A parsed command line.

    Attributes:
        options: the options of the command; None in place of what is wrong.
        problems: what is wrong.
        advice: what to print after the problems.
    """

    options: argparse.Namespace
    problems: list[UsageError]
    advice: str


def parse(arguments: Sequence[str]) -> CommandLine:
    """Parse the arguments of the program.

    Raises:
        SystemExit: after ``--help`` and ``--version`` (0), and if it is not clear what the arguments mean (2).
    """
    name = _chosen_command(arguments)
    root = _make_parsers([name] if name else [])
    options, unknown = root.parse_known_args(arguments)
    parser = root.commands[options.command]
    problems = [
        *_unknown_arguments(unknown, parser.long_options),
        *take_wrong_values(options, parser.option_names),
    ]
    return CommandLine(options, problems, parser.advice)


def make_complete_parser() -> Parser:
    """The parser with the options of all commands."""
    return _make_parsers(SUMMARIES)


def _chosen_command(arguments: Sequence[str]) -> str | None:
    """The name of the command; None if there is none.

    Raises:
        SystemExit: there is no such command.
    """
    parser = Parser(prog=PROGRAM, usage=_USAGE, add_help=False)
    _add_common_options(parser)
    _, rest = parser.parse_known_args(arguments)
    name = next((argument for argument in rest if not argument.startswith("-")), None)
    if name is not None and name not in SUMMARIES:
        parser.error(f"unknown command {name!r}; {suggestion(name, SUMMARIES, 'the commands are')}")
    return name


_USAGE = f"{PROGRAM} COMMAND [OPTIONS]"


def _make_parsers(complete: Collection[str]) -> Parser:
    """The parser of the program, with those of the commands.

    Args:
        complete: the commands that get their options. Their modules are imported, those of other commands are not.
    """
    root = Parser(
        prog=PROGRAM,
        usage=_USAGE,
        description="Turn poetry.lock into an AWS Lambda layer zip.",
        epilog=f'"{PROGRAM} help COMMAND" explains a command.',
    )
    root.set_defaults(project_dir=None, quiet=False, verbose=False, no_color=False, json=False)
    _add_common_options(root)
    root.add_argument("--version", action=_Version, nargs=0, help="show the version")
    # Without prog=, Python would take the usage apart to find the start of the commands' own.
    subparsers = root.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command", prog=PROGRAM, parser_class=Parser
    )
    commands = root.commands
    for name, summary in SUMMARIES.items():
        if name not in complete:
            commands[name] = subparsers.add_parser(name, help=summary)
            continue
        module = command_module(name)
        commands[name] = subparsers.add_parser(
            name,
            help=summary,
            usage=f"{PROGRAM} {name} {module.USAGE}",
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog="\n".join(["examples:", *(f"  {PROGRAM} {example}" for example in module.EXAMPLES)]),
        )
        module.add_options(commands[name])
        _add_common_options(commands[name])
    return root


def _add_common_options(parser: Parser) -> None:
    """Add the options that can stand before and after the command."""
    # SUPPRESS: what stands before the command must not be replaced by a default of the command's own parser.
    parser.add_argument(
        "-C",
        "--project-dir",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help="folder of pyproject.toml and poetry.lock (default: the current folder)",
    )
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON only")
    parser.add_argument(
        "-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help="no progress, and no notes"
    )
    parser.add_argument("-v", "--verbose", action="store_true", default=argparse.SUPPRESS, help="show more details")
    parser.add_argument(
        "--no-color",
        action="store_true",
        default=argparse.SUPPRESS,
        help="no color, also if FORCE_COLOR is set; NO_COLOR has the same effect",
    )


class _Version(argparse.Action):
    """Prints the version. It is looked up only when it is asked for, which takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # takes a while to import

        output.print_line(f"{PROGRAM} {version(PROGRAM)}")
        parser.exit()


def _unknown_arguments(arguments: Sequence[str], known: Iterable[str]) -> Iterator[UsageError]:
    """An error for each argument that the parser does not know."""
    names = [name.removeprefix("--") for name in known]  # what all names start with does not make them similar
    before = ""
    for argument in arguments:
        if argument.startswith("-"):
            name = argument.partition("=")[0]
            similar = similar_name(name.lstrip("-"), names)
            yield UsageError("unknown option", where=name, hint=f"did you mean --{similar}?" if similar else None)
        elif not before.startswith("-"):  # else it is the value of the unknown option
            yield UsageError("unexpected argument", where=argument)
        before = argument
