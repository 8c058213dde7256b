"""Tests of recognizing files that have not changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from samples.clock import await_tick

from pulumi_poetry_layer.archive import file_state
from pulumi_poetry_layer.archive.file_state import state_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows does not record the time of the last change")


def state(path: Path) -> str | None:
    """The state of a file."""
    with path.open("rb") as file:
        return state_of(file)


def test_state_differs_after_every_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged file would be copied into a layer without a check."""
    monkeypatch.setattr(file_state, "_SETTLED", -1e9)
    path = tmp_path / "file"
    path.write_bytes(b"before")
    first, status = state(path), path.stat()
    assert first is not None
    assert state(path) == first
    path.read_bytes()
    assert state(path) == first

    await_tick(tmp_path)
    path.write_bytes(b"after!")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert state(path) != first

    path.replace(tmp_path / "renamed")
    assert state(tmp_path / "renamed") != first


def test_recently_changed_file_has_no_state(tmp_path: Path) -> None:
    """A second write within the resolution of the file system's clock would not be recognized."""
    path = tmp_path / "file"
    path.write_bytes(b"")

    assert state(path) is None
