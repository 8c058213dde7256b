"""Reports of a long build, with a test's own clock."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest

from pulumi_poetry_layer.host.progress import (
    EVERY,
    FIRST,
    SECONDS_VARIABLE,
    Step,
    current_label,
    doing,
    part_of_build,
    reporting,
)


class Clock:
    """Waits until the test lets time pass, and records how long it would have waited."""

    def __init__(self, reports: int) -> None:
        self.waits: list[float] = []
        self._reports = reports
        self._started, self._ended = Event(), Event()

    def wait(self, seconds: float) -> bool:
        self._started.wait()
        self.waits.append(seconds)
        if len(self.waits) <= self._reports:
            return False
        self._ended.set()
        return True

    def run(self) -> None:
        self._started.set()
        self._ended.wait()


def reports_of(status: str | Callable[[], str] | None, clock: Clock) -> list[str]:
    """The reports of a build that does one thing."""
    shown: list[str] = []
    with reporting(shown.append, wait=clock.wait):
        if status is not None:
            doing(status)
        clock.run()
    return shown


def test_status_is_reported_after_two_seconds_and_then_every_few_seconds() -> None:
    """A build of 81 MB would print nothing for 16 seconds."""
    clock, states = Clock(reports=2), iter(["1 of 2 packages", "2 of 2 packages"])
    assert reports_of(lambda: next(states), clock) == ["1 of 2 packages", "2 of 2 packages"]
    assert clock.waits == [FIRST, EVERY, EVERY]
    assert FIRST == 2


def test_text_is_reported_with_the_time_that_has_passed() -> None:
    """Nobody could see whether Poetry still runs."""
    assert reports_of("installing with Poetry", Clock(reports=2)) == [
        "installing with Poetry, 2 s",
        "installing with Poetry, 6 s",
    ]


def test_nothing_is_reported_before_a_builder_says_what_it_does() -> None:
    """A report without a text is noise."""
    assert reports_of(None, Clock(reports=2)) == []


def test_variable_sets_the_interval_and_zero_ends_the_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CI log could not be kept short."""
    monkeypatch.setenv(SECONDS_VARIABLE, "30")
    clock = Clock(reports=1)
    assert reports_of("packing", clock) == ["packing, 30 s"]
    assert clock.waits == [30, 30]
    monkeypatch.setenv(SECONDS_VARIABLE, "0")
    with reporting(pytest.fail, first=0, every=0):
        doing("packing")
    monkeypatch.setenv(SECONDS_VARIABLE, "often")
    assert reports_of("packing", Clock(reports=1)) == ["packing, 2 s"]


def test_build_without_a_reporter_reports_nothing() -> None:
    """A program that uses the package as a library would fail."""
    doing("packing")


def test_terminal_gets_steps_in_place_of_the_text() -> None:
    """A terminal would show only one line, or both."""
    clock, shown = Clock(reports=2), list[object]()
    with reporting(pytest.fail, show_steps=shown.append, wait=clock.wait):
        doing("downloading", lambda: [Step("all", 0.5), Step("numpy")])
        clock.run()
    assert shown == [[Step("all", 0.5), Step("numpy")]] * 2
    clock, shown = Clock(reports=1), []
    with reporting(pytest.fail, show_steps=shown.append, wait=clock.wait):
        doing("downloading", lambda: [Step("all", 0.5)])
        doing("packing")
        clock.run()
    assert shown == [[Step("packing, 2 s")]]


def test_parts_of_a_build_are_reported_with_their_labels() -> None:
    """A build for several targets would show what one of them does, and nobody could see which."""
    clock, shown = Clock(reports=1), list[list[Step]]()
    with reporting(print, show_steps=lambda steps: shown.append(list(steps)), wait=clock.wait):
        assert current_label() == ""
        with part_of_build("python3.12 on arm64"):
            assert current_label() == "python3.12 on arm64"
            doing("", lambda: [Step("1 of 2 packages", 0.5), Step("  app 1 of 2 MiB", 0.5)])
            with part_of_build("python3.13 on arm64"):
                doing("installing with Poetry")
                clock.run()

    assert shown == [
        [
            Step("python3.12 on arm64: 1 of 2 packages", 0.5),
            Step("  app 1 of 2 MiB", 0.5),
            Step("python3.13 on arm64: installing with Poetry, 2 s"),
        ]
    ]


def test_lines_in_a_log_have_the_label_of_their_part() -> None:
    """Nobody could see which of several builds still runs."""
    clock, shown = Clock(reports=1), list[str]()
    with reporting(shown.append, wait=clock.wait), part_of_build("python3.12 on arm64"):
        doing(lambda: "1 of 2 packages")
        clock.run()

    assert shown == ["python3.12 on arm64: 1 of 2 packages"]
