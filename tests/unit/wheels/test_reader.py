"""What a wheel brings into a layer, and which wheels are refused."""

from __future__ import annotations

import csv
import io
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from samples.wheels import ELF_START, WheelSample, record_hash

from pulumi_poetry_layer.archive.members import BytesContent, Stream
from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.errors import PoetryLayerError, WheelError
from pulumi_poetry_layer.wheels.reader import Wheel, read_wheel

CODE = WheelSample().files["app/__init__.py"]


def read(folder: Path, sample: WheelSample | bytes, *, rewrite: bool = False) -> Wheel:
    """Read a wheel that lies under another name than its own."""
    path = folder / "downloaded"
    path.write_bytes(sample if isinstance(sample, bytes) else sample.data())
    name = WheelSample().file_name if isinstance(sample, bytes) else sample.file_name
    return read_wheel(path, file_name=name, rewrite=rewrite)


def layer(folder: Path, wheel: Wheel) -> zipfile.ZipFile:
    """The layer of this one wheel."""
    write_archive(wheel.members, folder / "layer.zip")
    return zipfile.ZipFile(folder / "layer.zip")


def test_a_wheel_lands_in_site_packages(tmp_path: Path) -> None:
    """A file of the wheel would be missing from the layer, or hold other bytes."""
    sample = WheelSample(files={"app/__init__.py": b"a = 1\n", "app/data/ä.txt": b"x" * 5000, "single.py": b""})

    with layer(tmp_path, read(tmp_path, sample)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}

    for name, data in sample.files.items():
        assert contents.pop(f"python/{name}") == data
    folder = "python/app-1.0.dist-info"
    assert sorted(contents) == [f"{folder}/{name}" for name in ("INSTALLER", "METADATA", "RECORD", "WHEEL")]
    assert contents[f"{folder}/INSTALLER"] == b"pulumi-poetry-layer\n"


def test_the_compressed_bytes_are_taken_over(tmp_path: Path) -> None:
    """Every build would spend its time on compressing, and its bytes would depend on the host's zlib."""
    sample = WheelSample()

    content = {member.name: member.content for member in read(tmp_path, sample).members}["python/app/__init__.py"]

    assert isinstance(content, Stream)
    with zipfile.ZipFile(io.BytesIO(sample.data())) as archive:
        assert content.compressed_size == archive.getinfo("app/__init__.py").compress_size


def test_what_a_data_folder_holds_for_site_packages_goes_there_and_nothing_else(tmp_path: Path) -> None:
    """Scripts with this host's interpreter in them would land in the layer, or modules would be missing from it."""
    data = "app-1.0.data"
    schemes = ("purelib", "platlib", "scripts", "headers", "data")
    sample = WheelSample(files={f"{data}/{scheme}/{scheme}.txt": scheme.encode() for scheme in schemes})

    with layer(tmp_path, read(tmp_path, sample)) as archive:
        names = {name for name in archive.namelist() if ".dist-info" not in name}
        recorded = archive.read("python/app-1.0.dist-info/RECORD").decode()

    assert names == {"python/purelib.txt", "python/platlib.txt"}
    assert "scripts" not in recorded
    assert data not in recorded


def test_record_is_true_to_the_layer(tmp_path: Path) -> None:
    """importlib.metadata would name files that are not in the layer, or hashes that are not theirs."""
    sample = WheelSample(
        files={"app.py": b"a", "app/__pycache__/app.cpython-312.pyc": b"c", "app-1.0.data/scripts/run": b"#!python\n"},
        dist_info={"direct_url.json": b"{}", "REQUESTED": b"", "INSTALLER": b"pip\n", "RECORD.jws": b"signed"},
        record={"app-1.0.dist-info/RECORD.jws": None},
    )

    with layer(tmp_path, read(tmp_path, sample)) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("python/app-1.0.dist-info/RECORD").decode())))
        in_layer = {name.removeprefix("python/"): archive.read(name) for name in archive.namelist()}

    told = {path: (digest, size) for path, digest, size in rows}
    assert told.pop("app-1.0.dist-info/RECORD") == ("", "")
    del in_layer["app-1.0.dist-info/RECORD"]
    assert told == {path: (record_hash(data), str(len(data))) for path, data in in_layer.items()}
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert {path.rpartition("/")[2] for path in told} == {"app.py", "METADATA", "WHEEL", "INSTALLER", "RECORD.jws"}


def test_the_executable_bit_is_kept(tmp_path: Path) -> None:
    """A program that a package starts would be refused by the kernel."""
    sample = WheelSample(files={"app/tool": b"x", "app/data": b"y"}, executable=["app/tool"])

    executable = {member.name for member in read(tmp_path, sample).members if member.executable}

    assert executable == {"python/app/tool"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_legal_compression_lands_as_one_that_lambda_unpacks(tmp_path: Path, method: int) -> None:
    """A layer would hold a file that Lambda cannot unpack."""
    sample = WheelSample(methods=dict.fromkeys(WheelSample().files, method))

    with layer(tmp_path, read(tmp_path, sample)) as archive:
        info = archive.getinfo("python/app/__init__.py")
        assert archive.read(info) == WheelSample().files["app/__init__.py"]

    assert info.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def test_wheels_with_data_descriptors_and_zip64_fields_are_read(tmp_path: Path) -> None:
    """A wheel that was written as a stream would be refused, or copied with a wrong header."""

    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise io.UnsupportedOperation

    sample = WheelSample()
    buffer = Unseekable()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sample.contents().items():
            with archive.open(path, "w", force_zip64=True) as member:
                member.write(data)

    with layer(tmp_path, read(tmp_path, buffer.getvalue())) as archive:
        assert archive.testzip() is None
        info = archive.getinfo("python/app/__init__.py")
        assert (info.flag_bits, info.extra) == (0, b"")
        assert archive.read(info) == sample.files["app/__init__.py"]


def test_a_wheel_made_here_is_kept_uncompressed(tmp_path: Path) -> None:
    """The layer's bytes would depend on this host's zlib."""
    wheel = read(tmp_path, WheelSample(), rewrite=True)

    assert all(isinstance(member.content, BytesContent) for member in wheel.members)


def test_the_processor_of_native_libraries_is_told(tmp_path: Path) -> None:
    """A wheel with a wrong tag would land in a layer for another processor."""
    sample = WheelSample(
        files={"app/native.cpython-312.so": ELF_START, "app/firmware.bin": ELF_START[:-2] + b"\x08\x00"}
    )

    assert read(tmp_path, sample).machines == {183}


def member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """A zip header of a regular file, or of what ``mode`` says."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.py", "leads out of its folder"),
        ("app/../../evil.py", "leads out of its folder"),
        ("app//evil.py", "leads out of its folder"),
        ("./evil.py", "leads out of its folder"),
        ("/etc/passwd", "absolute name"),
        ("C:/evil.py", "absolute name"),
        ("app\\evil.py", "one of another system"),
        ("app/evil\n.py", "control character"),
    ],
)
def test_dangerous_names_are_refused(tmp_path: Path, name: str, reason: str) -> None:
    """A wheel could write outside of the layer's folder when the zip is unpacked."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, WheelSample(extra=[(member(name), b"x")]))


def test_a_name_with_a_null_byte_is_refused(tmp_path: Path) -> None:
    """Tools disagree on what such a file is called."""
    data = WheelSample(files={"app/X.py": b"x"}).data().replace(b"app/X.py", b"app/\0.py")

    with pytest.raises(WheelError, match=r"control character|another name"):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("mode", "reason"), [(stat.S_IFLNK | 0o777, "symbolic link"), (stat.S_IFIFO | 0o644, "neither a file nor a folder")]
)
def test_links_and_special_files_are_refused(tmp_path: Path, mode: int, reason: str) -> None:
    """A link could lead a later file out of the layer's folder."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, WheelSample(extra=[(member("app/link", mode), b"/etc/passwd")]))


def test_a_folder_entry_is_passed_over(tmp_path: Path) -> None:
    """Legal wheels name their folders."""
    wheel = read(tmp_path, WheelSample(extra=[(member("app/", stat.S_IFDIR | 0o755), b"")]))

    assert "python/app/" not in {member.name for member in wheel.members}


def patched(sample: WheelSample, name: str, **values: int) -> bytes:
    """The wheel with other values in the central header of a member."""
    offsets = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<L"), "size": (24, "<L"), "offset": (42, "<L")}
    data = bytearray(sample.data())
    at = data.rindex(name.encode()) - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    for key, value in values.items():
        position, layout = offsets[key]
        struct.pack_into(layout, data, at + position, value)
    return bytes(data)


BIG = WheelSample(files={"app/__init__.py": CODE, "app/other.py": b"answer = 41\n" * 50})


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"flags": 1}, "is encrypted"),
        ({"crc": 1}, "does not have the checksum"),
        ({"size": 599}, "is not as long as the archive says"),
        ({"size": 601}, "is not as long as the archive says"),
        ({"size": 1 << 31}, "unzips to more than 1024 MiB"),
        ({"method": 0}, "is of another kind in front of its bytes"),
        ({"offset": 0}, "has another name, or none"),
    ],
)
def test_lies_in_the_directory_are_refused(tmp_path: Path, values: dict[str, int], reason: str) -> None:
    """Two tools would see two different files, or a bomb would fill the disk."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, patched(BIG, "app/other.py", **values))


def test_a_method_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    """A file that cannot be checked would land in the layer."""
    data = bytearray(patched(BIG, "app/other.py", method=97))
    struct.pack_into("<H", data, data.index(b"app/other.py") - 30 + 8, 97)

    with pytest.raises(WheelError, match="cannot be unpacked"):
        read(tmp_path, bytes(data))


def test_a_member_before_the_beginning_is_refused(tmp_path: Path) -> None:
    """A wheel with a wrong offset in its last bytes would end in `OSError: Invalid argument`."""
    data = bytearray(WheelSample().data())
    (offset,) = struct.unpack_from("<L", data, len(data) - 6)
    struct.pack_into("<L", data, len(data) - 6, offset + (1 << 16))

    with pytest.raises(WheelError):
        read(tmp_path, bytes(data))


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """A small wheel could unpack to any size: https://www.bamsoftware.com/hacks/zipbomb/."""
    sample = WheelSample(files={"app/a.py": b"", "app/b.py": b"x"}, methods={"app/a.py": 0, "app/b.py": 0})
    inner = sample.data()[sample.data().index(b"PK\x03\x04", 1) :][: 30 + len("app/b.py") + 1]
    outer = replace(sample, files={"app/a.py": inner, "app/b.py": b"x"})
    at = outer.data().index(b"PK\x03\x04", 1)

    with pytest.raises(WheelError, match="overlaps with another member"):
        read(tmp_path, patched(outer, "app/b.py", offset=at))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("app/__init__.py,sha256=AAAA,600", "does not have the hash that RECORD tells"),
        (f"app/__init__.py,{record_hash(CODE)},599", "600 bytes long, RECORD tells 599"),
        (f"app/__init__.py,{record_hash(CODE, 'md5')},600", "not permitted"),
        ("app/__init__.py,,", "has no hash in RECORD"),
        (None, "has no hash in RECORD"),
    ],
)
def test_a_record_that_is_not_true_is_refused(tmp_path: Path, row: str | None, reason: str) -> None:
    """The installer specification asks for it; a damaged wheel would go unnoticed."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, WheelSample(record={"app/__init__.py": row}))


def test_stronger_hashes_in_record_are_checked(tmp_path: Path) -> None:
    """Wheels may use better hashes than sha256."""
    path, data = next(iter(WheelSample().files.items()))
    row = f"{path},{record_hash(data, 'sha512')},{len(data)}"

    assert read(tmp_path, WheelSample(record={path: row})).name == "app"
    with pytest.raises(WheelError, match="hash that RECORD tells"):
        read(tmp_path, WheelSample(record={path: row.replace("sha512", "sha3_512")}))


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (WheelSample(wheel_version="2.0"), "wheel version '2.0'"),
        (WheelSample(files={"other-1.0.dist-info/METADATA": b"x"}), "should have one .dist-info folder"),
        (WheelSample(files={"app-1.0.data/unknown/x": b"x"}), "is in none of the folders of a .data folder"),
        (WheelSample(files={"a.py": b"1", "app-1.0.data/purelib/a.py": b"2"}), "twice, with different contents"),
        (WheelSample(dist_info={"WHEEL": b"\xff"}), "has a WHEEL that is not UTF-8"),
    ],
)
def test_wheels_that_break_the_format_are_refused(tmp_path: Path, sample: WheelSample, reason: str) -> None:
    """What an installer would make of it is anybody's guess."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, sample)


@pytest.mark.parametrize("file", ["METADATA", "WHEEL", "RECORD"])
def test_a_wheel_without_its_metadata_is_refused(tmp_path: Path, file: str) -> None:
    """It would not be known what it is."""
    data = WheelSample().data().replace(f"dist-info/{file}".encode(), f"dist-info/{file[:-1]}_".encode())

    with pytest.raises(WheelError, match=f"has no {file}"):
        read(tmp_path, data)


def test_what_is_no_zip_is_refused_with_the_wheels_name_and_a_next_step(tmp_path: Path) -> None:
    """A user would see a traceback of zipfile."""
    with pytest.raises(PoetryLayerError) as caught:
        read(tmp_path, b"<html>")

    assert str(caught.value).startswith("app-1.0-py3-none-any.whl: cannot be read as a zip file")
    assert "hint: " in str(caught.value)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """A user would fix one after the other."""
    with pytest.raises(PoetryLayerError) as caught:
        read(tmp_path, WheelSample(extra=[(member("../a"), b""), (member("../b"), b"")]))

    assert "'../a'" in str(caught.value)
    assert "'../b'" in str(caught.value)
