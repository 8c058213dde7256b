"""The clock of a file system, which advances in steps."""

from __future__ import annotations

from pathlib import Path


def await_tick(folder: Path) -> None:
    """Wait until a file that changes gets a later time than files that changed before this call."""
    probe = folder / "tick"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.touch()
    probe.unlink()
