"""Temporary files and folders of killed processes are removed at the next run, and only those."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_poetry_layer.host import leftovers
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.host.files import remove_temporary_files, write_atomically
from pulumi_poetry_layer.host.leftovers import hold, release, remove_leftovers, remove_leftovers_once

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows removes leftovers by their age")

PROGRAM = """
import sys, time
from pathlib import Path
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.host.files import replacing

folder = Path(sys.argv[1])
with replacing(folder / "layer.zip") as file, temporary_folder(folder, prefix=".adding-") as workspace:
    file.write(b"half")
    (workspace / "sub").mkdir()
    (workspace / "sub" / "file").write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(60)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    """A process that is writing a file and uses a temporary folder."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process."""
    process.kill()
    process.communicate()


def test_temporary_files_of_a_killed_process_are_removed_at_the_next_run(tmp_path: Path) -> None:
    """Otherwise every build that runs out of memory leaves a layer or a wheel on the disk for good."""
    kill(start(tmp_path))
    assert len(list(tmp_path.iterdir())) == 2
    remove_leftovers_once.cache_clear()  # this process is the next run

    write_atomically(tmp_path / "layer.zip", b"whole")
    with temporary_folder(tmp_path, prefix=".adding-"):
        pass

    assert [path.name for path in tmp_path.iterdir()] == ["layer.zip"]


def test_temporary_files_of_a_running_process_are_kept(tmp_path: Path) -> None:
    """Otherwise two builds that run at the same time remove each other's files."""
    process = start(tmp_path)
    try:
        before = set(tmp_path.rglob("*"))
        remove_temporary_files(tmp_path)
        remove_leftovers(tmp_path, ".adding-")
        assert set(tmp_path.rglob("*")) == before
    finally:
        kill(process)


def test_links_and_files_with_other_names_are_kept(tmp_path: Path) -> None:
    """Otherwise a link leads to the files of the user."""
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "file").touch()
    (tmp_path / ".adding-link").symlink_to("user", target_is_directory=True)
    (tmp_path / "adding-none").touch()

    remove_leftovers(tmp_path, ".adding-")
    remove_leftovers(tmp_path / "missing", ".adding-")

    assert {path.name for path in tmp_path.rglob("*")} == {"user", "file", ".adding-link", "adding-none"}


def test_file_that_is_removed_while_it_is_created_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a build fails because another one removes its new file as a leftover."""
    removed: list[Path] = []

    def hold_late(path: Path) -> int | None:
        if len(removed) < 2:
            removed.append(path)
            remove_leftovers(path.parent, path.name)
        return hold(path)

    monkeypatch.setattr("pulumi_poetry_layer.host.files.hold", hold_late)
    write_atomically(tmp_path / "layer.zip", b"whole")

    assert len(removed) == 2
    assert (tmp_path / "layer.zip").read_bytes() == b"whole"


def test_file_that_another_process_has_locked_is_not_held(tmp_path: Path) -> None:
    """Otherwise two processes use one file."""
    (tmp_path / "file").touch()
    first = hold(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        hold(tmp_path / "file")
    release(first)
    release(hold(tmp_path / "file"))


def test_file_system_without_locks_keeps_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise no build works on such a file system, or builds remove each other's files."""

    def fail(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(leftovers, "flock", fail)
    write_atomically(tmp_path / "layer.zip", b"whole")
    (tmp_path / ".adding-1").touch()
    remove_leftovers(tmp_path, ".adding-")

    assert {path.name for path in tmp_path.iterdir()} == {"layer.zip", ".adding-1"}


def test_only_old_files_are_removed_where_files_cannot_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise Windows keeps leftovers for good, or builds remove each other's files."""
    monkeypatch.setattr(leftovers, "_CAN_LOCK", False)
    (tmp_path / ".adding-old").touch()
    os.utime(tmp_path / ".adding-old", (1, 1))
    (tmp_path / ".adding-new").touch()

    assert hold(tmp_path / ".adding-new") is None
    remove_leftovers(tmp_path, ".adding-")

    assert [path.name for path in tmp_path.iterdir()] == [".adding-new"]
