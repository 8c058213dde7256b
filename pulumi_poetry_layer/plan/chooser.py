"""Chooses the locked file of a package that Poetry's installer would choose on the target.

The rules are those of ``poetry/installation/chooser.py``. Of the files that the target can use, the one with the
highest build tag wins, then the one with the best wheel tag. An sdist comes last. If files are equal, the first by name
wins; this is the order of PyPI's index.
"""

from __future__ import annotations

import re
from itertools import product
from operator import itemgetter
from typing import TYPE_CHECKING

from pulumi_poetry_layer.names import is_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_poetry_layer.poetry.locked import LockedFile

_UNUSABLE_SUFFIXES = (".egg", ".exe", ".msi", ".rpm", ".srpm")
_WHEEL = re.compile(r".+?-\d[^-]*(-(?P<build>\d[^-]*))?-(?P<interpreter>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl")
_TAG_PARTS = 3  # interpreter, ABI, platform
_BUILD_TAG = re.compile(r"(\d{1,1000})(.*)")  # Python converts no number of more than 4,300 digits


class FileChooser:
    """Chooses the files that are installed on a target.

    Args:
        tag_ranks: (interpreter, ABI, platform) of each wheel tag that the target can use → its rank; 0 is the best.
    """

    def __init__(self, tag_ranks: Mapping[tuple[str, str, str], int]) -> None:
        self._tag_ranks = tag_ranks
        self._best_ranks: dict[tuple[str, ...], int | None] = {}

    def choose(self, files: Iterable[LockedFile]) -> LockedFile | None:
        """The best of a package's locked files; None if the target can use none of them."""
        by_name = sorted(files, key=itemgetter(0))
        preferences = [(preference, file) for file in by_name if (preference := self._preference(file.name))]
        return max(preferences, key=itemgetter(0))[1] if preferences else None

    def _preference(self, name: str) -> tuple[tuple[int, str], int] | None:
        """Sort key of a file, higher is better: build tag, then wheel tag. None if the target cannot use the file."""
        if not is_wheel(name):
            return None if name.endswith(_UNUSABLE_SUFFIXES) else ((-1, ""), -len(self._tag_ranks))
        # Many files share the same tags, so the rank of each set of tags is computed once.
        tags = tuple(name[: -len(".whl")].rsplit("-", 3)[1:])
        try:
            best = self._best_ranks[tags]
        except KeyError:
            best = self._best_ranks[tags] = self._best_rank(*tags) if len(tags) == _TAG_PARTS else None
        if best is None or not (match := _WHEEL.fullmatch(name)):
            return None
        return _build_tag(match["build"]), -best

    def _best_rank(self, *parts: str) -> int | None:
        interpreters, abis, platforms = _split(*parts)
        if len(interpreters) * len(abis) * len(platforms) > len(self._tag_ranks):  # a hostile name has millions of tags
            return min(
                (
                    rank
                    for (interpreter, abi, platform), rank in self._tag_ranks.items()
                    if interpreter in interpreters and abi in abis and platform in platforms
                ),
                default=None,
            )
        tags = product(interpreters, abis, platforms)
        return min((self._tag_ranks[tag] for tag in tags if tag in self._tag_ranks), default=None)


def are_native(files: Iterable[LockedFile]) -> bool:
    """Whether the files include wheels and all of them are for a specific platform."""
    wheels = [file.name for file in files if is_wheel(file.name)]
    return bool(wheels) and not any(name.endswith("-any.whl") for name in wheels)


def wheel_tags(file_name: str) -> frozenset[tuple[str, str, str]]:
    """All (interpreter, ABI, platform) tags in the file name of a wheel, with compressed tag sets expanded (PEP 425).

    Empty if the name is not a valid wheel name.
    """
    match = _WHEEL.fullmatch(file_name)
    if not match:
        return frozenset()
    interpreters, abis, platforms = _split(match["interpreter"], match["abi"], match["platform"])
    return frozenset(product(interpreters, abis, platforms))


def _split(interpreter: str, abi: str, platform: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The interpreters, ABIs and platforms of compressed tag sets."""
    interpreters, abis, platforms = (frozenset(tags.lower().split(".")) for tags in (interpreter, abi, platform))
    return interpreters, abis, platforms


def _build_tag(text: str | None) -> tuple[int, str]:
    """Sort key of a build tag (PEP 427). A wheel without a build tag sorts first."""
    build = _BUILD_TAG.fullmatch(text or "")
    return (int(build[1]), build[2]) if build else (-1, "")
