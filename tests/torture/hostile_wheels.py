"""Wheels that someone could make on purpose. Each is refused, or gives a layer without its tricks."""

from __future__ import annotations

import io
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.wheels.cache import WheelCache
from pulumi_poetry_layer.wheels.reader import read_wheel
from torture.layers import check_layer

_CODE = b"answer = 42\n" * 50
_TRAVERSALS = (
    "../x.py", "a/../../x.py", "/etc/cron.d/x", "//x", "C:/x.py", "C:\\x.py", "..\\x.py", "a\\..\\..\\x.py", "a//x.py",
    "./x.py", "a/./x.py", "..", ".", "", "/", "~/x", "app-1.0.data/purelib/../../x", "app-1.0.data/data/../../../x",
    "app-1.0.data/scripts/../x", "app-1.0.data/../x", "app-1.0.data//x", "app-1.0.data/unknown/x", "app-1.0.data/x",
    "app-1.0.data/data/lib/../../python/x.so", "app-1.0.dist-info/../../x", "__pycache__/../../x", "a/..", "a/../b",
)  # fmt: skip
_CONTROLS = tuple(f"a{chr(code)}b.py" for code in (*range(0x20), 0x7F, 0x85, 0x9B, 0x202E, 0x2028, 0x2066, 0xFEFF))
_KINDS = (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFDIR, 0o160000)
_FIELDS = {
    "flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<L"), "compressed": (20, "<L"), "size": (24, "<L"),
    "name": (28, "<H"), "extra": (30, "<H"), "comment": (32, "<H"), "disk": (34, "<H"), "offset": (42, "<L"),
}  # fmt: skip
_END_FIELDS = ((4, "<H"), (8, "<H"), (10, "<H"), (12, "<L"), (16, "<L"), (20, "<H"))
_VALUES = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
_METADATA = (
    b"", b"\n", b"Name: app\n", b"Name: ../x\nVersion: 1.0\n", b"Name: app\nVersion: " + b"1" * 100_000 + b"\n",
    b"Name: " + b"a" * 3_000_000 + b"\nVersion: 1\n", b"Name: app\nVersion: 1.0\n" + b"A: b\n" * 400_000,
    b"Name: app\nVersion: 1.0\n" + b" folded\n" * 300_000, b"Name: app\r\n" * 100_000, b"\xff\xfe" * 1000, b"\0" * 1000,
    b"Name: app\x1b[2J\nVersion: 1.0\x1b[2J\n", "Name: app\u202e\nVersion: \u202e\n".encode(),
)  # fmt: skip
_RECORDS = (
    b"", b"\0", b'"', b'"' * 100_000, b"," * 100_000, b"a,b,c\n" * 300_000, b'"a\n' * 50_000,
    b"app/__init__.py,md5=x,1\n",
    b"app/__init__.py,sha256=,\n", b"app/__init__.py,sha512=AAAA,999999999999999999999\n", b"\xff\xfe,,\n",
    b"../../etc/passwd,,\n", b"app/__init__.py,unknown=x,-1\n", b"x" * 200_000 + b",,\n", b"a\x1bb,,\n",
)  # fmt: skip

Wheel = Callable[[], bytes]


@lru_cache
def hostile_wheels() -> dict[str, Wheel]:
    """What is tried → a function that makes the wheel."""
    return {name: make for part in (_names(), _members(), _lies(), _texts(), _bombs()) for name, make in part}


def read_hostile_wheel(name: str, folder: Path) -> str:
    """Read one of the hostile wheels into a cache, and put it into a layer.

    Args:
        name: what to try.
        folder: a folder for files of this attack.
    """
    wheel, layer, cache = folder / "wheel", folder / "layer.zip", WheelCache(folder / "cache")
    wheel.write_bytes(hostile_wheels()[name]())
    shutil.rmtree(cache.folder, ignore_errors=True)
    cache.add("key", read_wheel(wheel, file_name="app-1.0-py3-none-any.whl"))
    found = cache.find("key", "app")
    assert found is not None, f"{name}: it was added, but is not in the cache"
    write_archive([found.segment], layer)
    check_layer(layer)
    return "harmless"


def _names() -> Iterator[tuple[str, Wheel]]:
    for name in (*_TRAVERSALS, *_CONTROLS, "a" * 256, "a/" * 2100 + "x", "é" * 200, "a" * 65_000):
        yield f"name {name[:30]!r}", partial(_with, name)
    yield "a name that is file and folder", partial(_with, "app/__init__.py/x.py")
    yield "names that differ in case", partial(_with, "APP/__INIT__.PY")
    yield "names that differ in composition", partial(_with, "app/e\u0301.py", "app/\u00e9.py")
    yield "300 folders of 1,900 levels", lambda: _with(*(f"{number}{'/a' * 1900}/x.py" for number in range(300)))


def _with(*names: str) -> bytes:
    """A wheel with further members."""
    return _wheel(extra=[(_info(name), b"x") for name in names])


def _wheel(**values: Any) -> bytes:
    return WheelSample(**values).data()


def _info(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    info.external_attr = (mode & 0xFFFF) << 16
    return info


def _members() -> Iterator[tuple[str, Wheel]]:
    for kind in _KINDS:
        yield f"a member of the kind {kind:o}", partial(_wheel, extra=[(_info("app/x", kind | 0o777), b"/etc/passwd")])
    sticky = _info("app/x", stat.S_IFREG | 0o7777)
    yield "a program with the set-user-ID bit", partial(_wheel, extra=[(sticky, b"x")])
    yield "two .dist-info folders", partial(_with, "other-1.0.dist-info/METADATA")
    yield "a .dist-info file", partial(_with, "x.dist-info")
    yield "a RECORD in a package", partial(_with, "app/RECORD", "app.dist-info/RECORD")


def _lies() -> Iterator[tuple[str, Wheel]]:
    """Values in the directory, and at its end, that contradict the members."""
    for value in _VALUES:
        for field, (offset, layout) in _FIELDS.items():
            yield f"{field} = {value:#x}", partial(_patched, b"PK\x01\x02", offset, layout, value)
        for offset, layout in _END_FIELDS:
            yield f"end + {offset} = {value:#x}", partial(_patched, b"PK\x05\x06", offset, layout, value)
    sound = _wheel()
    for length in (0, 1, 21, 22, 100, len(sound) - 1):
        yield f"the first {length} bytes", partial(bytes, sound[:length])
        yield f"the last {length} bytes", partial(bytes, sound[len(sound) - length :])
    yield "bytes before it", partial(bytes, b"#!/bin/sh\n" + sound)
    yield "bytes behind it", partial(bytes, sound + bytes(100))
    yield "a wheel behind a wheel", partial(bytes, sound + _wheel(files={"x.py": b"y"}))
    yield "members that share bytes", partial(_overlapping, 100)
    yield "65,000 members that share bytes", partial(_overlapping, 65_000)


def _patched(record: bytes, offset: int, layout: str, value: int) -> bytes:
    """A wheel with another value in the first record of a kind."""
    data = bytearray(_wheel())
    largest = 0xFFFF if layout == "<H" else 0xFFFFFFFF
    struct.pack_into(layout, data, data.index(record) + offset, value & largest)
    return bytes(data)


def _overlapping(count: int) -> bytes:
    """A bomb: very many entries of the directory for the same compressed bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_info("app/bomb.bin"), bytes(1 << 20), zipfile.ZIP_DEFLATED)
        (entry,) = archive.infolist()
        archive.filelist.extend([entry] * (count - 1))
        for name, data in WheelSample().contents().items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _texts() -> Iterator[tuple[str, Wheel]]:
    for number, text in enumerate(_METADATA):
        yield f"METADATA {number}", partial(_wheel, dist_info={"METADATA": text})
        yield f"WHEEL {number}", partial(_wheel, dist_info={"WHEEL": text.replace(b"Version", b"Wheel-Version")})
    for number, text in enumerate(_RECORDS):
        yield f"RECORD {number}", partial(_replaced, "RECORD", text)
    for tag in ("py3-none-any", "." * 5000, "cp312.cp313-abi3.none-any.linux_x86_64", "-".join("a" * 3000)):
        yield f"tag {tag[:20]}", partial(_wheel, tag=tag)


def _replaced(name: str, data: bytes, times: int = 1) -> bytes:
    """A wheel with another file in the .dist-info folder."""
    return _zip({**WheelSample().contents(), f"app-1.0.dist-info/{name}": data * times})


def _zip(contents: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _bombs() -> Iterator[tuple[str, Wheel]]:
    for method, size in ((zipfile.ZIP_DEFLATED, 100), (zipfile.ZIP_BZIP2, 20)):  # to compress LZMA takes much memory
        yield f"{size} MB of zeros, method {method}", partial(_zeros, size << 20, method)
    for name in ("METADATA", "WHEEL", "RECORD"):
        yield f"{name} of 40 MB", partial(_replaced, name, b"A: b\n", 8 << 20)
    yield "50,000 empty files", partial(_empty_files, 50_000)
    yield "a zip in a zip", partial(_wheel, files={"app/x.whl": _wheel()})
    yield "an __init__.py with 10,000 brackets", partial(_wheel, files={"app/__init__.py": b"(" * 10_000})


def _zeros(size: int, method: int) -> bytes:
    """A wheel with a long file, which is not held in memory: that would count for the wheel."""
    buffer = io.BytesIO(_wheel())
    with zipfile.ZipFile(buffer, "a", method) as archive, archive.open("app/x.bin", "w") as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return buffer.getvalue()


def _empty_files(count: int) -> bytes:
    files = {f"app/{number}.py": b"" for number in range(count)}
    return _zip({**files, **WheelSample().contents()}, zipfile.ZIP_STORED)
