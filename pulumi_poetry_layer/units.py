"""How messages write sizes: always in MiB, as AWS Lambda's limits are meant. Pure."""

from __future__ import annotations

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
