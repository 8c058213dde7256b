"""The zips in the build folder, and the placeholder before a zip is built."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from pulumi_poetry_layer.layer.zip_store import note_of, put_placeholder, remove_zip


def write_zip(zip_file: Path, data: bytes) -> None:
    """Write a zip and its note as a build does."""
    zip_file.parent.mkdir(parents=True, exist_ok=True)
    zip_file.write_bytes(data)
    note_of(zip_file).write_text(json.dumps({"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}))


@pytest.mark.parametrize("damage", ["truncated", "rewritten", "without a note", "with a broken note"])
def test_damaged_zip_is_replaced_by_a_placeholder(damage: str, tmp_path: Path) -> None:
    """Otherwise the plugin copies the damaged zip when it checks the resource, and publishes that copy."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    write_zip(zip_file, b"whole")
    note = note_of(zip_file)
    if damage == "truncated":
        zip_file.write_bytes(b"whol")
    elif damage == "rewritten":
        zip_file.write_bytes(b"whale")
        os.utime(zip_file, ns=(0, note.stat().st_mtime_ns + 1))
    elif damage == "without a note":
        note.unlink()
    else:
        note.write_text("{}")
    put_placeholder(zip_file)
    assert zip_file.read_bytes() == b""


def test_intact_zip_that_is_newer_than_its_note_is_kept(tmp_path: Path) -> None:
    """Otherwise a build folder that CI restores from its cache is useless."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    write_zip(zip_file, b"whole")
    os.utime(zip_file, ns=(0, note_of(zip_file).stat().st_mtime_ns + 10**9))
    put_placeholder(zip_file)
    assert zip_file.read_bytes() == b"whole"


def test_placeholder_is_empty_and_does_not_overwrite_a_zip(tmp_path: Path) -> None:
    """Otherwise the plugin publishes the placeholder, or a built zip is lost."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    put_placeholder(zip_file)
    assert zip_file.read_bytes() == b""
    write_zip(zip_file, b"zip")
    put_placeholder(zip_file)
    assert zip_file.read_bytes() == b"zip"


def test_build_folder_has_a_gitignore_file(tmp_path: Path) -> None:
    """Otherwise zips are committed by accident."""
    put_placeholder(tmp_path / ".poetry-layer" / "dev" / "deps.zip")
    assert (tmp_path / ".poetry-layer" / ".gitignore").read_text() == "*\n"


def test_folder_of_a_stack_is_removed_with_its_last_zip(tmp_path: Path) -> None:
    """Otherwise every stack of a pull request leaves an empty folder."""
    one, other = (tmp_path / ".poetry-layer" / "dev" / name for name in ("one.zip", "other.zip"))
    write_zip(one, b"one")
    write_zip(other, b"other")
    remove_zip(one)
    assert sorted(path.name for path in one.parent.iterdir()) == ["other.zip", "other.zip.json"]
    remove_zip(other)
    remove_zip(other)
    assert not one.parent.exists()
