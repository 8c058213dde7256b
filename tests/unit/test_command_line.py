"""Commands and options as users write them; what the two ways of reading have in common is in tests/property."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pulumi_poetry_layer.command_line import parse_command_line


def test_defaults_are_those_of_the_component() -> None:
    """The command line would build something else than the stack does."""
    options = parse_command_line(["plan"])

    assert vars(options) == {
        "command": "plan", "project_dir": Path(), "runtime": "python3.12", "architecture": "x86_64", "group": None,
        "extra": [], "exclude": [], "builder": "wheels", "json": False, "compare": None, "size": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["build", "--group", "main", "--group", "web", "--extra", "x", "--output", "a/layer.zip", "--json"],
        ["build", "--group=main", "--gr", "web", "--ext=x", "--out", "a/layer.zip", "--json"],
    ],
)
def test_options_can_be_given_in_every_usual_form(words: list[str]) -> None:
    """A script that worked with one release would fail with the next."""
    options = parse_command_line(words)

    assert (options.group, options.extra, options.json) == (["main", "web"], ["x"], True)
    assert options.output == Path("a/layer.zip")


@pytest.mark.parametrize("words", [["inspect", "layer.zip", "--json"], ["inspect", "--json", "layer.zip"]])
def test_arguments_without_a_flag_are_read(words: list[str]) -> None:
    """`inspect FILE` would not know its file."""
    options = parse_command_line(words)

    assert (options.command, options.layer, options.json) == ("inspect", Path("layer.zip"), True)


def test_plain_command_lines_need_no_argparse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every warm build would take a tenth longer."""
    monkeypatch.setitem(sys.modules, "argparse", None)

    assert parse_command_line(["build", "--output", "layer.zip"]).output == Path("layer.zip")
    with pytest.raises(ImportError):
        parse_command_line(["build"])
