"""Reports what a long build is doing, so that nobody has to guess whether it still runs.

The program that shows the build calls :func:`reporting`, and a builder says with :func:`doing` what it does. Both are
called in the same thread. A build in a program that does not call :func:`reporting` reports nothing.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS_VARIABLE = "PULUMI_POETRY_LAYER_PROGRESS_SECONDS"
"""Environment variable with the seconds between two reports; 0 for no reports."""

FIRST, EVERY = 2.0, 4.0
"""Seconds before the first report, and between two reports."""


class _Report:
    status: str | Callable[[], str] | None = None


_current: ContextVar[_Report | None] = ContextVar("_current", default=None)


def doing(status: str | Callable[[], str]) -> None:
    """Say what the build in this thread does from now on.

    Args:
        status: a text, which is reported with the time that has passed, or a function that returns a complete text. The
            function is called in another thread.
    """
    if report := _current.get():
        report.status = status


@contextmanager
def reporting(
    show: Callable[[str], None],
    *,
    first: float | None = None,
    every: float | None = None,
    wait: Callable[[float], bool] | None = None,
) -> Iterator[None]:
    """Report what the builds in the block are doing.

    Args:
        show: is called with each report, in another thread.
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
    thread = Thread(target=_run, args=(report, show, first, every, wait or ended.wait), daemon=True)
    token = _current.set(report)
    thread.start()
    try:
        yield
    finally:
        _current.reset(token)
        ended.set()
        thread.join()


def _run(
    report: _Report, show: Callable[[str], None], first: float, every: float, wait: Callable[[float], bool]
) -> None:
    passed = pause = first
    while not wait(pause):
        status = report.status
        if status is not None:
            show(f"{status}, {passed:.0f} s" if isinstance(status, str) else status())
        pause = every
        passed += every


def _configured() -> float | None:
    try:
        return max(float(os.environ[SECONDS_VARIABLE]), 0)
    except (KeyError, ValueError):
        return None
