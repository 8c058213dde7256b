"""Listing what is in a layer zip, also in one that was made to do harm."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pytest

from pulumi_poetry_layer.errors import ArchiveError
from pulumi_poetry_layer.layer.inspection import inspect_layer

DIST_INFO = "python/app-1.0.dist-info"
METADATA = b"Metadata-Version: 2.1\nName: App\nVersion: 1.0\n"


def write_layer(path: Path, method: int = zipfile.ZIP_DEFLATED, **files: bytes) -> Path:
    """Write a layer with these files in a .dist-info folder."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("python/app.py", b"a = 1")
        for name, data in files.items():
            archive.writestr(f"{DIST_INFO}/{name}", data, method)
    return path


def test_packages_are_listed_with_the_sizes_of_their_files(tmp_path: Path) -> None:
    """A user would look for the largest package in the wrong place."""
    layer = inspect_layer(write_layer(tmp_path / "layer.zip", METADATA=METADATA, RECORD=b"app.py,,\nmissing.py,,\n"))

    (package,) = layer.packages
    assert (package.name, package.version, package.files) == ("app", "1.0", 3)
    assert package.unzipped_size == len(b"a = 1") + len(METADATA) + len(b"app.py,,\nmissing.py,,\n")


@pytest.mark.parametrize(
    ("method", "files"),
    [
        (zipfile.ZIP_DEFLATED, {"METADATA": METADATA + b"A: " + b"b" * (3 << 20)}),
        (zipfile.ZIP_DEFLATED, {"METADATA": bytes(40 << 20)}),
        (zipfile.ZIP_DEFLATED, {"METADATA": METADATA, "RECORD": b"a" * (40 << 20)}),
        (zipfile.ZIP_BZIP2, {"METADATA": METADATA}),
        (zipfile.ZIP_DEFLATED, {"METADATA": METADATA, "RECORD": b"\xff,,\n"}),
        (zipfile.ZIP_DEFLATED, {"METADATA": METADATA, "RECORD": b"a" * 200_000}),
    ],
    ids=["long headers", "long file", "long RECORD", "bzip2", "RECORD not UTF-8", "not CSV"],
)
def test_metadata_that_cannot_be_read_is_an_error(tmp_path: Path, method: int, files: dict[str, bytes]) -> None:
    """A user would see a traceback, or the memory would fill up."""
    path = write_layer(tmp_path / "layer.zip", method, **files)
    files.clear()
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="cannot be read as a zip"):
            inspect_layer(path)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("metadata", [b"Name: App\n", b"", METADATA + b"Author: M\xfcller\n"])
def test_package_with_odd_metadata_is_listed(tmp_path: Path, metadata: bytes) -> None:
    """A layer that this package has built could not be inspected."""
    (package,) = inspect_layer(write_layer(tmp_path / "layer.zip", METADATA=metadata, RECORD=b"app.py,,\n")).packages

    assert (package.name, package.version, package.files) == ("app", "1.0", 3)


def test_long_description_is_not_read(tmp_path: Path) -> None:
    """The memory would fill up with a description."""
    path = write_layer(tmp_path / "layer.zip", METADATA=METADATA + b"\n" + b"word " * (6 << 20))
    tracemalloc.start()
    try:
        assert inspect_layer(path).packages[0].version == "1.0"
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_damaged_zip_is_an_error(tmp_path: Path) -> None:
    """A user would see a traceback of zlib."""
    path = write_layer(tmp_path / "layer.zip", METADATA=METADATA)
    data = path.read_bytes()
    start = data.index(b"METADATA") + len("METADATA")
    path.write_bytes(data[:start] + b"\xff" * 8 + data[start + 8 :])

    with pytest.raises(ArchiveError, match="cannot be read as a zip"):
        inspect_layer(path)
