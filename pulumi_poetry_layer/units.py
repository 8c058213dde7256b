"""Sizes: how messages write them, always in MiB, as AWS Lambda's limits are meant; and how users write them. Pure."""

from __future__ import annotations

import re

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_SIZE = re.compile(r"(?P<number>\d{1,12}(\.\d{1,6})?)\s*(?P<unit>([kmg]i?)?b|)", re.ASCII | re.IGNORECASE)

_MIB = 2**20
_SMALL = 0.095  # MiB; smaller sizes have two decimals
_SMALLEST = 0.005  # MiB; smaller sizes would be shown as 0.00


def mebibytes(size: float) -> str:
    """Format a number of bytes: ``3.4 MiB``, ``0.03 MiB``, ``<0.01 MiB``."""
    if not size:
        return "0 MiB"
    value = size / _MIB
    if value < _SMALLEST:
        return "<0.01 MiB"
    return f"{value:.2f} MiB" if value < _SMALL else f"{value:.1f} MiB"


def part_of(size: int, whole: int) -> str:
    """Format how much of a number of bytes is done: ``3.4 of 7.9 MiB``, ``31 of 146 MiB``."""
    decimals = 0 if whole >= 10 * _MIB else 1
    return f"{size / _MIB:.{decimals}f} of {whole / _MIB:.{decimals}f} MiB"


def parse_size(text: str) -> int:
    """A number of bytes from a text such as ``200MiB``, ``200 MB`` or ``209715200``.

    Raises:
        ValueError: the text is not a size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size such as 200MiB, 200MB or 209715200")
    return int(float(match["number"]) * _UNITS[match["unit"].lower()])
