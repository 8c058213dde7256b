"""Tests of writing files atomically."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pulumi_poetry_layer.host.files import replacing, sha256_of, write_atomically


def test_file_appears_at_the_end_with_a_mode_that_does_not_depend_on_umask(tmp_path: Path) -> None:
    """Another process would read an incomplete zip, or could not read it."""
    output = tmp_path / "new" / "layer.zip"
    before = os.umask(0o077)
    try:
        with replacing(output) as file:
            file.write(b"data")
            assert not output.exists()
    finally:
        os.umask(before)
    assert output.read_bytes() == b"data"
    if os.name == "posix":
        assert output.stat().st_mode & 0o777 == 0o644


def test_failed_write_keeps_the_old_file_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    """A crash would destroy the last valid file, or leave unused files in the folder."""
    output = tmp_path / "layer.zip"
    write_atomically(output, b"old")

    def interrupted() -> None:
        with replacing(output) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert output.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_full_disk_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing the file fails again on a full disk, and the file that filled the disk would stay."""
    open_file = Path.open

    def open_full(path: Path, mode: str) -> object:
        open_file(path, mode).close()
        return open_file(Path("/dev/full"), "wb")

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "layer.zip", b"data")
    assert list(tmp_path.iterdir()) == []


def test_sha256_of_file_larger_than_a_chunk(tmp_path: Path) -> None:
    """A valid zip would be treated as a damaged one."""
    data = bytes(range(256)) * 8192 + b"end"
    (tmp_path / "x").write_bytes(data)
    assert sha256_of(tmp_path / "x") == hashlib.sha256(data).hexdigest()
