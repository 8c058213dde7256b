"""Which files a wheel adds to a layer, and which wheels are refused."""

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
    """Read a wheel from a file with a different name."""
    path = folder / "downloaded"
    path.write_bytes(sample if isinstance(sample, bytes) else sample.data())
    name = WheelSample().file_name if isinstance(sample, bytes) else sample.file_name
    return read_wheel(path, file_name=name, rewrite=rewrite)


def layer(folder: Path, wheel: Wheel) -> zipfile.ZipFile:
    """The layer of this one wheel."""
    write_archive(wheel.members, folder / "layer.zip")
    return zipfile.ZipFile(folder / "layer.zip")


def test_files_of_a_wheel_are_in_the_layer_with_the_same_content(tmp_path: Path) -> None:
    """Otherwise a file of the wheel is missing from the layer, or differs."""
    sample = WheelSample(files={"app/__init__.py": b"a = 1\n", "app/data/ä.txt": b"x" * 5000, "single.py": b""})

    with layer(tmp_path, read(tmp_path, sample)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}

    for name, data in sample.files.items():
        assert contents.pop(f"python/{name}") == data
    folder = "python/app-1.0.dist-info"
    assert sorted(contents) == [f"{folder}/{name}" for name in ("INSTALLER", "METADATA", "RECORD", "WHEEL")]
    assert contents[f"{folder}/INSTALLER"] == b"pulumi-poetry-layer\n"


def test_compressed_bytes_of_the_wheel_are_used_unchanged(tmp_path: Path) -> None:
    """Otherwise every build spends its time on compression, and the layer depends on the host's zlib."""
    sample = WheelSample()

    content = {member.name: member.content for member in read(tmp_path, sample).members}["python/app/__init__.py"]

    assert isinstance(content, Stream)
    with zipfile.ZipFile(io.BytesIO(sample.data())) as archive:
        assert content.compressed_size == archive.getinfo("app/__init__.py").compress_size


def test_only_purelib_and_platlib_of_a_data_folder_are_in_the_layer(tmp_path: Path) -> None:
    """Otherwise scripts get into the layer, or modules are missing from it."""
    data = "app-1.0.data"
    schemes = ("purelib", "platlib", "scripts", "headers", "data")
    sample = WheelSample(files={f"{data}/{scheme}/{scheme}.txt": scheme.encode() for scheme in schemes})

    with layer(tmp_path, read(tmp_path, sample)) as archive:
        names = {name for name in archive.namelist() if ".dist-info" not in name}
        recorded = archive.read("python/app-1.0.dist-info/RECORD").decode()

    assert names == {"python/purelib.txt", "python/platlib.txt"}
    assert "scripts" not in recorded
    assert data not in recorded


def test_record_lists_exactly_the_files_in_the_layer(tmp_path: Path) -> None:
    """Otherwise importlib.metadata lists files that are not in the layer, or wrong hashes."""
    sample = WheelSample(
        files={"app.py": b"a", "app/__pycache__/app.cpython-312.pyc": b"c", "app-1.0.data/scripts/run": b"#!python\n"},
        dist_info={"direct_url.json": b"{}", "REQUESTED": b"", "INSTALLER": b"pip\n", "RECORD.jws": b"signed"},
        record={"app-1.0.dist-info/RECORD.jws": None},
    )

    with layer(tmp_path, read(tmp_path, sample)) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("python/app-1.0.dist-info/RECORD").decode())))
        in_layer = {name.removeprefix("python/"): archive.read(name) for name in archive.namelist()}

    recorded = {path: (digest, size) for path, digest, size in rows}
    assert recorded.pop("app-1.0.dist-info/RECORD") == ("", "")
    del in_layer["app-1.0.dist-info/RECORD"]
    assert recorded == {path: (record_hash(data), str(len(data))) for path, data in in_layer.items()}
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert {path.rpartition("/")[2] for path in recorded} == {"app.py", "METADATA", "WHEEL", "INSTALLER", "RECORD.jws"}


def test_executable_bit_is_kept(tmp_path: Path) -> None:
    """Otherwise a package cannot start a program that it contains."""
    sample = WheelSample(files={"app/tool": b"x", "app/data": b"y"}, executable=["app/tool"])

    executable = {member.name for member in read(tmp_path, sample).members if member.executable}

    assert executable == {"python/app/tool"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_compression_method_becomes_one_that_lambda_unpacks(tmp_path: Path, method: int) -> None:
    """Otherwise the layer contains a file that Lambda cannot unpack."""
    sample = WheelSample(methods=dict.fromkeys(WheelSample().files, method))

    with layer(tmp_path, read(tmp_path, sample)) as archive:
        info = archive.getinfo("python/app/__init__.py")
        assert archive.read(info) == WheelSample().files["app/__init__.py"]

    assert info.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def test_wheel_with_data_descriptors_and_zip64_fields_is_read(tmp_path: Path) -> None:
    """Otherwise a wheel that was written as a stream is refused, or copied with a wrong header."""

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


def test_wheel_that_is_rewritten_is_stored_uncompressed(tmp_path: Path) -> None:
    """Otherwise the bytes of the layer depend on this host's zlib."""
    wheel = read(tmp_path, WheelSample(), rewrite=True)

    with layer(tmp_path, wheel) as archive:
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        assert archive.read("python/app/__init__.py") == CODE


NATIVE = {"app/native.cpython-312.so": ELF_START, "app/firmware.bin": ELF_START[:-2] + b"\x08\x00"}


def test_native_files_of_a_wheel_for_a_platform_are_listed(tmp_path: Path) -> None:
    """Otherwise a wheel with a wrong tag gets into a layer for another architecture."""
    wheel = read(tmp_path, WheelSample(files=NATIVE, tag="cp312-cp312-linux_x86_64"))
    assert {native.name: native.needs.machine for native in wheel.natives} == {
        "python/app/native.cpython-312.so": 183,
        "python/app/firmware.bin": 8,
    }
    assert wheel.platforms == {"linux"}


def test_native_files_of_a_wheel_for_every_platform_are_data(tmp_path: Path) -> None:
    """Otherwise a pure wheel with native test data or launchers for other machines is refused."""
    assert read(tmp_path, WheelSample(files=NATIVE, tag="py3-none-any")).natives == ()


def test_requirements_are_those_without_an_extra(tmp_path: Path) -> None:
    """Otherwise a layer is checked for distributions that nobody asked for."""
    lines = ["Name: app", "Version: 1.0", "Requires-Dist: idna>=2", 'Requires-Dist: six; extra == "old"']
    metadata = "\n".join([*lines, "Requires-Dist: attrs (>=20) ; python_version < '3.13'", ""])
    wheel = read(tmp_path, WheelSample(dist_info={"METADATA": metadata.encode()}))
    assert wheel.requirements == ("idna>=2", "attrs (>=20) ; python_version < '3.13'")


def member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """The zip entry of a file; by default a regular one."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.py", '".." part in its path'),
        ("app/../../evil.py", '".." part in its path'),
        ("app//evil.py", "has an empty,"),
        ("./evil.py", '"." or'),
        ("/etc/passwd", "absolute path"),
        ("C:/evil.py", "Windows path"),
        ("app\\evil.py", "Windows path"),
        ("app/evil\n.py", "control character"),
    ],
)
def test_unsafe_names_are_refused(tmp_path: Path, name: str, reason: str) -> None:
    """Otherwise a wheel can write outside of the layer's folder when the zip is unpacked."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, WheelSample(extra=[(member(name), b"x")]))


def test_name_with_a_null_byte_is_refused(tmp_path: Path) -> None:
    """Otherwise tools disagree on the name of the file."""
    data = WheelSample(files={"app/X.py": b"x"}).data().replace(b"app/X.py", b"app/\0.py")

    with pytest.raises(WheelError, match=r"control character|different name"):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("mode", "reason"), [(stat.S_IFLNK | 0o777, "symbolic link"), (stat.S_IFIFO | 0o644, "neither a file nor a folder")]
)
def test_links_and_special_files_are_refused(tmp_path: Path, mode: int, reason: str) -> None:
    """Otherwise a link can redirect another file out of the layer's folder."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, WheelSample(extra=[(member("app/link", mode), b"/etc/passwd")]))


def test_folder_entry_is_skipped(tmp_path: Path) -> None:
    """Otherwise valid wheels that list their folders are refused."""
    wheel = read(tmp_path, WheelSample(extra=[(member("app/", stat.S_IFDIR | 0o755), b"")]))

    assert "python/app/" not in {member.name for member in wheel.members}


def patched(sample: WheelSample, name: str, **values: int) -> bytes:
    """The wheel with these values in the zip directory's entry of a member."""
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
        ({"crc": 1}, "does not have the CRC-32 that the zip directory lists"),
        ({"size": 599}, "does not have the size that the zip directory lists"),
        ({"size": 601}, "does not have the size that the zip directory lists"),
        ({"size": 1 << 31}, "unzips to more than 1024 MiB"),
        ({"method": 0}, "has a local header that contradicts the zip directory"),
        ({"offset": 0}, "has no local header with the name"),
    ],
)
def test_false_values_in_the_zip_directory_are_refused(tmp_path: Path, values: dict[str, int], reason: str) -> None:
    """Otherwise two tools see two different files, or a zip bomb fills the disk."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, patched(BIG, "app/other.py", **values))


def test_unknown_compression_method_is_refused(tmp_path: Path) -> None:
    """Otherwise a file that cannot be checked gets into the layer."""
    data = bytearray(patched(BIG, "app/other.py", method=97))
    struct.pack_into("<H", data, data.index(b"app/other.py") - 30 + 8, 97)

    with pytest.raises(WheelError, match="cannot be unpacked"):
        read(tmp_path, bytes(data))


def test_member_with_a_negative_offset_is_refused(tmp_path: Path) -> None:
    """Otherwise the user sees a traceback with `OSError: Invalid argument`."""
    data = bytearray(WheelSample().data())
    (offset,) = struct.unpack_from("<L", data, len(data) - 6)
    struct.pack_into("<L", data, len(data) - 6, offset + (1 << 16))

    with pytest.raises(WheelError):
        read(tmp_path, bytes(data))


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """Otherwise a small wheel can unpack to any size: https://www.bamsoftware.com/hacks/zipbomb/."""
    sample = WheelSample(files={"app/a.py": b"", "app/b.py": b"x"}, methods={"app/a.py": 0, "app/b.py": 0})
    inner = sample.data()[sample.data().index(b"PK\x03\x04", 1) :][: 30 + len("app/b.py") + 1]
    outer = replace(sample, files={"app/a.py": inner, "app/b.py": b"x"})
    at = outer.data().index(b"PK\x03\x04", 1)

    with pytest.raises(WheelError, match="overlaps with another member"):
        read(tmp_path, patched(outer, "app/b.py", offset=at))


def record_of(wheel: Wheel) -> dict[str, tuple[str, str]]:
    """The RECORD of the layer: path → hash and size."""
    (record,) = (member for member in wheel.members if member.name.endswith(".dist-info/RECORD"))
    assert isinstance(record.content, BytesContent)
    rows = csv.reader(io.StringIO(record.content.data.decode()))
    return {path: (digest, size) for path, digest, size in rows}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("app/__init__.py,sha256=AAAA,600", "has a wrong hash or size for app/__init__.py"),
        (f"app/__init__.py,{record_hash(CODE)},599", "has a wrong hash or size for app/__init__.py"),
        (f"app/__init__.py,{record_hash(CODE, 'md5')},600", "has no hash or only a weak one for app/__init__.py"),
        (f"app/__init__.py,{record_hash(CODE, 'sha1')},600", "has no hash or only a weak one for app/__init__.py"),
        ("app/__init__.py,,", "has no hash or only a weak one for app/__init__.py"),
        ("app/__init__.py,nonsense,600", "has no hash or only a weak one for app/__init__.py"),
        (None, "does not list app/__init__.py"),
        ("\n".join([f"app/__init__.py,{record_hash(CODE)},600"] * 2), "lists twice app/__init__.py"),
        (
            f"gone.py,{record_hash(CODE)},600\napp/__init__.py,{record_hash(CODE)},600",
            "lists files that the wheel does not have: gone.py",
        ),
    ],
)
def test_wheel_with_a_wrong_record_is_used_with_a_note_and_gets_a_correct_one(
    tmp_path: Path, row: str | None, problem: str
) -> None:
    """Otherwise wheels that Poetry installs, such as aws-psycopg2 and mediapipe, cannot be in a layer."""
    wheel = read(tmp_path, WheelSample(record={"app/__init__.py": row}))

    assert wheel.notes == (f"its RECORD {problem}; the layer has a correct RECORD",)
    assert record_of(wheel) == record_of(read(tmp_path, WheelSample()))


def test_names_in_a_note_are_escaped(tmp_path: Path) -> None:
    """Otherwise a wheel can print lines of its own into the log of a CI job."""
    rows = {"app/__init__.py": f'"a\n::error::b",,\napp/__init__.py,{record_hash(CODE)},600'}
    (note,) = read(tmp_path, WheelSample(record=rows)).notes
    assert "the wheel does not have: a\\n::error::b;" in note


def test_sound_wheel_has_no_notes(tmp_path: Path) -> None:
    """Otherwise every build prints warnings that nobody reads."""
    rows = {"app/__init__.py": f"app/__init__.py,{record_hash(CODE)},"}  # a size is not required

    assert read(tmp_path, WheelSample()).notes == read(tmp_path, WheelSample(record=rows)).notes == ()


def test_stronger_hashes_in_record_are_checked(tmp_path: Path) -> None:
    """Otherwise valid wheels with a better hash than sha256 are reported, or wrong hashes are not."""
    path, data = next(iter(WheelSample().files.items()))
    row = f"{path},{record_hash(data, 'sha512')},{len(data)}"

    assert read(tmp_path, WheelSample(record={path: row})).notes == ()
    (note,) = read(tmp_path, WheelSample(record={path: row.replace("sha512", "sha3_512")})).notes
    assert "a wrong hash or size" in note


def test_wheel_whose_metadata_is_not_utf_8_is_used_with_a_note(tmp_path: Path) -> None:
    """Otherwise old wheels with the name of an author in Latin-1 cannot be in a layer."""
    metadata = "Metadata-Version: 2.1\nName: app\nVersion: 1.0\nAuthor: Müller\n".encode("latin-1")

    wheel = read(tmp_path, WheelSample(dist_info={"METADATA": metadata}))

    assert (wheel.name, wheel.version, wheel.notes) == ("app", "1.0", ("its METADATA is not UTF-8",))
    with layer(tmp_path, wheel) as archive:
        assert archive.read("python/app-1.0.dist-info/METADATA") == metadata


def test_member_that_is_in_the_wheel_twice_with_the_same_content_is_used_once(tmp_path: Path) -> None:
    """Otherwise wheels of some build backends cannot be in a layer."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        wheel = read(tmp_path, WheelSample(extra=[(member("app/__init__.py"), CODE)]))

    assert wheel.notes == ("the wheel contains app/__init__.py twice, with the same content",)
    assert record_of(wheel) == record_of(read(tmp_path, WheelSample()))


def test_member_that_is_in_the_wheel_twice_with_different_contents_is_refused(tmp_path: Path) -> None:
    """Otherwise the layer has another file than the one that a scanner has checked."""
    with pytest.warns(UserWarning, match="Duplicate name"), pytest.raises(WheelError, match="twice, with different"):
        read(tmp_path, WheelSample(extra=[(member("app/__init__.py"), b"x")]))


def test_two_directory_entries_for_the_same_bytes_are_refused(tmp_path: Path) -> None:
    """Otherwise a small wheel takes any time to read."""
    repeated = member("app/__init__.py")
    repeated.compress_type = zipfile.ZIP_DEFLATED
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = bytearray(WheelSample(extra=[(repeated, CODE)]).data())
    at = data.rindex(b"app/__init__.py") - 46
    struct.pack_into("<L", data, at + 42, 0)  # the offset of the first member

    with pytest.raises(WheelError, match="overlaps with another member"):
        read(tmp_path, bytes(data))


def test_last_of_several_files_for_one_place_is_used_as_by_an_installer(tmp_path: Path) -> None:
    """Otherwise the layer has another file than `poetry install` writes."""
    wheel = read(tmp_path, WheelSample(files={"a.py": b"1", "app-1.0.data/purelib/a.py": b"22"}))

    assert record_of(wheel)["a.py"] == (record_hash(b"22"), "2")
    (note,) = wheel.notes
    assert note == "the wheel contains a.py twice, with different contents; the last one is used"


PROGRAM = ELF_START[:-2] + b"\x3e\x00"


def test_native_files_outside_of_site_packages_go_where_lambda_looks_for_them(tmp_path: Path) -> None:
    """Otherwise a layer with tbb or mkl has no library in it, and `import` fails in the function."""
    data = "app-1.0.data"
    sample = WheelSample(
        files={
            f"{data}/data/lib/libtbb.so.12": ELF_START,
            f"{data}/data/lib/deep/libmkl.so": ELF_START,
            f"{data}/scripts/tool": PROGRAM,
            f"{data}/data/bin/other": PROGRAM,
            f"{data}/scripts/console": b"#!python\nimport app\n",
            f"{data}/headers/app.h": b"int a;",
            f"{data}/data/include/app.h": b"int a;",
            f"{data}/data/lib/libtbb.so": b"INPUT(libtbb.so.12)\n",
            f"{data}/data/share/doc/manual.txt": b"manual",
            f"{data}/scripts/run.sh": b"#!/bin/sh\n",
            f"{data}/scripts/run.bat": b"@echo off\n",
            f"{data}/scripts/made": b"#!/home/me/.venv/bin/python\n",
            f"{data}/data/plugin.so": ELF_START,
        }
    )

    wheel = read(tmp_path, sample)

    with layer(tmp_path, wheel) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert {name for name in modes if not name.startswith("python/")} == {
        "lib/libtbb.so.12",
        "lib/deep/libmkl.so",
        "bin/tool",
        "bin/other",
        "bin/run.sh",
    }
    assert modes["bin/tool"] == modes["bin/other"] == modes["bin/run.sh"] == 0o100755
    assert record_of(wheel)["../lib/libtbb.so.12"] == (record_hash(ELF_START), "20")
    assert wheel.notes == (
        "the layer does not have bin/run.bat, lib/libtbb.so, plugin.so and 1 more: on Lambda nothing looks there",
    )


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (WheelSample(wheel_version="2.0"), "has Wheel-Version '2.0', but only version 1 is supported"),
        (
            WheelSample(files={"other-1.0.dist-info/METADATA": b"x"}),
            "must have one .dist-info folder, but has app-1.0.dist-info, other-1.0.dist-info",
        ),
        (WheelSample(files={"app-1.0.data/unknown/x": b"x"}), "is in an unknown folder of a .data folder"),
        (WheelSample(dist_info={"WHEEL": b"\xff"}), "has a WHEEL that is not UTF-8"),
    ],
)
def test_wheels_that_break_the_format_are_refused(tmp_path: Path, sample: WheelSample, reason: str) -> None:
    """Otherwise the layer may differ from what an installer installs."""
    with pytest.raises(WheelError, match=reason):
        read(tmp_path, sample)


@pytest.mark.parametrize(
    ("metadata", "note"),
    [
        (None, "it has no METADATA"),
        (b"Metadata-Version: 2.1\n", "its METADATA has no name or no version"),
        (
            b"Name: My.App\nVersion: \nAuthor: M\xfcller\n",
            "its METADATA is not UTF-8; its METADATA has no name or no version",
        ),
    ],
)
def test_distribution_without_name_in_metadata_is_that_of_the_dist_info_folder(
    tmp_path: Path, metadata: bytes | None, note: str
) -> None:
    """A wheel that Poetry installs would be refused."""
    sample = WheelSample(name="my-app", dist_info={"METADATA": metadata or b""})
    data = sample.data() if metadata else sample.data().replace(b"dist-info/METADATA", b"dist-info/NOTADATA")

    wheel = read(tmp_path, data)

    assert (wheel.name, wheel.version, wheel.notes[0]) == ("my-app", "1.0", note)


def test_paths_of_windows_in_record_are_compared_as_installers_do(tmp_path: Path) -> None:
    """A wheel that was built on Windows would be reported, although nothing is wrong with it."""
    content = b"x = 1\n"
    sample = WheelSample(files={"app/a.py": content}, record={"app/a.py": f"app\\a.py,{record_hash(content)},6"})

    assert read(tmp_path, sample).notes == ()


@pytest.mark.parametrize("file", ["WHEEL", "RECORD"])
def test_wheel_without_wheel_or_record_file_is_refused(tmp_path: Path, file: str) -> None:
    """Poetry cannot install it either, and the user would see a traceback."""
    data = WheelSample().data().replace(f"dist-info/{file}".encode(), f"dist-info/{file[:-1]}_".encode())

    with pytest.raises(WheelError, match=f"has no {file}"):
        read(tmp_path, data)


def test_file_that_is_not_a_zip_is_refused_with_its_name_and_a_hint(tmp_path: Path) -> None:
    """Otherwise the user sees a traceback of zipfile."""
    with pytest.raises(PoetryLayerError) as caught:
        read(tmp_path, b"<html>")

    assert str(caught.value).startswith("app-1.0-py3-none-any.whl: cannot be read as a zip file")
    assert "hint: " in str(caught.value)


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    """Otherwise the user has to fix one problem after the other."""
    with pytest.raises(PoetryLayerError) as caught:
        read(tmp_path, WheelSample(extra=[(member("../a"), b""), (member("../b"), b"")]))

    assert "'../a'" in str(caught.value)
    assert "'../b'" in str(caught.value)
