"""What is remembered is what would be worked out, and nothing depends on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_poetry_layer.archive import file_state
from pulumi_poetry_layer.archive.members import BytesContent, Member, Segment
from pulumi_poetry_layer.archive.segments import read_segment, write_segment
from pulumi_poetry_layer.archive.writer import KnownArchive, write_archive
from pulumi_poetry_layer.host.cache import cache_folder
from pulumi_poetry_layer.layer.memo import _code, recall_archive, remember_archive


def segment(folder: Path, content: bytes) -> Segment:
    """A segment of one file."""
    path = folder / "sha256-0"
    with path.open("wb") as file:
        write_segment([Member("python/a.py", "a", BytesContent(content))], file, {})
    return read_segment(path, "a")[0]


def test_digests_of_archives_are_remembered_by_what_is_in_them(tmp_path: Path) -> None:
    """The digest of another archive would be told, and a drift of what is published would be seen where none is."""
    first = segment(tmp_path, b"1")
    summary = write_archive([first], tmp_path / "layer.zip")
    remember_archive([first], summary)
    known = recall_archive([first])

    assert known == KnownArchive(sha256=summary.sha256)
    assert recall_archive([segment(tmp_path, b"1")]) == known
    assert write_archive([first], tmp_path / "again.zip", known=known) == summary
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "layer.zip").read_bytes()
    assert recall_archive([segment(tmp_path, b"2")]) is None
    assert recall_archive([first, segment(tmp_path, b"1")]) is None


def test_it_is_remembered_which_files_were_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every build would read each file's bytes once more than it has to."""
    monkeypatch.setattr(file_state, "_SETTLED", -1e9)
    part = segment(tmp_path, b"1")
    summary = write_archive([part], tmp_path / "layer.zip")
    remember_archive([part], replace(summary, whole=frozenset()))
    assert recall_archive([part]) == KnownArchive(sha256=summary.sha256)

    remember_archive([part], summary)
    assert recall_archive([part]) == KnownArchive(sha256=summary.sha256, whole=summary.whole)
    assert len(summary.whole) == 1


def test_archives_of_single_members_are_not_remembered(tmp_path: Path) -> None:
    """What another program installed may differ although its names do not."""
    parts = [Member("python/a.py", "a", BytesContent(b"1"))]
    remember_archive(parts, write_archive(parts, tmp_path / "layer.zip"))

    assert recall_archive(parts) is None
    assert not cache_folder("digests").exists()


def test_digests_of_another_release_are_not_recalled(tmp_path: Path) -> None:
    """A release that writes archives in another way would report the sha256 of the release before."""
    assert any("builders" in line for line in _code())
    assert len(_code()) > 80
