"""Pages whose commands are followed as a reader does, apart from the tutorial."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from .harness import Machine
from .harness.walkthrough import Walkthrough, blocks_of

DOCS = Path(__file__).resolve().parents[2] / "docs"

NewMachine = Callable[[str], Machine]


@pytest.fixture
def reader(tmp_path: Path, new_machine: NewMachine) -> Walkthrough:
    """A reader with an empty folder. uv uses the index that pip and Poetry use in the tests."""
    folder = tmp_path / "reader"
    folder.mkdir()
    variables = {"UV_DEFAULT_INDEX": os.environ.get("UV_DEFAULT_INDEX", PYPI_SIMPLE_ENDPOINT)}
    machine = new_machine("laptop")
    return Walkthrough(machine=replace(machine, variables={**machine.variables, **variables}), folder=folder)


def test_project_of_the_monorepo_page_can_be_locked_and_planned(reader: Walkthrough) -> None:
    """Otherwise a reader with a monorepo copies files that Poetry, or this package, refuses."""
    reader.follow(DOCS / "howto" / "monorepo.md")


def test_project_of_uv_can_be_locked_and_planned_as_the_faq_says(reader: Walkthrough) -> None:
    """Otherwise people who use uv are told that it works, and it does not."""
    (block,) = [block for block in blocks_of((DOCS / "faq.md").read_text("utf-8")) if "uv init" in block.text]

    _, printed = reader.run(f"faq.md:{block.line}", block.text, reader.folder)

    assert "requests" in printed
    assert "fingerprint" in printed
