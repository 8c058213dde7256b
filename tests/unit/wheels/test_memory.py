"""How much memory a wheel takes from its file to the layer, whatever the wheel contains."""

from __future__ import annotations

import base64
import bz2
import hashlib
import lzma
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux reports the peak of the memory of one program"
)

MOST = 200  # MB
LARGE = 100  # MB; a program that reads this much at once needs more than this
PROGRAM = """
import re, sys
from pathlib import Path
from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.wheels.cache import WheelCache
from pulumi_poetry_layer.wheels.reader import read_wheel

path = Path(sys.argv[1])
cache = WheelCache(path.with_name("cache"))
try:
    cache.add("key", read_wheel(path, file_name="app-1.0-py3-none-any.whl"))
    write_archive([cache.find("key", "app").segment], path.with_name("layer.zip"))
except PoetryLayerError as error:
    print(error.what)
print(int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) >> 10)
"""


def row(name: str, data: bytes) -> str:
    """A row of RECORD."""
    return f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"


def write_wheel(path: Path, files: Mapping[str, bytes], method: int, metadata: bytes = b"") -> None:
    """Write a wheel with these files."""
    dist_info = {
        "app-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: app\nVersion: 1.0\n" + metadata,
        "app-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    everything = {**files, **dist_info}
    rows = [row(name, data) for name, data in everything.items()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in everything.items():
            archive.writestr(name, data, method if name in files else zipfile.ZIP_DEFLATED)
        archive.writestr("app-1.0.dist-info/RECORD", "\n".join([*rows, "app-1.0.dist-info/RECORD,,"]))


def peak(path: Path) -> tuple[list[str], int]:
    """What the program says about the wheel, and the most memory that it had, in MB."""
    run = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    *said, most = run.stdout.splitlines()
    return said, int(most)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_member_that_is_larger_than_the_memory_of_a_build_is_streamed(tmp_path: Path, method: int) -> None:
    """Otherwise a wheel with a large library needs more memory than a CI job has."""
    write_wheel(tmp_path / "wheel", {"app/large.so": bytes(LARGE << 20)}, method)

    said, most = peak(tmp_path / "wheel")

    assert not said
    assert most < LARGE
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        info = archive.getinfo("python/app/large.so")
    assert (info.file_size, info.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}) == (LARGE << 20, True)


def test_memory_for_very_many_files_is_limited(tmp_path: Path) -> None:
    """Otherwise the memory for a wheel of 200,000 files is not bounded: a quarter of them may take a quarter of it.

    With 200,000 files, it was 171 MB.
    """
    names = (f"app/package_{number % 1000:04}/module_number_{number:06}.py" for number in range(50_000))
    write_wheel(tmp_path / "wheel", dict.fromkeys(names, b"a = 1"), zipfile.ZIP_STORED)

    said, most = peak(tmp_path / "wheel")

    assert not said
    assert most < 40 + (MOST - 40) / 4


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (b"\n" + b"description " * (2 << 20), []),
        (b"A: " + b"b" * (24 << 20), ["has a METADATA that cannot be parsed: its headers have more than 2 MiB"]),
        (b"\n" + bytes(40 << 20), ["has a METADATA of more than 32 MiB"]),
    ],
    ids=["long description", "long headers", "too long"],
)
def test_metadata_of_any_length_needs_little_memory(tmp_path: Path, metadata: bytes, said: list[str]) -> None:
    """Otherwise a small wheel can fill the memory with its description."""
    write_wheel(tmp_path / "wheel", {}, zipfile.ZIP_DEFLATED, metadata)

    assert peak(tmp_path / "wheel")[0] == said
    assert peak(tmp_path / "wheel")[1] < MOST / 2


def test_very_many_nested_folders_are_refused(tmp_path: Path) -> None:
    """Otherwise the names of the folders of a small wheel fill the memory."""
    files = {f"{number}" + "/a" * 1900 + "/x.py": b"" for number in range(300)}
    write_wheel(tmp_path / "wheel", files, zipfile.ZIP_STORED)

    said, most = peak(tmp_path / "wheel")

    assert said == ["has too many nested folders"]
    assert most < MOST


def with_dictionary(size: int) -> Callable[[bytes], bytes]:
    """Compress as zip files do with LZMA, with a dictionary of this size."""

    def compress(data: bytes) -> bytes:
        lzma1 = {"id": lzma.FILTER_LZMA1, "dict_size": size}
        settings = (2 * 5 + 0) * 9 + 3
        stream = lzma.compress(data, lzma.FORMAT_RAW, filters=[lzma1])
        return b"\x09\x14\x05\x00" + bytes([settings]) + size.to_bytes(4, "little") + stream

    return compress


class Whole:
    """A compressor for zipfile that compresses everything at the end."""

    def __init__(self, compress: Callable[[bytes], bytes]) -> None:
        self._compress = compress
        self._blocks: list[bytes] = []

    def compress(self, data: bytes) -> bytes:
        """Keep the data."""
        self._blocks.append(data)
        return b""

    def flush(self) -> bytes:
        """The compressed data."""
        return self._compress(b"".join(self._blocks))


@pytest.mark.parametrize(
    ("method", "compress", "said"),
    [
        (zipfile.ZIP_LZMA, with_dictionary(1 << 16), []),
        (zipfile.ZIP_LZMA, with_dictionary(1 << 27), ["cannot be unpacked: unusual settings"]),
        (zipfile.ZIP_BZIP2, bz2.compress, []),
    ],
    ids=["small dictionary", "large dictionary", "bzip2"],
)
def test_compressed_member_needs_little_memory(
    tmp_path: Path, method: int, compress: Callable[[bytes], bytes], said: list[str]
) -> None:
    """Otherwise a member of some bytes fills the memory with its first block, or with a dictionary."""
    data = bytes(LARGE << 20)
    with pytest.MonkeyPatch.context() as patch:
        usual = vars(zipfile)["_get_compressor"]
        patch.setattr(zipfile, "_get_compressor", lambda kind, *_: Whole(compress) if kind == method else usual(kind))
        write_wheel(tmp_path / "wheel", {"app/x.bin": data}, method)

    found, most = peak(tmp_path / "wheel")

    assert found == said
    assert most < LARGE
