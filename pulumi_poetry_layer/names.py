"""Names: those of distributions, groups and extras in their normalized form, and those of wheels. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

_SEPARATORS = re.compile(r"[-_.]+")


@lru_cache(maxsize=8192)
def normalized(name: str) -> str:
    """The normalized form of a name: https://packaging.python.org/en/latest/specifications/name-normalization/."""
    # Not packaging.utils.canonicalize_name: importing it takes longer than a small layer takes to be written.
    return _SEPARATORS.sub("-", name).lower()


def is_wheel(file_name: str) -> bool:
    """Whether a file name is that of a wheel."""
    return file_name.endswith(".whl")
