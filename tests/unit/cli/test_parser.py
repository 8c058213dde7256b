"""The parser: common options, help, version and wrong usage."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from samples import PROJECTS

from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.cli.commands import SUMMARIES
from pulumi_poetry_layer.cli.parser import make_complete_parser, parse
from pulumi_poetry_layer.cli.request_options import given_arguments

BASE = str(PROJECTS / "base")


def ended(arguments: list[str]) -> object:
    """The exit code of a command line that ends before a command runs."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code


@pytest.mark.parametrize("arguments", [["-C", BASE, "--json", "plan"], ["plan", "--json", "-C", BASE]])
def test_common_options_can_stand_before_and_after_the_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A user of git or Poetry would write one, and get the plan of another folder, or no JSON."""
    assert main([*arguments, "--runtime", "python3.12"]) == 0

    assert [package["name"] for package in json.loads(capsys.readouterr().out)["packages"]] == ["idna", "six"]


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """A report of a bug would not say which version has it."""
    assert ended(["--version"]) == 0

    assert capsys.readouterr().out.startswith("pulumi-poetry-layer 0.")


@pytest.mark.parametrize("name", SUMMARIES)
def test_help_of_each_command_has_examples_that_the_parser_accepts(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would copy an example that does not work."""
    assert ended(["help", name]) == 0
    shown = capsys.readouterr().out
    assert ended([name, "--help"]) == 0
    assert capsys.readouterr().out == shown

    examples = [line for line in shown.partition("examples:\n")[2].splitlines() if line]
    assert examples
    for example in examples:
        program, *arguments = shlex.split(example)
        assert program == "pulumi-poetry-layer"
        assert parse(arguments).command == name


def test_help_without_a_command_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """A new user would have to know that the option is --help."""
    assert ended(["help"]) == 0

    shown = capsys.readouterr().out
    assert [name for name in SUMMARIES if f"    {name} " not in shown] == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["bild"], "unknown command 'bild'; did you mean 'build'?"),
        (["help", "pla"], "unknown command 'pla'; did you mean 'plan'?"),
        (["xyz"], "unknown command 'xyz'; the commands are: build, cache"),
        (["plan", "--runtme=python3.12"], "unknown option --runtme (did you mean --runtime?)"),
        (["plan", "--nope", "--grup", "dev"], "unknown option --nope; unknown option --grup (did you mean --group?)"),
        (["plan", "--run", "python3.12"], "unknown option --run"),
        (["cache", "size", "now"], "unexpected argument 'now'"),
    ],
)
def test_unknown_names_are_wrong_usage_with_a_suggestion(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would have to look up how an option or command is spelled."""
    assert ended(arguments) == 2

    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["bild"]])
def test_version_help_and_wrong_usage_load_no_command(arguments: list[str]) -> None:
    """Whoever asks for the version would wait for modules that it does not need."""
    program = (
        "import sys\nfrom pulumi_poetry_layer.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print([name for name in sys.modules if '.cli.commands.' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)

    assert done.stdout.splitlines()[-1] == "[]"


def test_complete_parser_knows_the_options_of_all_commands() -> None:
    """A completion would lack the options of most commands."""
    shown = make_complete_parser().parse_args(["build", "-o", "x", "--group", "a"])

    assert (shown.output, shown.group) == ("x", ["a"])


@pytest.mark.parametrize(
    ("arguments", "bytecode"),
    [
        ([], None),
        (["--no-bytecode"], False),
        (["--bytecode"], True),
        (["--bytecode", "3.12.1"], "3.12.1"),
        (["--bytecode", "--json"], True),
    ],
)
def test_bytecode_is_an_option_with_or_without_a_release(arguments: list[str], bytecode: object) -> None:
    """Otherwise the command line cannot build what Pulumi builds."""
    options = parse(["build", "-o", "layer.zip", *arguments])
    assert given_arguments(options).bytecode == bytecode
