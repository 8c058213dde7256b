"""Which of a package's locked files lands in the layer: the choice that Poetry's installer makes on the target.

The rule is that of ``poetry/installation/chooser.py``: among the files the target can use the highest build tag wins,
then the best wheel tag, and an sdist comes last. Among equals the first by file name wins, the order of PyPI's index.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_poetry_layer.lockfile import LockedFile

_UNUSABLE_SUFFIXES = (".egg", ".exe", ".msi", ".rpm", ".srpm")
_WHEEL = re.compile(r".+?-\d[^-]*(-(?P<build>\d[^-]*))?-(?P<interpreter>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl")
_BUILD_TAG = re.compile(r"(\d+)(.*)")


def is_wheel(file_name: str) -> bool:
    """Whether a file name is that of a wheel."""
    return file_name.endswith(".whl")


def choose_file(files: Iterable[LockedFile], tag_ranks: Mapping[tuple[str, str, str], int]) -> LockedFile | None:
    """The file that is installed on a target.

    Args:
        files: the package's locked files.
        tag_ranks: wheel tag → rank on the target, 0 being the best.

    Returns:
        None when the target can use none of them.
    """
    by_name = sorted(files, key=lambda file: file.name)
    preferences = [(preference, file) for file in by_name if (preference := _preference(file.name, tag_ranks))]
    return max(preferences, key=lambda candidate: candidate[0])[1] if preferences else None


def are_native(files: Iterable[LockedFile]) -> bool:
    """Whether there are wheels among the files and every one of them is for a platform."""
    wheels = [file.name for file in files if is_wheel(file.name)]
    return bool(wheels) and not any(name.endswith("-any.whl") for name in wheels)


def wheel_tags(file_name: str) -> frozenset[tuple[str, str, str]]:
    """All (interpreter, ABI, platform) tags in a wheel's file name, compressed sets spelt out (PEP 425).

    Empty for a name that is not a wheel's.
    """
    match = _WHEEL.fullmatch(file_name)
    if not match:
        return frozenset()
    return _spelt_out(match["interpreter"], match["abi"], match["platform"])


@lru_cache(maxsize=4096)
def _spelt_out(interpreter: str, abi: str, platform: str) -> frozenset[tuple[str, str, str]]:
    # The same few hundred sets of tags come back in every lock file.
    interpreters, abis, platforms = (tags.lower().split(".") for tags in (interpreter, abi, platform))
    return frozenset(product(interpreters, abis, platforms))


def _preference(file_name: str, tag_ranks: Mapping[tuple[str, str, str], int]) -> tuple[tuple[int, str], int] | None:
    """Sort key of a usable file, best last; None for a file the target cannot use."""
    if not is_wheel(file_name):
        if file_name.endswith(_UNUSABLE_SUFFIXES):
            return None
        return (-1, ""), -len(tag_ranks)
    ranks = [rank for tag in wheel_tags(file_name) if (rank := tag_ranks.get(tag)) is not None]
    if not ranks:
        return None
    return _build_tag(file_name), -min(ranks)


def _build_tag(file_name: str) -> tuple[int, str]:
    """A wheel's build tag as PEP 427 orders it; a wheel without one comes before all that have one."""
    match = _WHEEL.fullmatch(file_name)
    build = _BUILD_TAG.fullmatch(match["build"]) if match and match["build"] else None
    return (int(build[1]), build[2]) if build else (-1, "")
