"""The zips in the build folder, and the placeholder before a zip is built."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from pulumi_poetry_layer.layer.zip_store import note_of, put_placeholder, remove_leftovers, remove_zips


def write_zip(zip_file: Path, data: bytes, owner: str = "") -> None:
    """Write a zip and its note as a build does."""
    zip_file.parent.mkdir(parents=True, exist_ok=True)
    zip_file.write_bytes(data)
    note = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "owner": owner}
    note_of(zip_file).write_text(json.dumps(note))


@pytest.mark.parametrize(
    "damage", ["truncated", "rewritten", "without a note", "with a broken note", "with a deep note"]
)
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
    elif damage == "with a deep note":
        note.write_text("[" * 100_000)
    else:
        note.write_text("{}")
    put_placeholder(zip_file, replace_placeholder=True)
    assert zip_file.read_bytes() == b""


def test_intact_zip_that_is_newer_than_its_note_is_kept(tmp_path: Path) -> None:
    """Otherwise a build folder that CI restores from its cache is useless."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    write_zip(zip_file, b"whole")
    os.utime(zip_file, ns=(0, note_of(zip_file).stat().st_mtime_ns + 10**9))
    put_placeholder(zip_file, replace_placeholder=True)
    assert zip_file.read_bytes() == b"whole"


def test_placeholder_is_empty_and_does_not_overwrite_a_zip(tmp_path: Path) -> None:
    """Otherwise the plugin publishes the placeholder, or a built zip is lost."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    put_placeholder(zip_file, replace_placeholder=True)
    assert zip_file.read_bytes() == b""
    write_zip(zip_file, b"zip")
    put_placeholder(zip_file, replace_placeholder=True)
    assert zip_file.read_bytes() == b"zip"


def test_placeholder_is_removed_with_its_folders_but_a_zip_is_not(tmp_path: Path) -> None:
    """Otherwise every preview leaves an empty file, or the zip that was built is lost."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    remove = put_placeholder(zip_file, replace_placeholder=True)
    write_zip(zip_file, b"zip")
    remove()
    assert zip_file.read_bytes() == b"zip"
    put_placeholder(zip_file, replace_placeholder=True)()
    assert zip_file.read_bytes() == b"zip"
    zip_file.unlink()
    note_of(zip_file).unlink()
    put_placeholder(zip_file, replace_placeholder=True)()
    assert list(tmp_path.iterdir()) == []


def test_placeholder_of_another_process_is_not_removed(tmp_path: Path) -> None:
    """Otherwise a preview breaks an update that runs at the same time."""
    zip_file = tmp_path / ".poetry-layer" / "dev" / "deps.zip"
    remove_of_early_preview = put_placeholder(zip_file, replace_placeholder=False)
    remove_of_update = put_placeholder(zip_file, replace_placeholder=True)
    remove_of_late_preview = put_placeholder(zip_file, replace_placeholder=False)
    remove_of_early_preview()
    remove_of_late_preview()
    assert zip_file.exists()
    remove_of_update()
    assert not zip_file.exists()


def test_leftovers_of_the_same_layer_are_removed(tmp_path: Path) -> None:
    """Otherwise an update that was killed leaves files for good, or files of other layers are removed."""
    folder = tmp_path / ".poetry-layer" / "dev"
    write_zip(folder / f"deps-{'1' * 12}.zip", b"zip")
    kept = {f"deps-{'1' * 12}.zip", f"deps-{'1' * 12}.zip.json", f"more-deps-{'2' * 12}.zip", f"deps-2-{'2' * 12}.zip"}
    for name in (*kept, f"deps-{'2' * 12}.zip", ".poetry-layer-tmp-01", ".poetry-layer-tmp-02"):
        (folder / name).touch()
    remove_leftovers(folder / f"deps-{'3' * 12}.zip")
    assert {path.name for path in folder.iterdir()} == kept


def test_folder_of_a_stack_is_removed_with_its_last_zip(tmp_path: Path) -> None:
    """Otherwise every stack of a pull request leaves an empty folder."""
    one, other = (tmp_path / ".poetry-layer" / "dev" / f"{name}-{'0' * 12}.zip" for name in ("one", "other"))
    write_zip(one, b"one", owner="1")
    write_zip(other, b"other", owner="2")
    (tmp_path / ".poetry-layer" / ".gitignore").touch()
    remove_zips(one, "1")
    assert sorted(path.name for path in one.parent.iterdir()) == [other.name, note_of(other).name]
    remove_zips(other, "2")
    remove_zips(other, "2")
    assert list(tmp_path.iterdir()) == []
