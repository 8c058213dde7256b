"""Whether Python would use the compiled modules (.pyc) of a layer. Pure.

A compiled module contains the date and the size of its source, or a hash of it. If they do not fit, Python compiles the
source again at every cold start, because it cannot write to /opt: https://docs.python.org/3/reference/import.html#pyc
"""

from __future__ import annotations

import calendar
import posixpath
import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.inspection.contents import LayerFile

HEADER_SIZE = 16
"""Bytes at the start of a compiled module that say which source it is for (PEP 552)."""

_HEADER = struct.Struct("<4sLLL")  # magic number, flags, seconds since 1970, size of the source
_HASH_BASED = 1  # in the flags: the last two fields are a hash of the source
_NAME = re.compile(r"(?P<folder>.*/)?__pycache__/(?P<module>[^/]+?)\.(?P<tag>[a-z]+-?[0-9]*)(\.opt-[12])?\.pyc")
_CPYTHON = re.compile(r"cpython-3([0-9]+)")
_EXTENDED_TIME = 0x5455  # extra field of Info-ZIP: seconds since 1970
_FIELD = struct.Struct("<HH")
_MASK = 0xFFFFFFFF


def zip_times(date_time: tuple[int, int, int, int, int, int], extra: bytes) -> frozenset[int]:
    """The seconds since 1970 that the date of a file in a zip may mean.

    Args:
        date_time: the date in the header, which has no time zone and steps of two seconds. Taken as UTC.
        extra: the extra field, which may have a second date, exact and with a time zone.
    """
    try:
        times = {calendar.timegm((*date_time, 0, 0, 0)) & _MASK}
    except ValueError:  # there is no such date
        times = set()
    while len(extra) >= _FIELD.size:
        kind, length = _FIELD.unpack_from(extra)
        value = extra[_FIELD.size : _FIELD.size + length]
        if kind == _EXTENDED_TIME and len(value) >= 5 and value[0] & 1:
            times.add(int.from_bytes(value[1:5], "little"))
        extra = extra[_FIELD.size + length :]
    return frozenset(times)


def source_of(name: str) -> str | None:
    """The path of the source that a compiled module is for; None if the name is not one of a compiled module."""
    match = _NAME.fullmatch(name)
    return posixpath.join(match["folder"] or "", f"{match['module']}.py") if match else None


def runtime_of_bytecode(name: str) -> str | None:
    """The runtime whose Python uses a compiled module, by its name; None if no CPython does."""
    match = _NAME.fullmatch(name)
    version = match and _CPYTHON.fullmatch(match["tag"])
    return f"python3.{version[1]}" if version else None


def is_stale(file: LayerFile, files: Mapping[str, LayerFile]) -> bool:
    """Whether Python would ignore a compiled module, because it is not for its source as that is in the layer.

    Modules with a hash of their source are taken as up to date, and those without a source as what they are: unused.
    """
    source = files.get(source_of(file.name) or "")
    if source is None or len(file.start) < HEADER_SIZE:
        return True
    _, flags, time, size = _HEADER.unpack(file.start)
    if flags & _HASH_BASED:
        return False
    return bool(size != source.unzipped_size & _MASK or time not in source.times)
