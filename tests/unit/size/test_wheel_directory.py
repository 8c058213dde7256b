"""The size that a wheel has in a layer, read from its last bytes."""

from __future__ import annotations

import zipfile

import pytest
from samples.wheels import WheelSample

from pulumi_poetry_layer.size.wheel_directory import TruncatedDirectoryError, WheelSizes, read_directory

FILES = {f"app/module{number}.py": f"answer = {number}\n".encode() * 200 for number in range(50)}


def sizes(sample: WheelSample) -> WheelSizes:
    """The sizes in the whole directory."""
    data = sample.data()
    return read_directory(data, len(data))


def test_unzipped_size_is_the_sum_of_the_files() -> None:
    """Only AWS would find out that a layer is over the limit."""
    sample = WheelSample(files=FILES)
    assert sizes(sample).unzipped_size == sum(map(len, sample.contents().values()))


def test_files_that_are_not_in_the_layer_do_not_count() -> None:
    """A layer would be refused because its expected size is too large."""
    plain = WheelSample(files=FILES)
    more = {
        f"{plain.stem}.data/scripts/app": b"#!python\n" * 1000,
        f"{plain.stem}.data/data/share/manual": b"long" * 1000,
        "app/__pycache__/module1.cpython-312.pyc": b"code" * 1000,
    }
    rows_in_record = 1000  # bytes, well over what three rows take
    difference = sizes(WheelSample(files={**FILES, **more})).unzipped_size - sizes(plain).unzipped_size  # type: ignore[operator]
    assert 0 < difference < rows_in_record


def test_shared_libraries_outside_of_site_packages_count() -> None:
    """The preview of a layer with mkl would say that the layer is small."""
    files = {"app-1.0.data/data/lib/libmkl.so.2": b"x" * 1_000_000}
    with_library = sizes(WheelSample(files={**FILES, **files})).unzipped_size
    assert with_library is not None
    assert with_library > 1_000_000


def test_truncated_directory_says_how_many_bytes_are_needed() -> None:
    """The size of a wheel with many files would be unknown, or the whole wheel would be downloaded."""
    sample = WheelSample(files=FILES)
    data = sample.data()
    with pytest.raises(TruncatedDirectoryError) as caught:
        read_directory(data[-100:], len(data))
    needed = caught.value.length
    assert 100 < needed < len(data)
    assert read_directory(data[-needed:], len(data)) == sizes(sample)


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip file at all" * 10])
def test_bytes_that_are_not_a_zip_file_are_refused(data: bytes) -> None:
    """An error page of an index would count as a package."""
    with pytest.raises(zipfile.BadZipFile):
        read_directory(data, len(data))


def test_member_without_a_name_is_counted() -> None:
    """The size of the layer would be unknown."""
    empty = zipfile.ZipInfo("x")
    empty.filename = ""
    sample = WheelSample(extra=[(empty, b"abc")])
    assert sizes(sample).unzipped_size == sum(map(len, sample.contents().values())) + 3
