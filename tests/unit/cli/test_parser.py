"""The parser: common options, help, version and wrong usage."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from samples import PROJECT, PROJECTS, Package, lock_text

from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.cli.commands import SUMMARIES
from pulumi_poetry_layer.cli.output import fitted_command
from pulumi_poetry_layer.cli.parser import make_complete_parser, parse
from pulumi_poetry_layer.cli.request_options import given_arguments

BASE = str(PROJECTS / "base")
BUILD = (
    "pulumi-poetry-layer build --runtime python3.13 --architecture arm64 --architecture x86_64 -o 'a b/{runtime}.zip'"
)


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
        program, *arguments = shlex.split(example.partition(" > ")[0])
        assert program == "pulumi-poetry-layer"
        parsed = parse(arguments)
        assert (parsed.options.command, parsed.problems) == (name, [])


def test_help_without_a_command_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """A new user would have to know that the option is --help."""
    assert ended(["help"]) == 0

    shown = capsys.readouterr().out
    assert [name for name in SUMMARIES if f"    {name} " not in shown] == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["bild"], "error: unknown command 'bild'\n  hint: did you mean 'build'?"),
        (["help", "pla"], "error: unknown command 'pla'\n  hint: did you mean 'plan'?"),
        (["xyz"], "error: unknown command 'xyz'\n  hint: known commands: build, cache"),
    ],
)
def test_unknown_command_is_wrong_usage_with_a_suggestion(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would have to look up what a command is called."""
    assert ended(arguments) == 2

    printed = capsys.readouterr().err
    assert problem in printed
    assert printed.endswith(
        'usage: pulumi-poetry-layer COMMAND [OPTIONS]\n"pulumi-poetry-layer --help" lists the options\n'
    )


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        (["plan", "--runtme=python3.12"], ["--runtme: unknown option\n  hint: did you mean --runtime?"]),
        (
            ["plan", "--nope", "--grup", "dev"],
            ["--nope: unknown option\n", "--grup: unknown option\n  hint: did you mean --group?"],
        ),
        (["plan", "--run", "python3.12"], ["--run: unknown option"]),
        (["cache", "size", "now"], ["now: unexpected argument"]),
        (["cache", "sizes"], ["unknown action 'sizes'\n  hint: did you mean 'size'? known actions: clear, dir, size"]),
        (["cache", "dir", "--docker"], ["--docker: is for size and clear"]),
        (["plan", "--strip", "test"], ["--strip: unknown kind 'test'\n  hint: did you mean 'tests'?"]),
        (["plan", "--image", "x", "--builder", "wheels"], ["--image: is for the container builder"]),
        (
            ["plan", "--timeout", "soon"],
            ["--timeout: 'soon' is not a positive number of seconds", "--runtime: is missing"],
        ),
        (["completion"], ["{bash,zsh,fish}: is missing\n  hint: the shell that you use\n"]),
        (
            ["plan", "--builder", "wheel"],
            ["--builder: unknown builder 'wheel'\n  hint: did you mean 'wheels'? known builders: "],
        ),
        (["plan", "--on-conflict", "x"], ["--on-conflict: unknown rule 'x'\n  hint: known rules: error, warn"]),
        (["build", "--max-unzipped-size", "x"], ["--max-unzipped-size: 'x' is not a size", "--output: is missing"]),
    ],
)
def test_wrong_options_are_reported_together_with_a_suggestion(
    arguments: list[str], problems: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would have to look up how an option is spelled, and run the command once for each mistake."""
    assert main(arguments) == 2

    printed = capsys.readouterr().err
    assert [problem for problem in problems if printed.count(problem) != 1] == []
    assert f'"pulumi-poetry-layer {arguments[0]} --help" lists the options\n' in printed


def test_wrong_options_and_everything_that_is_wrong_with_the_project_are_reported_in_one_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would learn of one mistake after the other."""
    project = PROJECT.replace('"app"', '"app", "new"') + '[tool.poetry-layer]\nruntme = "python3.13"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "poetry.lock").write_text(lock_text(PROJECT, [Package(name="app")]))
    wrong = ["--nope", "--builder", "wheel", "--runtime", "3.12", "--group", "mai", "--exclude", "ap"]

    assert main(["build", "-C", str(tmp_path), *wrong]) == 2

    printed = capsys.readouterr().err
    assert printed.startswith("error: 8 problems:\n")
    for problem in (
        "- --nope: unknown option\n",
        "- --builder: unknown builder 'wheel'\n",
        "- --output: is missing\n",
        "- --runtime: unsupported runtime '3.12'\n",
        "- pyproject.toml: tool.poetry-layer.runtme: unknown key\n",
        "- poetry.lock: does not match pyproject.toml (metadata.content-hash differs)\n",
        "- --group: unknown group 'mai'\n",
        "- --exclude: unknown distribution 'ap'\n",
    ):
        assert printed.count(problem) == 1


def test_missing_arguments_are_reported_together_with_everything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would learn of one missing argument after the other."""
    monkeypatch.chdir(tmp_path)

    assert main(["invoke", "--timeout", "x", "--architecture", "amd64", "--task", "nowhere"]) == 2

    printed = capsys.readouterr().err
    assert printed.startswith("error: 6 problems:\n")
    for problem in (
        "- FILE: is missing\n  hint: the layer zip\n",
        "- --handler: is missing\n  hint: the handler, such as app.handler\n",
        "- --timeout: 'x' is not a number of seconds from 1 to 900\n",
        "- --runtime: is missing, and it has no default\n",
        "- --architecture: unsupported architecture 'amd64'\n",
        "- nowhere: is not a folder\n",
    ):
        assert printed.count(problem) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "error: no command is given\n  hint: the commands are: plan, why, build, "),
        (["--json"], "error: no command is given\n"),
        (["plan", "--runtime"], "error: --runtime: needs a value\nusage: pulumi-poetry-layer plan "),
        (["plan", "-C"], "error: -C, --project-dir: needs a value\n"),
        (["plan", "--json=x"], "error: --json: ignored explicit argument 'x'\n"),
    ],
)
def test_command_line_that_is_not_clear_says_what_is_wrong(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would read what the parser calls an argument."""
    assert ended(arguments) == 2

    assert capsys.readouterr().err.startswith(problem)


@pytest.mark.parametrize(
    "arguments", [["old.zip", "new.zip", "-q"], ["old.zip", "-q", "new.zip"], ["-q", "old.zip", "new.zip"]]
)
def test_options_can_stand_between_two_files(arguments: list[str]) -> None:
    """Older releases of Python call the second file an unknown argument."""
    parsed = parse(["inspect", *arguments])

    assert parsed.problems == []
    assert (parsed.options.layer, parsed.options.other) == (Path("old.zip"), Path("new.zip"))


def test_value_of_an_unknown_option_is_not_taken_for_a_file() -> None:
    """A misspelled option would compare a zip with the file that the option was meant to write."""
    parsed = parse(["inspect", "layer.zip", "--htm", "layer.html"])

    assert [str(problem) for problem in parsed.problems] == ["--htm: unknown option\n  hint: did you mean --html?"]
    assert parsed.options.other is None


def test_examples_on_a_narrow_terminal_can_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal would break them in the middle of a word."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")

    lines = fitted_command(BUILD, indent="  ", end=" \\").split("\n")

    assert max(map(len, lines)) <= 60
    assert [line.strip().split()[0] for line in lines] == ["pulumi-poetry-layer", "--architecture", "-o"]
    assert shlex.split("".join(line.removesuffix("\\") for line in lines)) == shlex.split(BUILD)


def test_verbose_says_what_an_error_was_caused_by(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report of a bug would lack what the system has said."""
    (tmp_path / "pyproject.toml").mkdir()

    assert main(["plan", "-C", str(tmp_path), "--runtime", "python3.13"]) == 1
    assert "caused by" not in capsys.readouterr().err
    assert main(["plan", "-C", str(tmp_path), "--runtime", "python3.13", "-v"]) == 1
    assert "\ncaused by IsADirectoryError: " in capsys.readouterr().err


def test_unreadable_project_and_wrong_options_are_reported_in_one_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user would learn of one mistake after the other."""
    (tmp_path / "pyproject.toml").write_text("[project")

    assert main(["plan", "-C", str(tmp_path), "--runtime", "312", "--architecture", "amd64"]) == 1

    printed = capsys.readouterr().err
    for problem in (
        "--runtime: unsupported",
        "--architecture: unsupported",
        "pyproject.toml: not valid TOML",
        "poetry.lock: no such file",
    ):
        assert printed.count(problem) == 1


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
    options = parse(["build", "-o", "layer.zip", *arguments]).options
    assert given_arguments(options).bytecode == bytecode
