"""poetry.lock text → its tables, several times as fast as a TOML parser alone. Pure.

Nine tenths of a lock file are lists of files in the one form that Poetry writes::

    files = [
        {file = "six-1.16.0.tar.gz", hash = "sha256:…"},
    ]

Such blocks are read by a regular expression, and the TOML parser gets to see the rest. That is sound: without
multi-line strings in the text, a line that begins with ``files = [`` can be nothing but that key; and names and hashes
without quotes, backslashes and control characters stand for themselves. Any other text goes to the TOML parser whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import tomli

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = r'"[^"\\\x00-\x1f\x7f]*"'
_FILE = rf"    \{{file = {_PLAIN}, hash = {_PLAIN}\}},\n"
_BLOCK = re.compile(rf"^files = \[\n((?:{_FILE})+)\]$", re.MULTILINE)
_ENTRY = re.compile(r'"([^"]*)", hash = "([^"]*)"')
_FIRST_NUMBER = 4_611_686_018_427_387_904  # no lock file has a number, least of all this one
_MULTI_LINE_STRINGS = ('"""', "'''")


class LockedFile(NamedTuple):
    """A file of a package in the index: its name and its digest, ``<algorithm>:<hex>``."""

    name: str
    hash: str


class FileBlock(tuple[LockedFile, ...]):
    """The value of ``files`` where it was read ahead of the TOML parser."""

    __slots__ = ()


def load_lock(text: str) -> dict[str, Any]:
    """The tables of a lock file, as a TOML parser gives them; ``files`` of a package may be a :class:`FileBlock`.

    Raises:
        tomli.TOMLDecodeError: the text is not TOML.
    """
    if any(quotes in text for quotes in _MULTI_LINE_STRINGS):
        return tomli.loads(text)
    blocks: list[FileBlock] = []
    try:
        document = tomli.loads(_BLOCK.sub(_put_aside(blocks), text))
    except tomli.TOMLDecodeError:
        return tomli.loads(text)  # raises, and tells the place in the whole text
    return document if _put_back(document.get("package"), blocks) else tomli.loads(text)


def _put_aside(blocks: list[FileBlock]) -> Callable[[re.Match[str]], str]:
    """A replacement that keeps each block and leaves a number in its place."""

    def replacement(match: re.Match[str]) -> str:
        blocks.append(FileBlock(map(LockedFile._make, _ENTRY.findall(match[1]))))
        return f"files = {_FIRST_NUMBER + len(blocks) - 1}"

    return replacement


def _put_back(packages: Any, blocks: list[FileBlock]) -> bool:
    """Give the packages their blocks; False unless the numbers are found in their order, and nowhere else."""
    tables = [table for table in packages if isinstance(table, dict)] if isinstance(packages, list) else []
    with_number = [table for table in tables if isinstance(table.get("files"), int)]
    if [table["files"] for table in with_number] != list(range(_FIRST_NUMBER, _FIRST_NUMBER + len(blocks))):
        return False
    for table, block in zip(with_number, blocks, strict=True):
        table["files"] = block
    return True
