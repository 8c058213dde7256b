"""Reports what a long build is doing, so that nobody has to guess whether it still runs.

The program that shows the build calls :func:`reporting`, and a builder says with :func:`doing` what it does. Both are
called in the same thread. A build in a program that does not call :func:`reporting` reports nothing.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SECONDS_VARIABLE = "PULUMI_POETRY_LAYER_PROGRESS_SECONDS"
"""Environment variable with the seconds between two reports; 0 for no reports."""

FIRST, EVERY = 2.0, 4.0
"""Seconds before the first report, and between two reports."""


class Step(NamedTuple):
    """A line for a terminal, where all of them are shown at once.

    Attributes:
        text: what is done, and how far.
        share: how much of it is done, from 0 to 1; None if that is not known.
    """

    text: str
    share: float | None = None


class _Report:
    def __init__(self, label: str = "") -> None:
        self.label = label
        self.status: str | Callable[[], str] | None = None
        self.steps: Callable[[], Sequence[Step]] | None = None
        self.parts: list[_Report] = []

    @property
    def all_parts(self) -> list[_Report]:
        return [self, *(report for part in self.parts for report in part.all_parts)]


_current: ContextVar[_Report | None] = ContextVar("_current", default=None)


def doing(status: str | Callable[[], str], steps: Callable[[], Sequence[Step]] | None = None) -> None:
    """Say what the build in this thread does from now on.

    Args:
        status: a text, which is reported with the time that has passed, or a function that returns a complete text.
        steps: what a terminal shows in place of that text. Both functions are called in another thread.
    """
    if report := _current.get():
        report.status, report.steps = status, steps


@contextmanager
def part_of_build(label: str) -> Iterator[None]:
    """Report what the block does under a label. Several such blocks run in different threads at the same time."""
    whole = _current.get()
    if whole is None:
        yield
        return
    part = _Report(label)
    whole.parts.append(part)
    token = _current.set(part)
    try:
        yield
    finally:
        _current.reset(token)
        whole.parts.remove(part)


def current_label() -> str:
    """The label of the block in which this thread is; empty outside of all of them."""
    report = _current.get()
    return report.label if report else ""


@contextmanager
def reporting(
    show: Callable[[str], None],
    *,
    show_steps: Callable[[Sequence[Step]], None] | None = None,
    first: float | None = None,
    every: float | None = None,
    wait: Callable[[float], bool] | None = None,
) -> Iterator[None]:
    """Report what the builds in the block are doing.

    Args:
        show: is called with each report, in another thread.
        show_steps: is called in place of ``show``, with the lines for a terminal.
        first: seconds before the first report; None for the variable above, or two seconds.
        every: seconds between two reports; None for the same variable, or four seconds.
        wait: waits for a number of seconds and returns whether the block has ended. Tests pass their own function.
    """
    configured = _configured()
    first = first if first is not None else FIRST if configured is None else configured
    every = every if every is not None else EVERY if configured is None else configured
    if configured == 0:
        yield
        return
    report, ended = _Report(), Event()
    show_report = partial(_show_steps, show_steps) if show_steps else partial(_show_text, show)
    thread = Thread(target=_run, args=(report, show_report, first, every, wait or ended.wait), daemon=True)
    token = _current.set(report)
    thread.start()
    try:
        yield
    finally:
        _current.reset(token)
        ended.set()
        thread.join()


def _run(
    report: _Report,
    show: Callable[[_Report, float], None],
    first: float,
    every: float,
    wait: Callable[[float], bool],
) -> None:
    passed = pause = first
    while not wait(pause):
        show(report, passed)
        pause = every
        passed += every


def _show_text(show: Callable[[str], None], report: _Report, passed: float) -> None:
    for part in report.all_parts:
        if text := _text_of(part, passed):
            show(text)


def _show_steps(show: Callable[[Sequence[Step]], None], report: _Report, passed: float) -> None:
    if steps := [step for part in report.all_parts for step in _steps_of(part, passed)]:
        show(steps)


def _steps_of(report: _Report, passed: float) -> Iterator[Step]:
    steps = report.steps
    if steps is not None:
        first, *others = steps()
        yield first._replace(text=_labeled(first.text, report))
        yield from others
    elif text := _text_of(report, passed):
        yield Step(text)


def _text_of(report: _Report, passed: float) -> str | None:
    status = report.status
    if status is None:
        return None
    return _labeled(f"{status}, {passed:.0f} s" if isinstance(status, str) else status(), report)


def _labeled(text: str, report: _Report) -> str:
    return f"{report.label}: {text}" if report.label else text


def _configured() -> float | None:
    try:
        return max(float(os.environ[SECONDS_VARIABLE]), 0)
    except (KeyError, ValueError):
        return None
