"""Tests of drawing tables and trees."""

from __future__ import annotations

import sys

import pytest

from pulumi_poetry_layer.cli.console import Console
from pulumi_poetry_layer.cli.guides import guide_lines
from pulumi_poetry_layer.cli.tables import Column, print_table

COLUMNS = [Column(title="name"), Column(title="from", wraps=True), Column(title="size", is_number=True)]


def test_pipe_gets_whole_values_in_one_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    """A script could not find the end of a value that is cut, or count columns if one is empty."""
    print_table(Console(), COLUMNS, [["a" * 200, "", "1"], ["b", "x y", "10"]], shares=[0.5, 1])
    assert capsys.readouterr().out.splitlines() == [
        f"{'name':200}  from  size",
        f"{'a' * 200}  -        1",
        f"{'b':200}  x y     10",
    ]


@pytest.mark.parametrize("is_terminal", [False, True])
def test_text_from_outside_is_neither_markup_nor_an_escape_sequence(
    is_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of a source could hide a row of the table, or change its color."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    print_table(Console(allows_color=False), COLUMNS, [["[red]x[/red]", "a\x1b[2Kb\nc", ":smile:"]])
    _, row = capsys.readouterr().out.splitlines()
    assert row.split() == ["[red]x[/red]", "a\\x1b[2Kb\\nc", ":smile:"]


def test_narrow_terminal_gets_long_values_in_several_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that is cut cannot be read at all."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    print_table(Console(allows_color=False), COLUMNS, [["name", "one two three four five", "1"]])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 30
    assert " ".join(lines[1:]).split() == ["name", "one", "two", "three", "four", "1", "five"]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 140])
def test_no_terminal_is_too_narrow_for_whole_numbers(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A size whose end is cut off looks like another size."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    columns = [Column(title="name", wraps=True), *(Column(title=title, is_number=True) for title in ("files", "size"))]
    print_table(Console(allows_color=False), columns, [["a-rather-long-name" * 2, "12345", "160.9 MiB"]], shares=[1])
    shown = capsys.readouterr().out.split()
    assert "12345" in shown
    assert "160.9" in shown
    assert "MiB" in shown


def test_lines_of_a_tree_are_broken_behind_their_guides() -> None:
    """On a narrow terminal, the end of a long line would look like another node."""
    children = {"root": ["first with a rather long label", "last"], "last": ["leaf"]}
    lines = list(guide_lines(["root"], lambda node: children.get(node, []), str, width=30))
    assert lines == [
        "root",
        "├── first with a rather long",
        "│       label",
        "└── last",
        "    └── leaf",
    ]


def test_tree_may_be_deeper_than_the_stack_of_python() -> None:
    """A lock file could end the program with a RecursionError."""
    lines = list(guide_lines([0], lambda node: [node + 1] if node < 3000 else [], str, width=None))
    assert len(lines) == 3001
