"""The layer zip: what is in it, that it is the same everywhere, and that it is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from samples.clock import await_tick

from pulumi_poetry_layer.archive import file_state
from pulumi_poetry_layer.archive.members import BytesContent, DistributionSize, FileContent, Member, Segment
from pulumi_poetry_layer.archive.segments import read_segment, write_segment
from pulumi_poetry_layer.archive.writer import ArchiveSummary, KnownArchive, write_archive
from pulumi_poetry_layer.errors import ArchiveError, DamagedSegmentError, MultipleInputError


def members(distribution: str, **files: bytes) -> list[Member]:
    """Members with these contents; ``a__b`` is ``a/b.py``."""
    return [
        Member(f"python/{name.replace('__', '/')}.py", distribution, BytesContent(data)) for name, data in files.items()
    ]


def segment(folder: Path, distribution: str, **files: bytes) -> Segment:
    """The same as a segment."""
    path = folder / distribution
    with path.open("wb") as file:
        write_segment(members(distribution, **files), file, {"name": distribution})
    return read_segment(path, distribution)[0]


def contents(path: Path) -> dict[str, bytes]:
    """What a zip holds, in the order of its directory."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_members_are_written_sorted_whatever_their_order(tmp_path: Path) -> None:
    """Two builds of one plan would differ."""
    parts = members("app", b=b"2", a=b"1", a__c=b"3")

    first = write_archive(parts, tmp_path / "first.zip")
    second = write_archive(reversed(parts), tmp_path / "second.zip")

    assert first == second
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert list(contents(tmp_path / "first.zip")) == ["python/a.py", "python/a/c.py", "python/b.py"]


def test_the_summary_tells_the_zip(tmp_path: Path) -> None:
    """A user would be told sizes, and Lambda a digest, that are not the zip's."""
    output = tmp_path / "layer.zip"

    summary = write_archive([*members("app", a=b"12", b=b"3"), segment(tmp_path, "lib", c=b"4567")], output)

    assert summary == ArchiveSummary(
        sha256=hashlib.sha256(output.read_bytes()).hexdigest(),
        size=output.stat().st_size,
        unzipped_size=7,
        distributions={
            "app": DistributionSize(files=2, size=3, unzipped_size=3),
            "lib": DistributionSize(files=1, size=4, unzipped_size=4),
        },
    )


def test_members_carry_one_date_and_one_of_two_modes(tmp_path: Path) -> None:
    """The bytes would depend on the clock and on the umask."""
    script = tmp_path / "script"
    script.write_bytes(b"#!")
    script.chmod(0o600)
    output = tmp_path / "layer.zip"

    write_archive([Member("python/a", "app", FileContent(script), executable=True), *members("app", b=b"")], output)

    with zipfile.ZipFile(output) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [info.external_attr >> 16 for info in archive.infolist()] == [0o100755, 0o100644]


def test_files_are_compressed_where_that_makes_them_smaller(tmp_path: Path) -> None:
    """A layer would be larger than need be."""
    files = {"zeros": bytes(10_000), "noise": os.urandom(100)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    output = tmp_path / "layer.zip"

    write_archive([Member(f"python/{name}", "app", FileContent(tmp_path / name)) for name in files], output)

    with zipfile.ZipFile(output) as archive:
        kinds = {info.filename: info.compress_type for info in archive.infolist()}
    assert kinds == {"python/zeros": zipfile.ZIP_DEFLATED, "python/noise": zipfile.ZIP_STORED}
    assert contents(output) == {f"python/{name}": data for name, data in sorted(files.items())}


def test_names_beyond_ascii_survive(tmp_path: Path) -> None:
    """A module would land under a name that nobody imports."""
    write_archive([segment(tmp_path, "lib", ä=b"1"), *members("app", ß=b"2")], tmp_path / "layer.zip")

    assert contents(tmp_path / "layer.zip") == {"python/ß.py": b"2", "python/ä.py": b"1"}


@pytest.mark.parametrize("name", ["a.py", "python/../a", "python//a", "/python/a", "python/a\\b", "python/"])
def test_unsafe_names_are_refused(tmp_path: Path, name: str) -> None:
    """A layer would write outside of its folder."""
    with pytest.raises(ArchiveError, match="not a safe path"):
        write_archive([Member(name, "app", BytesContent(b""))], tmp_path / "layer.zip")

    assert not list(tmp_path.iterdir())


def test_segments_give_what_their_members_give(tmp_path: Path) -> None:
    """A layer from the cache would differ from one without it."""
    files = {"app": {"a": b"1" * 3000, "c__d": b"2"}, "lib": {"b": b"3", "c__e": b""}}
    segments = [segment(tmp_path, name, **given) for name, given in files.items()]

    from_segments = write_archive(segments, tmp_path / "segments.zip")
    from_members = write_archive(
        [m for name, given in files.items() for m in members(name, **given)], tmp_path / "m.zip"
    )

    assert contents(tmp_path / "segments.zip") == contents(tmp_path / "m.zip")
    assert list(contents(tmp_path / "segments.zip")) == sorted(contents(tmp_path / "segments.zip"))
    assert from_segments.distributions == from_members.distributions
    assert from_segments.size == from_members.size


@pytest.mark.parametrize("shared", ["a", "m", "z"])
def test_a_file_that_is_the_same_in_several_distributions_is_kept_once(tmp_path: Path, shared: str) -> None:
    """Namespace packages could not be installed together."""
    first, second = {"b": b"1", shared: b"same", "y": b"2"}, {"c": b"3", shared: b"same", "x": b"4"}
    third = members("third", **{shared: b"same"})

    summary = write_archive(
        [segment(tmp_path, "second", **second), segment(tmp_path, "first", **first), *third], tmp_path / "layer.zip"
    )

    found = contents(tmp_path / "layer.zip")
    assert found == {f"python/{name}.py": data for name, data in sorted({**first, **second}.items())}
    assert summary.distributions["first"] == DistributionSize(files=3, size=6, unzipped_size=6)
    assert summary.distributions["second"] == DistributionSize(files=2, size=2, unzipped_size=2)
    assert sum(size.files for size in summary.distributions.values()) == len(found)


@pytest.mark.parametrize("ready_made", [True, False])
def test_files_of_one_name_that_differ_are_refused(tmp_path: Path, ready_made: bool) -> None:
    """Which of them wins would be chance."""
    parts: list[Member | Segment] = [*members("app", a=b"1"), *members("lib", a=b"2")]
    if ready_made:
        parts = [segment(tmp_path, "app", a=b"1"), segment(tmp_path, "lib", a=b"2")]

    with pytest.raises(ArchiveError, match="both app and lib bring this file") as caught:
        write_archive(parts, tmp_path / "layer.zip")

    assert caught.value.where == "python/a.py"
    assert not (tmp_path / "layer.zip").exists()


def test_a_file_where_another_distribution_has_a_folder_is_refused(tmp_path: Path) -> None:
    """Unpacking the layer would fail."""
    parts: list[Member | Segment] = [
        segment(tmp_path, "app", a=b"1"),
        Member("python/a.py/b", "lib", BytesContent(b"")),
    ]

    with pytest.raises(ArchiveError, match="a file in one distribution and a folder in another"):
        write_archive(parts, tmp_path / "layer.zip")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """A user would fix one after the other."""
    parts = [*members("app", a=b"1", b=b"1"), *members("lib", a=b"2", b=b"2")]

    with pytest.raises(MultipleInputError):
        write_archive(parts, tmp_path / "layer.zip")


@pytest.mark.parametrize("damage", ["changed", "shortened", "removed"])
def test_a_damaged_segment_is_noticed(tmp_path: Path, damage: str) -> None:
    """A layer with a broken file would be published."""
    part = segment(tmp_path, "app", a=b"1" * 100)
    data = part.path.read_bytes()
    if damage == "removed":
        part.path.unlink()
    else:
        part.path.write_bytes(data[:60] + b"!" + data[61:] if damage == "changed" else data[:60])
    output = tmp_path / "layer.zip"
    output.write_bytes(b"before")

    with pytest.raises(DamagedSegmentError) as caught:
        write_archive([part], output)

    assert caught.value.path == part.path
    assert output.read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} <= {"app", "layer.zip"}


@pytest.mark.parametrize("damage", ["changed", "shortened", "removed"])
def test_damage_is_noticed_in_a_file_that_was_whole_before(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer with a broken file would be published, because it was built before from the same wheels."""
    monkeypatch.setattr(file_state, "_SETTLED", -1e9)
    part = segment(tmp_path, "app", a=b"1" * 100)
    summary = write_archive([part], tmp_path / "layer.zip")
    known = KnownArchive(sha256=summary.sha256, whole=summary.whole)
    data, status = part.path.read_bytes(), part.path.stat()
    await_tick(tmp_path)
    if damage == "removed":
        part.path.unlink()
    else:
        part.path.write_bytes(data[:60] + b"!" + data[61:] if damage == "changed" else data[:60])
        os.utime(part.path, ns=(status.st_atime_ns, status.st_mtime_ns))

    with pytest.raises(DamagedSegmentError):
        write_archive([part], tmp_path / "layer.zip", known=known)


@pytest.mark.skipif(os.name != "posix", reason="no time of the last change there")
def test_a_file_that_has_not_changed_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every build would take the checksum of each byte again."""
    monkeypatch.setattr(file_state, "_SETTLED", -1e9)
    app, lib = segment(tmp_path, "app", a=b"same", b=b"1"), segment(tmp_path, "lib", a=b"same", z=b"2")
    summary = write_archive([app, lib], tmp_path / "layer.zip")
    monkeypatch.setattr("zlib.crc32", lambda *_: pytest.fail("checked again"))

    known = KnownArchive(sha256=summary.sha256, whole=summary.whole)
    assert write_archive([app, lib], tmp_path / "again.zip", known=known) == summary
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "layer.zip").read_bytes()
    with pytest.raises(pytest.fail.Exception, match="checked again"):
        write_archive([app, lib], tmp_path / "again.zip", known=KnownArchive(sha256=summary.sha256))


def test_the_unused_part_of_a_segment_is_checked_too(tmp_path: Path) -> None:
    """A damaged entry would stay in the cache until it is used in another layer."""
    first, second = segment(tmp_path, "app", a=b"same", b=b"1"), segment(tmp_path, "lib", a=b"same", z=b"2")
    data = bytearray(second.path.read_bytes())
    data[10] ^= 1  # in the local header of the file that is left out
    second.path.write_bytes(bytes(data))

    with pytest.raises(DamagedSegmentError):
        write_archive([first, second], tmp_path / "layer.zip")


def test_a_failed_write_leaves_the_old_archive_alone(tmp_path: Path) -> None:
    """A half-written layer would be published."""
    output = tmp_path / "layer.zip"
    output.write_bytes(b"before")

    with pytest.raises(ArchiveError, match="cannot be written"):
        write_archive([Member("python/a", "app", FileContent(tmp_path / "missing"))], output)

    assert [path.name for path in tmp_path.iterdir()] == ["layer.zip"]
    assert output.read_bytes() == b"before"


def test_more_members_than_16_bits_can_count(tmp_path: Path) -> None:
    """The directory would tell too few files."""
    parts = [Member(f"python/{number}", "app", BytesContent(b"")) for number in range(66_000)]

    write_archive(parts, tmp_path / "layer.zip")

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert len(archive.namelist()) == len(parts)


def test_what_is_no_segment_is_told(tmp_path: Path) -> None:
    """A file cut short would be taken for a segment."""
    part = segment(tmp_path, "app", a=b"1")
    whole = part.path.read_bytes()

    for data in (b"", whole[:-1], whole[1:], whole[:-1] + b"?", whole[: part.length] + b"?" + whole[part.length + 1 :]):
        part.path.write_bytes(data)
        with pytest.raises(DamagedSegmentError):
            read_segment(part.path, "app")
