"""The zips in the build folder, and the placeholder that is there before them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from pulumi_poetry_layer.layer.zip_store import note_of, put_placeholder, remove_zip


def write_zip(zip_file: Path, data: bytes) -> None:
    """A zip and its note, as a build leaves them."""
    zip_file.parent.mkdir(parents=True, exist_ok=True)
    zip_file.write_bytes(data)
    note_of(zip_file).write_text(json.dumps({"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}))


@pytest.mark.parametrize("damage", ["truncated", "rewritten", "without a note", "with a broken note"])
def test_damaged_zip_is_hidden_from_the_plugin(damage: str, tmp_path: Path) -> None:
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


def test_zip_that_was_only_touched_stays(tmp_path: Path) -> None:
    """Otherwise a restored cache of the build folder is of no use."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    write_zip(zip_file, b"whole")
    os.utime(zip_file, ns=(0, note_of(zip_file).stat().st_mtime_ns + 10**9))
    put_placeholder(zip_file)
    assert zip_file.read_bytes() == b"whole"


def test_placeholder_is_exactly_empty_and_never_overwrites(tmp_path: Path) -> None:
    """Otherwise the plugin takes the placeholder for a zip and publishes it, or a built zip is lost."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    put_placeholder(zip_file)
    assert zip_file.read_bytes() == b""
    write_zip(zip_file, b"zip")
    put_placeholder(zip_file)
    assert zip_file.read_bytes() == b"zip"


def test_build_folder_ignores_itself(tmp_path: Path) -> None:
    """Otherwise zips are committed by accident."""
    put_placeholder(tmp_path / ".poetry-layer" / "dev" / "deps.zip")
    assert (tmp_path / ".poetry-layer" / ".gitignore").read_text() == "*\n"


def test_last_zip_takes_the_folder_of_its_stack_along(tmp_path: Path) -> None:
    """Otherwise every stack of a pull request leaves an empty folder on the machine that previewed it."""
    one, other = (tmp_path / ".poetry-layer" / "dev" / name for name in ("one.zip", "other.zip"))
    write_zip(one, b"one")
    write_zip(other, b"other")
    remove_zip(one)
    assert sorted(path.name for path in one.parent.iterdir()) == ["other.zip", "other.zip.json"]
    remove_zip(other)
    remove_zip(other)
    assert not one.parent.exists()
