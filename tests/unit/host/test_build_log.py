"""Tests of what a running build says."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pulumi_poetry_layer.host.build_log import show_output

BUILDER = logging.getLogger("pulumi_poetry_layer.builders.some_builder")


@pytest.fixture(autouse=True)
def unchanged_logging() -> Iterator[None]:
    """Start as a fresh process does, and leave logging as it was."""
    logger = logging.getLogger("pulumi_poetry_layer")
    handlers, level = list(logger.handlers), logger.level
    logger.handlers.clear()
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_each_line_is_told_once_however_often_it_was_asked_for() -> None:
    """Otherwise a program with two layers shows every line of a build twice."""
    told: list[str] = []
    for _ in range(2):
        show_output(told.append)
    BUILDER.info("Installing %s", "idna")
    BUILDER.info(" ")
    assert told == ["Installing idna"]


def test_nothing_is_told_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a program that uses the package as a library prints what it did not say."""
    BUILDER.info("Installing idna")
    assert capsys.readouterr() == ("", "")
