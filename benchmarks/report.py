"""The tables of docs/benchmarks.md."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.__main__ import Result

TITLE = "# Benchmarks\n\n"
BEGIN, END = "<!-- speed: written by `make bench` -->", "<!-- /speed -->"
"""Marks around the part of the page that is replaced."""


def write_report(results: Sequence[Result], page: Path | None) -> str:
    """Return the tables, and put them into the page.

    Args:
        results: the measurements.
        page: docs/benchmarks.md, or None to change no file.
    """
    text = "\n".join(_lines(results))
    if page:
        before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN) if page.exists() else ("", "", "")
        after = rest.partition(END)[2] if begin else "\n"
        page.write_text(f"{before or TITLE}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return text


def _lines(results: Sequence[Result]) -> Iterator[str]:
    today = datetime.datetime.now(datetime.timezone.utc).date()
    yield f"""\
## Speed

`make bench`, {today}, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}.
Each tool makes a layer zip with the same locked files, and is measured as a whole process. The tools take turns.
A ratio is the time of a tool divided by the time of this package in the same turn: 10 means ten times as long.
Medians, with the lowest and the highest in brackets.
"""
    for result in results:
        kind = "empty caches, downloads included" if result.cold else "warm caches"
        turns = max(map(len, result.rounds.values()))
        yield f"### {result.fixture}, {kind} ({result.size / 1e6:.0f} MB of wheels; rounds: {turns})\n"
        yield "| | seconds | ratio | peak memory |"
        yield "|---|---:|---:|---:|"
        for name, rounds in result.rounds.items():
            seconds = statistics.median(one.seconds for one in rounds)
            peak = max(one.peak_memory for one in rounds) / 1e6
            yield f"| {name} | {seconds:.3f} | {_spread(result.ratios(name))} | {peak:.0f} MB |"
        if result.in_process:
            yield f"\nBuilding alone, in a process that has already made the plan, takes {_spread(result.in_process)}"
            yield "times as long as `cp` of the wheels."
        yield ""


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"
