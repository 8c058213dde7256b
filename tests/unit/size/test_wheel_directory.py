"""A wheel's size in a layer, told from the end of its file."""

from __future__ import annotations

import zipfile

import pytest
from samples.wheels import WheelSample

from pulumi_poetry_layer.size.wheel_directory import TruncatedDirectoryError, WheelSizes, read_directory

FILES = {f"app/module{number}.py": f"answer = {number}\n".encode() * 200 for number in range(50)}


def sizes(sample: WheelSample) -> WheelSizes:
    """What the whole directory tells."""
    data = sample.data()
    return read_directory(data, len(data))


def test_unzipped_size_is_that_of_the_files() -> None:
    """A layer over the limit would be found out when AWS refuses it."""
    sample = WheelSample(files=FILES)
    assert sizes(sample).unzipped_size == sum(map(len, sample.contents().values()))


def test_what_does_not_land_in_the_layer_does_not_count() -> None:
    """A layer would be said to be larger than it is, and refused."""
    plain = WheelSample(files=FILES)
    more = {
        f"{plain.stem}.data/scripts/app": b"#!python\n" * 1000,
        f"{plain.stem}.data/data/share/manual": b"long" * 1000,
        "app/__pycache__/module1.cpython-312.pyc": b"code" * 1000,
    }
    rows_in_record = 1000  # bytes, well over what three rows take
    difference = sizes(WheelSample(files={**FILES, **more})).unzipped_size - sizes(plain).unzipped_size  # type: ignore[operator]
    assert 0 < difference < rows_in_record


def test_a_part_of_the_directory_says_how_much_is_needed() -> None:
    """A wheel of many files would have no size, or be downloaded whole."""
    sample = WheelSample(files=FILES)
    data = sample.data()
    with pytest.raises(TruncatedDirectoryError) as caught:
        read_directory(data[-100:], len(data))
    needed = caught.value.length
    assert 100 < needed < len(data)
    assert read_directory(data[-needed:], len(data)) == sizes(sample)


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip file at all" * 10])
def test_what_is_no_zip_file_is_not_measured(data: bytes) -> None:
    """An index's error page would count as a package."""
    with pytest.raises(zipfile.BadZipFile):
        read_directory(data, len(data))
