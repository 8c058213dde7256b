"""Tests of passing on the output of a running build."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pulumi_poetry_layer.host.build_log import show_output, warn

BUILDER = logging.getLogger("pulumi_poetry_layer.builders.some_builder")


@pytest.fixture(autouse=True)
def unchanged_logging() -> Iterator[None]:
    """Start without handlers, as a new process does, and restore logging afterwards."""
    logger = logging.getLogger("pulumi_poetry_layer")
    handlers, level = list(logger.handlers), logger.level
    logger.handlers.clear()
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_each_line_is_shown_once_after_two_calls() -> None:
    """A program with two layers would show every line of a build twice."""
    shown: list[str] = []
    for _ in range(2):
        show_output(shown.append)
    BUILDER.info("Installing %s", "idna")
    BUILDER.info(" ")
    assert shown == ["Installing idna"]


def test_control_characters_of_programs_are_escaped() -> None:
    """A build backend could clear the terminal, or write commands into the log of a CI job."""
    shown: list[str] = []
    show_output(shown.append)
    BUILDER.info("\x1b[2J%s\tb", "a\u202e")
    assert shown == ["\\x1b[2Ja\\u202e\tb"]


def test_line_that_cannot_be_shown_does_not_stop_the_build() -> None:
    """A build would fail because the terminal that shows its output is closed."""

    def show(line: str) -> None:
        raise BrokenPipeError(line)

    show_output(show)
    BUILDER.info("Installing idna")


def test_nothing_is_printed_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that uses the package as a library would print lines that are not its own."""
    BUILDER.info("Installing idna")
    assert capsys.readouterr() == ("", "")


def test_warnings_are_marked() -> None:
    """A user would not see that a package in the layer is not in order."""
    shown: list[str] = []
    show_output(shown.append)
    warn("idna 3.10: its METADATA is not UTF-8")
    assert shown == ["warning: idna 3.10: its METADATA is not UTF-8"]


def test_warnings_are_not_printed_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that uses the package as a library would print lines that are not its own."""
    warn("idna 3.10: its METADATA is not UTF-8")
    assert capsys.readouterr() == ("", "")
