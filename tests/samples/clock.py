"""The clock of a file system, which stands still between its ticks."""

from __future__ import annotations

from pathlib import Path


def await_tick(folder: Path) -> None:
    """Wait until a change of a file gets another time than changes before this call."""
    probe = folder / "tick"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.touch()
    probe.unlink()
