"""A file's state is another one after every change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from samples.clock import await_tick

from pulumi_poetry_layer.archive import file_state
from pulumi_poetry_layer.archive.file_state import state_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no time of the last change there")


def state(path: Path) -> str | None:
    """The state of the file of that name."""
    with path.open("rb") as file:
        return state_of(file)


def test_every_change_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged file would go into a layer unchecked."""
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


def test_a_file_that_was_changed_just_now_has_no_state_yet(tmp_path: Path) -> None:
    """Two writes within one tick of the file system's clock would be taken for one."""
    path = tmp_path / "file"
    path.write_bytes(b"")

    assert state(path) is None
