"""Names of distributions, groups, extras and wheels. Pure."""

from __future__ import annotations

from functools import lru_cache

from packaging.utils import canonicalize_name


@lru_cache(maxsize=8192)
def normalized(name: str) -> str:
    """The normalized form of the name of a distribution, group or extra.

    The rule: https://packaging.python.org/en/latest/specifications/name-normalization/.
    """
    return canonicalize_name(name)


def is_wheel(file_name: str) -> bool:
    """Whether a file name is the name of a wheel."""
    return file_name.endswith(".whl")


def is_universal_wheel(file_name: str) -> bool:
    """Whether a file name is the name of a wheel for every platform."""
    return file_name.endswith("-any.whl")
