"""The measured table of docs/comparison.md."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.sections import replace_section

if TYPE_CHECKING:
    from benchmarks.comparison import Found

TITLES = (
    *("tool", "empty caches", "ratio", "warm caches", "ratio", "no change", "ratio"),
    *("zip", "two machines, same bytes", "new version after a change of the dev group", "arm64 layer from x86_64"),
    "all modules can be imported",
)
MACHINES = {"AArch64": "right files", "": "not measured: needs Docker and emulation"}


def write_table(found: Sequence[Found], runtime: str, page: Path | None) -> str:
    """Return the section, and put it into the page.

    Args:
        found: what was found about each peer, this package first.
        runtime: the runtime of the layers.
        page: docs/comparison.md, or None to change no file.
    """
    text = "\n".join(_lines(found, runtime))
    if page:
        replace_section(page, "comparison", "make bench", text)
    return text


def _lines(found: Sequence[Found], runtime: str) -> Iterator[str]:
    today = datetime.datetime.now(datetime.timezone.utc).date()
    turns = len(found[0].seconds["warm"])
    warm = "1 turn" if turns == 1 else f"the median of {turns} turns"
    yield f"""\
`python -m benchmarks.comparison`, {today}, {os.cpu_count()} cores ({platform.machine()}), {runtime}, load average
{os.getloadavg()[0]:.1f}. All tools make the layer of the same project: 12 packages, 5 MB of wheels, two of them with
native files. Seconds are those of whole commands: with empty caches (1 turn), in a fresh checkout with warm caches, and
again without any change ({warm}). The tools take turns, and a ratio is the time of a tool divided
by the time of this package in the same turn: 10 means ten times as long. On a busy machine, with a load far above the
number of cores, ratios say little.
"""
    yield f"| {' | '.join(TITLES)} |"
    yield f"|---|{'---:|' * 7}{'---|' * 4}"
    for one in found:
        yield f"| {' | '.join(_cells(one, found[0]))} |"


def _cells(one: Found, ours: Found) -> Iterator[str]:
    yield f"{one.peer.name} {one.peer.version}"
    if one.missing:
        yield f"not measured here: {one.missing}"
        yield from [""] * (len(TITLES) - 2)
        return
    for kind in ("cold", "warm", "again"):
        ratios = [theirs / mine for theirs, mine in zip(one.seconds[kind], ours.seconds[kind], strict=True)]
        yield f"{statistics.median(one.seconds[kind]):.1f} s"
        yield f"{statistics.median(ratios):.1f}"
    yield f"{one.size / 2**20:.1f} MiB"
    yield "yes" if one.reproducible else "no"
    yield "yes" if one.dev_change else "no"
    yield MACHINES.get(one.native, one.native if one.native.startswith("error") else "files for x86_64, no error")
    yield "yes" if one.imports else "no"
