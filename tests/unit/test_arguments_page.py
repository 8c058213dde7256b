"""docs/arguments.md has all arguments, outputs and builders, and no others."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from pulumi_poetry_layer import PoetryLayer
from pulumi_poetry_layer.builders.registry import BUILDERS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "arguments.md").read_text("utf-8")


def section(title: str) -> str:
    """The text below a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """All names in the first column of the tables of a text."""
    return [name for cell in re.findall(r"^\| (`.*?) \|", text, re.M) for name in re.findall(r"`(\w+)`", cell)]


def test_the_table_lists_the_arguments_of_the_component() -> None:
    """Otherwise users do not find an argument, or read about one that does not exist."""
    parameters = inspect.signature(PoetryLayer.__init__).parameters
    public = {name for name in parameters if not name.startswith("_")} - {"self", "name", "opts"}
    listed = first_cells(section("Arguments"))
    assert set(listed) == public
    assert len(listed) == len(set(listed))


def test_the_outputs_are_those_of_the_docstring() -> None:
    """Otherwise a program uses an output that does not exist."""
    attributes = inspect.cleandoc(PoetryLayer.__doc__ or "").partition("Attributes:\n")[2]
    listed, _, _ = section("Outputs").partition("\n\n|")
    assert set(re.findall(r"`(\w+)`", listed)) - {"PoetryLayer"} == set(re.findall(r"^    (\w+):", attributes, re.M))


def test_the_table_lists_all_builders() -> None:
    """Otherwise users do not find a builder, or get an error for one that does not exist."""
    assert set(first_cells(section("Builders"))) == set(BUILDERS)
