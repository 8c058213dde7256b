"""The parser of the command line, with the options that all commands have, and what it says about wrong usage."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pulumi_poetry_layer.cli import output
from pulumi_poetry_layer.cli.commands import PROGRAM, SUMMARIES, UsageError, command_module
from pulumi_poetry_layer.cli.console import Console
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
        self.needed: list[argparse.Action] = []
        self.commands: dict[str, Parser] = {}
        self.long_options: list[str] = []
        self.option_names: dict[str, str] = {}
        super().__init__(**settings, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
        self.color = False  # Python 3.14 and newer would color the help, whatever --no-color says

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an argument, and remember its long names for suggestions.

        One that is needed is optional for the library, which would otherwise end the program when it is missing.
        """
        is_needed = settings.pop("required", False)
        if not names[0].startswith("-") and "nargs" not in settings:
            is_needed, settings["nargs"] = True, "?"
        action = super().add_argument(*names, **settings)
        self.arguments.append(action)
        if is_needed:
            self.needed.append(action)
        own = [name for name in action.option_strings if name.startswith("--")]
        self.long_options += own
        if own:
            self.option_names.setdefault(action.dest, own[0])
        return action

    def error(self, message: str) -> NoReturn:
        """Raise what the library says about the usage.

        Raises:
            _UnclearError: always.
        """
        found = re.fullmatch(r"argument (\S+): (.*)", message, re.DOTALL)
        where, what = (found[1].replace("/", ", "), found[2]) if found else (None, message)
        raise _UnclearError(UsageError(_IN_OTHER_WORDS.get(what, what), where=where), self.advice)

    @property
    def advice(self) -> str:
        """How the command is used, and where more is said about it."""
        return f'{self.format_usage().rstrip()}\n"{self.prog} --help" lists the options'


_IN_OTHER_WORDS = {"expected one argument": "needs a value"}
"""What the library says → what this program says."""


class _UnclearError(Exception):
    """It is not clear what the arguments mean, so the program ends without a look at the others."""

    def __init__(self, problem: UsageError, advice: str) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.advice = advice


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
    try:
        return _parse(arguments)
    except _UnclearError as error:
        console = Console(allows_color="--no-color" not in arguments)
        console.error(error.problem)
        console.say(error.advice)
        sys.exit(2)


def _parse(arguments: Sequence[str]) -> CommandLine:
    name = _chosen_command(arguments)
    root = _make_parsers([name] if name else [])
    options, unknown = root.parse_known_args(arguments)
    if name is None:
        problem = UsageError("no command is given", hint=f"the commands are: {', '.join(SUMMARIES)}")
        raise _UnclearError(problem, root.advice)
    parser = root.commands[name]
    unknown = _take_late_arguments(options, unknown, parser)
    problems = [
        *_unknown_arguments(unknown, parser.long_options),
        *_missing_arguments(options, parser),
        *take_wrong_values(options, parser.option_names),
    ]
    return CommandLine(options, problems, parser.advice)


def _take_late_arguments(options: argparse.Namespace, unknown: Sequence[str], parser: Parser) -> list[str]:
    """Fill in arguments that stand after an option, which the library of older Pythons does not do.

    Returns:
        The arguments that stay unknown.
    """
    waiting = [one for one in parser.arguments if not one.option_strings and getattr(options, one.dest) is None]
    rest = []
    for before, argument in zip(["", *unknown], unknown, strict=False):
        if waiting and not argument.startswith("-") and not before.startswith("-"):
            action = waiting.pop(0)
            read: Any = action.type or str
            setattr(options, action.dest, read(argument))
        else:
            rest.append(argument)
    return rest


def _missing_arguments(options: argparse.Namespace, parser: Parser) -> Iterator[UsageError]:
    for action in parser.needed:
        if getattr(options, action.dest) is None:
            names = action.option_strings or [str(action.metavar)]
            yield UsageError("is missing", where=names[-1], hint=action.help)


def make_complete_parser() -> Parser:
    """The parser with the options of all commands."""
    return _make_parsers(SUMMARIES)


def _chosen_command(arguments: Sequence[str]) -> str | None:
    """The name of the command; None if there is none.

    Raises:
        _UnclearError: there is no such command.
    """
    parser = Parser(prog=PROGRAM, usage=_USAGE, add_help=False)
    _add_common_options(parser)
    _, rest = parser.parse_known_args(arguments)
    name = next((argument for argument in rest if not argument.startswith("-")), None)
    if name is not None and name not in SUMMARIES:
        problem = UsageError(f"unknown command {name!r}", hint=suggestion(name, SUMMARIES, "known commands"))
        raise _UnclearError(problem, parser.advice)
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
        title="commands", metavar="COMMAND", dest="command", prog=PROGRAM, parser_class=Parser
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
            usage=output.fitted_command(f"{PROGRAM} {name} {module.USAGE}", indent=" " * len("usage: "), end=""),
            description=output.fitted(f"{summary[0].upper()}{summary[1:]}.", sys.stdout),
            epilog="\n".join(["examples:", *map(_example, module.EXAMPLES)]),
        )
        module.add_options(commands[name])
        _add_common_options(commands[name])
    return root


def _example(example: str) -> str:
    return "  " + output.fitted_command(f"{PROGRAM} {example}", indent="  ", end=" \\")


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
