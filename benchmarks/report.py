"""Measurements → the tables of docs/benchmarks.md."""

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
"""Marks around what is replaced in the page; the rest of the page is left alone."""


def write_report(results: Sequence[Result], page: Path | None) -> str:
    """The tables, also put into the page, if one is told."""
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
Whole processes, measured from outside; every contestant makes a zip with the same locked files.
They take turns, and a ratio is that of one turn: its time over ours, so 10 means ten times as long.
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
            yield f"\nBuilding alone, in a process that has planned already, takes {_spread(result.in_process)} times"
            yield "as long as `cp` of the wheels."
        yield ""


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"
