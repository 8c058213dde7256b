"""Opening layer zips: what is no layer is named, and what could fill the memory is refused."""

from __future__ import annotations

import io
import struct
import tarfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from samples.layers import installed, write_zip
from samples.wheels import WheelSample

from pulumi_poetry_layer.errors import ArchiveError
from pulumi_poetry_layer.inspection.contents import read_layer
from pulumi_poetry_layer.inspection.layer_zip import open_member


def tar(mode: str) -> bytes:
    """An archive of tar with one file."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:  # type: ignore[call-overload]
        archive.addfile(tarfile.TarInfo("python/a.py"))
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "it is an empty file"),
        (tar("w"), "it is a tar archive"),
        (tar("w:gz"), "it is a gzip file"),
        (tar("w:bz2"), "it is a bzip2 file"),
        (tar("w:xz"), "it is an xz file"),
        (b"\x28\xb5\x2f\xfd rest", "it is a zstd file"),
        (b"7z\xbc\xaf\x27\x1c rest", "it is a 7z archive"),
        (b"Rar!\x1a", "it is a RAR archive"),
        (b"\x7fELF\x02", "it is a native program or library"),
        (b"MZ\x90", "it is a Windows program"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS"),
        (b"\n<!doctype html>", "it is an HTML or XML file"),
        (b'{"message": "not found"}', "it is a text file"),
        ("ä".encode() * 132, "it is a text file"),
        (bytes(range(128, 200)), "it is no archive that is known here"),
        (WheelSample().data()[:60], "it is the start of a zip without its end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # a gzip file has its time in it
)
def test_file_that_is_no_zip_is_named(tmp_path: Path, data: bytes, kind: str) -> None:
    """A user would not know which of the files in a folder of artifacts was given by mistake."""
    path = tmp_path / "layer.zip"
    path.write_bytes(data)
    with pytest.raises(ArchiveError) as caught:
        read_layer(path)
    assert str(caught.value).startswith(f"{path}: cannot be read as a zip: {kind}")


@pytest.mark.parametrize(
    ("names", "reason", "hint"),
    [
        ([], "is a zip without any files", None),
        (["python/"], "is a zip without any files", None),
        (["demo/a.py", "demo-1.0.dist-info/WHEEL"], "is a wheel (demo-1.0), not a layer", "pip install --target"),
        (["nodejs/node_modules/a.js"], "is a layer for Node.js", None),
        (["java/lib/a.jar"], "is a layer for Java", None),
        (["META-INF/MANIFEST.MF", "a.class"], "is a Java archive", None),
        (["layer.zip"], "is a zip that contains layer.zip", "unpack it"),
        (["my/python/a.py", "my/python/b.py"], "has python/ inside of the folder my/", "zip the content of my/"),
        (["demo-1.0/PKG-INFO", "demo-1.0/setup.py"], "is a source distribution (demo-1.0)", None),
        (["app.py"], "is the code of a function", "move them there"),
        (["python\\a.py"], "has backslashes in its paths", "zip it with another program"),
        (["app.py", "a-1.dist-info/WHEEL", "b-1.dist-info/WHEEL"], "is the code of a function", "move them there"),
        (["a/x", "b/x", "c/x", "d/x", "e/x", "f/x"], "it has a, b, c, d, e, …", "a layer has its packages in"),
        (["python"], "is a zip, but not a layer: it has python", "a layer has its packages in"),
    ],
)
def test_zip_that_is_no_layer_is_named(tmp_path: Path, names: list[str], reason: str, hint: str | None) -> None:
    """A user would see an empty list of packages, and not why."""
    path = write_zip(tmp_path / "layer.zip", dict.fromkeys(names, b"x"))
    with pytest.raises(ArchiveError) as caught:
        read_layer(path)
    assert reason in str(caught.value)
    assert (hint or "") in str(caught.value)
    assert (caught.value.hint is None) == (hint is None)


@pytest.mark.parametrize("names", [["python/a.py", "other/a"], ["lib/libx.so", "bin/tool"], ["extensions/tool"]])
def test_layer_without_distributions_is_read(tmp_path: Path, names: list[str]) -> None:
    """Layers with shared libraries or extensions alone are common."""
    contents = read_layer(write_zip(tmp_path / "layer.zip", dict.fromkeys(names, b"x")))
    assert (list(contents.files), contents.distributions) == (sorted(names), ())


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    """A user would look for damage in a file that is not there."""
    with pytest.raises(ArchiveError, match=r"layer\.zip: no such file$"):
        read_layer(tmp_path / "layer.zip")
    with pytest.raises(ArchiveError, match="cannot be read: Is a directory"):
        read_layer(tmp_path)


def test_encrypted_zip_is_an_error(tmp_path: Path) -> None:
    """A user would see a traceback about a password."""
    path = write_zip(tmp_path / "layer.zip", installed("demo", {"demo.py": b""}))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="is encrypted"):
        read_layer(path)


def test_file_without_a_name_is_an_error(tmp_path: Path) -> None:
    """A user would see a traceback of zipfile."""
    path = write_zip(tmp_path / "layer.zip", {"": b"x", "python/a.py": b""})
    with pytest.raises(ArchiveError, match="a file in it has no name"):
        read_layer(path)


def test_directory_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    """A hostile zip with millions of entries takes gigabytes and minutes."""
    entry = struct.pack("<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 500_000
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, len(directory), 0, 0)
    path = tmp_path / "layer.zip"
    path.write_bytes(directory + end)
    tracemalloc.start()
    started = time.monotonic()
    try:
        with pytest.raises(ArchiveError, match="its directory has more than 16 MiB"):
            read_layer(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
        assert time.monotonic() - started < 5
    finally:
        tracemalloc.stop()


def test_much_metadata_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile zip with thousands of long RECORD files takes minutes."""
    monkeypatch.setattr("pulumi_poetry_layer.inspection.contents._MOST_TEXT", 1 << 20)
    record = {"python/a-1.dist-info/METADATA": b"", "python/a-1.dist-info/RECORD": b"a.py,,\n" * 200_000}
    with pytest.raises(ArchiveError, match="metadata of its packages has more than 1 MiB"):
        read_layer(write_zip(tmp_path / "layer.zip", record))


def test_damaged_native_file_is_an_error_and_leaves_no_file_open(tmp_path: Path) -> None:
    """A user would see a traceback, and a warning about an open file."""
    content = b"\x7fELF" + bytes(range(256)) * 40
    path = tmp_path / "layer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("python/a.so", content)
    path.write_bytes(path.read_bytes().replace(bytes(range(100, 200)), bytes(100)))
    with zipfile.ZipFile(path) as archive, pytest.raises(zipfile.BadZipFile):
        open_member(archive, "python/a.so")
    with pytest.raises(ArchiveError, match="Bad CRC"):
        read_layer(path)
