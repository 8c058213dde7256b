"""Tests of writing layer archives: content, determinism, conflicts, and damaged segments."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from pulumi_poetry_layer.archive.members import BytesContent, DistributionSize, FileContent, Member, Segment
from pulumi_poetry_layer.archive.segments import read_segment, write_segment
from pulumi_poetry_layer.archive.writer import ArchiveSummary, write_archive
from pulumi_poetry_layer.errors import ArchiveError, DamagedSegmentError


def members(distribution: str, **files: bytes) -> list[Member]:
    """Members with these contents; ``a__b`` is ``a/b.py``."""
    return [
        Member(f"python/{name.replace('__', '/')}.py", distribution, BytesContent(data)) for name, data in files.items()
    ]


def segment(folder: Path, distribution: str, **files: bytes) -> Segment:
    """A segment with these contents."""
    path = folder / distribution
    with path.open("wb") as file:
        write_segment(members(distribution, **files), file, {"name": distribution})
    return read_segment(path, distribution)


def contents(path: Path) -> dict[str, bytes]:
    """Names and contents of the files in a zip, in the order of its directory."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_members_are_written_in_sorted_order(tmp_path: Path) -> None:
    """Two builds of the same plan would give different archives."""
    parts = members("app", b=b"2", a=b"1", a__c=b"3")

    first = write_archive(parts, tmp_path / "first.zip")
    second = write_archive(reversed(parts), tmp_path / "second.zip")

    assert first == second
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert list(contents(tmp_path / "first.zip")) == ["python/a.py", "python/a/c.py", "python/b.py"]


def test_names_and_paths_at_the_limits_of_linux_are_written(tmp_path: Path) -> None:
    """A valid layer would be refused."""
    names = ["python/" + "a" * 255, "python/" + "ä" * 127, "python/" + "/".join(["d" * 203] * 20) + "/" + "f" * 3]
    assert len(f"/opt/{names[2]}") == 4095

    write_archive([Member(name, "app", BytesContent(b"")) for name in names], tmp_path / "layer.zip")

    assert sorted(contents(tmp_path / "layer.zip")) == sorted(names)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("python/" + "a" * 256, "has a part of more than 255 bytes"),
        ("python/" + "ä" * 128 + "/x", "has a part of more than 255 bytes"),
        ("python/" + "/".join(["d" * 203] * 20) + "/" + "f" * 4, "is longer than 4095 bytes below /opt/"),
    ],
)
def test_name_or_path_that_lambda_cannot_unpack_is_refused(tmp_path: Path, name: str, message: str) -> None:
    """AWS would publish a layer with which no function can start."""
    member = Member(name, "app", BytesContent(b""))

    with pytest.raises(ArchiveError, match=message):
        write_archive([member], tmp_path / "layer.zip")
    with pytest.raises(ArchiveError, match=message), (tmp_path / "segment").open("wb") as file:
        write_segment([member], file, {})
    assert not (tmp_path / "layer.zip").exists()


def test_summary_has_hash_and_sizes_of_the_zip(tmp_path: Path) -> None:
    """A user would see wrong sizes, and AWS Lambda would get a wrong hash."""
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


def test_members_have_a_fixed_date_and_one_of_two_modes(tmp_path: Path) -> None:
    """The archive would depend on the clock and on the umask."""
    script = tmp_path / "script"
    script.write_bytes(b"#!")
    script.chmod(0o600)
    output = tmp_path / "layer.zip"

    write_archive([Member("python/a", "app", FileContent(script), executable=True), *members("app", b=b"")], output)

    with zipfile.ZipFile(output) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [info.external_attr >> 16 for info in archive.infolist()] == [0o100755, 0o100644]


def test_file_is_compressed_only_if_that_makes_it_smaller(tmp_path: Path) -> None:
    """A layer would be larger than necessary."""
    files = {"zeros": bytes(10_000), "noise": os.urandom(100)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    output = tmp_path / "layer.zip"

    write_archive([Member(f"python/{name}", "app", FileContent(tmp_path / name)) for name in files], output)

    with zipfile.ZipFile(output) as archive:
        kinds = {info.filename: info.compress_type for info in archive.infolist()}
    assert kinds == {"python/zeros": zipfile.ZIP_DEFLATED, "python/noise": zipfile.ZIP_STORED}
    assert contents(output) == {f"python/{name}": data for name, data in sorted(files.items())}


def test_non_ascii_names_are_kept(tmp_path: Path) -> None:
    """A module with a non-ASCII name could not be imported."""
    write_archive([segment(tmp_path, "lib", ä=b"1"), *members("app", ß=b"2")], tmp_path / "layer.zip")

    assert contents(tmp_path / "layer.zip") == {"python/ß.py": b"2", "python/ä.py": b"1"}


@pytest.mark.parametrize(
    "name", ["a.py", "etc/a", "lib/../a", "python/../a", "python//a", "/python/a", "python/a\\b", "python/"]
)
def test_unsafe_names_are_refused(tmp_path: Path, name: str) -> None:
    """A layer could write files outside of its folder."""
    with pytest.raises(ArchiveError, match="not a safe path"):
        write_archive([Member(name, "app", BytesContent(b""))], tmp_path / "layer.zip")

    assert not list(tmp_path.iterdir())


def test_segments_give_the_same_content_as_their_members(tmp_path: Path) -> None:
    """A layer from cached segments would have other content than one from members."""
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
def test_file_with_same_content_in_several_distributions_is_written_once(tmp_path: Path, shared: str) -> None:
    """Distributions that share a package folder could not be in one layer."""
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


def test_file_with_the_name_of_a_folder_in_another_distribution_is_refused(tmp_path: Path) -> None:
    """AWS Lambda could not unpack the layer."""
    parts: list[Member | Segment] = [
        segment(tmp_path, "app", a=b"1"),
        Member("python/a.py/b", "lib", BytesContent(b"")),
    ]

    with pytest.raises(ArchiveError, match="a file in one distribution and a folder in another"):
        write_archive(parts, tmp_path / "layer.zip")


@pytest.mark.parametrize("damage", ["header", "stored", "deflated", "shortened", "removed"])
def test_damaged_segment_with_a_file_of_another_distribution_is_refused(tmp_path: Path, damage: str) -> None:
    """The error would blame the two distributions, and the damaged segment would stay in the cache."""
    (tmp_path / "content").write_bytes(b"same" * 100)
    content = BytesContent(b"same" * 100) if damage == "stored" else FileContent(tmp_path / "content")
    parts = []
    for name in ("app", "lib"):
        with (tmp_path / name).open("wb") as file:
            write_segment([Member("python/a", name, content)], file, {})
        parts.append(read_segment(tmp_path / name, name))
    path, header = parts[1].path, 30 + len("python/a")
    data = bytearray(path.read_bytes())
    data[{"header": 0, "deflated": header}.get(damage, header + 2)] ^= 0xFF
    path.write_bytes(data[:header] if damage == "shortened" else data)
    if damage == "removed":
        path.unlink()

    with pytest.raises(DamagedSegmentError) as caught:
        write_archive(parts, tmp_path / "layer.zip")

    assert caught.value.path == path


@pytest.mark.parametrize("damage", ["changed", "shortened", "removed"])
def test_damaged_segment_is_refused(tmp_path: Path, damage: str) -> None:
    """A layer with a damaged file would be published."""
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


def test_segment_that_changes_below_the_file_system_is_refused(tmp_path: Path) -> None:
    """A layer with a flipped bit would be published, because the file has the same size and times as before."""
    part = segment(tmp_path, "app", a=b"1" * 100)
    write_archive([part], tmp_path / "layer.zip")
    status = part.path.stat()
    with part.path.open("r+b") as file:
        file.seek(60)
        file.write(b"!")
    os.utime(part.path, ns=(status.st_atime_ns, status.st_mtime_ns))

    with pytest.raises(DamagedSegmentError):
        write_archive([part], tmp_path / "layer.zip")


def test_left_out_members_of_a_segment_are_checked(tmp_path: Path) -> None:
    """A damaged segment would stay in the cache, and a later layer would use it."""
    first, second = segment(tmp_path, "app", a=b"same", b=b"1"), segment(tmp_path, "lib", a=b"same", z=b"2")
    data = bytearray(second.path.read_bytes())
    data[10] ^= 1  # in the local header of the member that is left out
    second.path.write_bytes(bytes(data))

    with pytest.raises(DamagedSegmentError):
        write_archive([first, second], tmp_path / "layer.zip")


def test_failed_write_does_not_change_the_old_archive(tmp_path: Path) -> None:
    """An incomplete layer would be published."""
    output = tmp_path / "layer.zip"
    output.write_bytes(b"before")

    with pytest.raises(ArchiveError, match="cannot be written"):
        write_archive([Member("python/a", "app", FileContent(tmp_path / "missing"))], output)

    assert [path.name for path in tmp_path.iterdir()] == ["layer.zip"]
    assert output.read_bytes() == b"before"


def test_archive_with_more_members_than_16_bits_can_count_is_complete(tmp_path: Path) -> None:
    """The directory would list too few files."""
    parts = [Member(f"python/{number}", "app", BytesContent(b"")) for number in range(66_000)]

    write_archive(parts, tmp_path / "layer.zip")

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert len(archive.namelist()) == len(parts)


def test_incomplete_or_changed_segment_file_is_refused(tmp_path: Path) -> None:
    """An incomplete file in the cache would be used for a layer."""
    part = segment(tmp_path, "app", a=b"1")
    whole = part.path.read_bytes()

    for data in (b"", whole[:-1], whole[1:], whole[:-1] + b"?", whole[: part.length] + b"?" + whole[part.length + 1 :]):
        part.path.write_bytes(data)
        with pytest.raises(DamagedSegmentError):
            read_segment(part.path, "app")
