"""The cache of digests of archives that were written before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_poetry_layer.archive import file_state
from pulumi_poetry_layer.archive.members import BytesContent, Member, Segment
from pulumi_poetry_layer.archive.segments import read_segment, write_segment
from pulumi_poetry_layer.archive.writer import KnownArchive, write_archive
from pulumi_poetry_layer.host.cache import cache_folder
from pulumi_poetry_layer.layer import memo
from pulumi_poetry_layer.layer.memo import recall_archive, remember_archive


def segment(folder: Path, content: bytes) -> Segment:
    """A segment with one file."""
    path = folder / "sha256-0"
    with path.open("wb") as file:
        write_segment([Member("python/a.py", "a", BytesContent(content))], file, {})
    return read_segment(path, "a")[0]


def test_digest_is_found_for_the_same_segments_only(tmp_path: Path) -> None:
    """The digest of another archive would be reported, and the published layer would look changed."""
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


def test_checked_segment_files_are_in_the_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every build would check the bytes of every segment file again."""
    monkeypatch.setattr(file_state, "_SETTLED", -1e9)
    part = segment(tmp_path, b"1")
    summary = write_archive([part], tmp_path / "layer.zip")
    remember_archive([part], replace(summary, whole=frozenset()))
    assert recall_archive([part]) == KnownArchive(sha256=summary.sha256)

    remember_archive([part], summary)
    assert recall_archive([part]) == KnownArchive(sha256=summary.sha256, whole=summary.whole)
    assert len(summary.whole) == 1


def test_archive_with_members_that_are_not_segments_is_not_cached(tmp_path: Path) -> None:
    """Files that Poetry installed may differ although their names are the same; the digest would be wrong."""
    parts = [Member("python/a.py", "a", BytesContent(b"1"))]
    remember_archive(parts, write_archive(parts, tmp_path / "layer.zip"))

    assert recall_archive(parts) is None
    assert not cache_folder("digests").exists()


def test_digest_that_other_code_wrote_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that writes archives in another way would report the sha256 of the release before."""
    assert any("builders" in line for line in memo._code())
    assert len(memo._code()) > 80

    part = segment(tmp_path, b"1")
    remember_archive([part], write_archive([part], tmp_path / "layer.zip"))
    monkeypatch.setattr(memo, "_code", lambda: ("another release",))
    assert recall_archive([part]) is None
