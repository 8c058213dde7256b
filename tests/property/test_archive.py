"""Properties of the archive writer and of the wheel reader."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive import checksums
from pulumi_poetry_layer.archive.checksums import BLOCK
from pulumi_poetry_layer.archive.members import BytesContent, Member, Segment
from pulumi_poetry_layer.archive.segments import read_segment, write_segment
from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.wheels.reader import read_wheel

NAMES = st.sampled_from([f"python/{folder}/{name}" for folder in ("a", "b", "ä") for name in ("x", "y", "z")])
DISTRIBUTIONS = st.dictionaries(NAMES, st.binary(max_size=3000), max_size=6)


def as_parts(folder: Path, name: str, files: dict[str, bytes], as_segment: bool) -> list[Member | Segment]:
    """A distribution as a segment or as single members."""
    members = [Member(path, name, BytesContent(data)) for path, data in files.items()]
    if not (as_segment and members):
        return [*members]
    with (folder / name).open("wb") as file:
        write_segment(members, file, {})
    return [read_segment(folder / name, name)]


@given(st.lists(st.tuples(DISTRIBUTIONS, st.booleans()), max_size=4))
def test_zip_contains_exactly_the_files_of_its_parts(distributions: list[tuple[dict[str, bytes], bool]]) -> None:
    """Files would be missing, duplicated or mixed up, or which of two files is in the layer would vary."""
    expected: dict[str, bytes] = {}
    for files, _ in distributions:
        expected |= files
    conflicting = {name for name, data in expected.items() if any(d.get(name, data) != data for d, _ in distributions)}
    with tempfile.TemporaryDirectory() as temporary:
        folder, output = Path(temporary), Path(temporary) / "out" / "layer.zip"
        parts = [
            part
            for number, (files, as_segment) in enumerate(distributions)
            for part in as_parts(folder, f"d{number}", files, as_segment)
        ]
        if conflicting:
            with pytest.raises(PoetryLayerError, match="both contain this file"):
                write_archive(parts, output, refuse_conflicts=True)
            assert not output.exists()
        summary = write_archive(reversed(parts), output, refuse_conflicts=not conflicting)
        with zipfile.ZipFile(output) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == expected
            assert archive.namelist() == sorted(expected)
    assert {name for conflict in summary.conflicts for name in conflict.names} == conflicting
    assert summary.unzipped_size == sum(map(len, expected.values()))


@settings(max_examples=300)
@given(st.data())
def test_damaged_wheel_is_refused_or_has_the_same_content(data: st.DataObject) -> None:
    """A damaged wheel would cause a traceback, or put different content into the layer."""
    sample = WheelSample(files={"app/a.py": b"a = 1\n" * 40, "app/b.txt": b"b"}, methods={"app/b.txt": 0})
    wheel = bytearray(sample.data())
    for _ in range(data.draw(st.integers(1, 3))):
        wheel[data.draw(st.integers(0, len(wheel) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as temporary, suppress(PoetryLayerError):
        path = Path(temporary) / "wheel"
        path.write_bytes(bytes(wheel))
        read = read_wheel(path, file_name=sample.file_name)
        write_archive(read.members, path.with_name("layer.zip"))
        with zipfile.ZipFile(path.with_name("layer.zip")) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        assert {found[f"python/{name}"] for name in sample.files if f"python/{name}" in found} <= set(
            sample.files.values()
        )


@pytest.mark.parametrize("backend", [zlib, checksums], ids=["zlib", "ISA-L"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(1, 4).flatmap(lambda count: st.integers(count * BLOCK - 300, count * BLOCK + 300)),
    unit=st.binary(min_size=1, max_size=300),
    level=st.integers(0, 9),
    split=st.integers(1, BLOCK),
)
def test_stream_is_inflated_completely_at_sizes_around_a_block(
    backend: Any, size: int, unit: bytes, level: int, split: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sound wheel would be refused as truncated: output can be pending after all input is used up."""
    data = (unit * (size // len(unit) + 1))[:size]
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    stream = compressor.compress(data) + compressor.flush()
    blocks = [stream[:split], stream[split:]] if stream[split:] else [stream]
    with monkeypatch.context() as patch:
        patch.setattr(checksums, "decompressobj", backend.decompressobj)
        patch.setattr(checksums, "error", backend.error)
        inflated = list(checksums.inflated(blocks))
        assert b"".join(inflated) == data
        assert max(map(len, inflated)) <= BLOCK
        with pytest.raises(backend.error, match="truncated"):
            list(checksums.inflated([stream[:-1]]))
        with pytest.raises(backend.error, match="after its end"):
            list(checksums.inflated([*blocks, b"x"]))
