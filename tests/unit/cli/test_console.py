"""The console: color, quiet and verbose."""

from __future__ import annotations

import sys

import pytest

from pulumi_poetry_layer.cli.console import Console


@pytest.mark.parametrize(
    ("variables", "allows_color", "terminal", "expected"),
    [
        ({}, True, True, True),
        ({}, True, False, False),
        ({"TERM": "dumb"}, True, True, False),
        ({"NO_COLOR": "1"}, True, True, False),
        ({"NO_COLOR": ""}, True, True, True),
        ({"FORCE_COLOR": "1"}, True, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, True, False),
        ({"FORCE_COLOR": "1"}, False, True, False),
    ],
)
def test_errors_are_colored_on_a_terminal_unless_the_user_forbids_it(
    variables: dict[str, str],
    allows_color: bool,
    terminal: bool,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Escapes would be in the log of a CI job, or the variables that all programs know would have no effect."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)

    Console(allows_color=allows_color).error("wrong \x1b[2J")

    label = "\x1b[1;31merror\x1b[0m" if expected else "error"
    assert capsys.readouterr().err == f"{label}: wrong \\x1b[2J\n"


def test_quiet_shows_no_notes_and_verbose_shows_details(capsys: pytest.CaptureFixture[str]) -> None:
    """A script could not silence the program, or a user could not find out more."""
    for console in (Console(quiet=True), Console(), Console(verbose=True)):
        console.note("note")
        console.detail("detail")
        console.warn("wrong")

    assert capsys.readouterr().err == "warning: wrong\nnote\nwarning: wrong\nnote\ndetail\nwarning: wrong\n"
