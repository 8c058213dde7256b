"""poetry.lock text → its tables, several times as fast as a TOML parser alone. Pure.

Nine tenths of a lock file are lists of files and tables of extras in the one form that Poetry writes::

    files = [
        {file = "six-1.16.0.tar.gz", hash = "sha256:…"},
    ]

    [package.extras]
    socks = ["PySocks (>=1.5.6,!=1.5.7)"]

Such blocks are put aside by regular expressions, and the TOML parser gets to see the rest. That is sound: without
multi-line strings in the text, a line that begins with ``files = [`` or ``[package.extras]`` can be nothing else;
names and hashes without quotes, backslashes and control characters stand for themselves; and a table of extras, which
few plans need, goes to the TOML parser when it is asked for. Any other text goes to the TOML parser whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import tomli

from pulumi_poetry_layer.build_plan import LockedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_UNQUOTED = r'[^"\\\x00-\x1f\x7f]*'
_PLAIN = f'"{_UNQUOTED}"'
_STRING = rf'"{_UNQUOTED}(?:\\["\\]{_UNQUOTED})*"'
_FILE = rf"    \{{file = {_PLAIN}, hash = {_PLAIN}\}},\n"
_EXTRA = rf"(?:[A-Za-z0-9_-]+|{_PLAIN}) = \[(?:{_STRING}(?:, {_STRING})*)?\]\n"
# Both begin with characters that stand for themselves, which is what makes a search fast.
_FILES = re.compile(rf"\nfiles = \[\n((?:{_FILE})+)\](?=\n)")
_EXTRAS = re.compile(rf"\n\[package\.extras\]\n((?:{_EXTRA})+)(?=\n|\Z)")
_ENTRY = re.compile(r'"([^"]*)", hash = "([^"]*)"')
_FIRST_NUMBER = 4_611_686_018_427_387_904  # no lock file has a number, least of all this one
_KEY = "put-aside"  # of the number in place of a table's contents
_MULTI_LINE_STRINGS = ('"""', "'''")


class FileBlock(tuple[LockedFile, ...]):
    """The value of ``files`` where it was read ahead of the TOML parser."""

    __slots__ = ()


class ExtrasBlock(Mapping[str, list[str]]):
    """The value of ``extras`` where it was put aside: extra → requirements, parsed when it is first looked at.

    Args:
        text: the table without its header.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _table(self) -> dict[str, list[str]]:
        return tomli.loads(self._text)

    def __getitem__(self, extra: str) -> list[str]:
        return self._table[extra]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def load_lock(text: str) -> dict[str, Any]:
    """The tables of a lock file, as a TOML parser gives them.

    Of a package, ``files`` may be a :class:`FileBlock` and ``extras`` an :class:`ExtrasBlock`.

    Raises:
        tomli.TOMLDecodeError: the text is not TOML.
    """
    if any(quotes in text for quotes in _MULTI_LINE_STRINGS):
        return tomli.loads(text)
    files: list[FileBlock] = []
    extras: list[ExtrasBlock] = []
    rest = _FILES.sub(_files_aside(files), text)
    rest = _EXTRAS.sub(_extras_aside(extras), rest)
    try:
        document = tomli.loads(rest)
    except tomli.TOMLDecodeError:
        return tomli.loads(text)  # raises, and tells the place in the whole text
    return document if _put_back(document.get("package"), files, extras) else tomli.loads(text)


def _files_aside(blocks: list[FileBlock]) -> Callable[[re.Match[str]], str]:
    """A replacement that keeps each list of files and leaves a number in its place."""

    def replacement(match: re.Match[str]) -> str:
        blocks.append(FileBlock(map(LockedFile._make, _ENTRY.findall(match[1]))))
        return f"\nfiles = {_FIRST_NUMBER + len(blocks) - 1}"

    return replacement


def _extras_aside(blocks: list[ExtrasBlock]) -> Callable[[re.Match[str]], str]:
    """A replacement that keeps each table of extras and leaves a number in it."""

    def replacement(match: re.Match[str]) -> str:
        keys = [line.partition(" = ")[0].strip('"') for line in match[1].splitlines()]
        if len(set(keys)) < len(keys):
            return match[0]  # an extra that is there twice is an error, and the TOML parser tells it
        blocks.append(ExtrasBlock(match[1]))
        return f"\n[package.extras]\n{_KEY} = {_FIRST_NUMBER + len(blocks) - 1}\n"

    return replacement


def _put_back(packages: Any, files: list[FileBlock], extras: list[ExtrasBlock]) -> bool:
    """Give the packages their blocks; False unless the numbers are found in their order, and nowhere else."""
    tables = [table for table in packages if isinstance(table, dict)] if isinstance(packages, list) else []
    with_files = [table for table in tables if isinstance(table.get("files"), int)]
    with_extras = [table for table in tables if isinstance(table.get("extras"), dict) and _KEY in table["extras"]]
    if [table["files"] for table in with_files] != _numbers(files):
        return False
    if [table["extras"] for table in with_extras] != [{_KEY: number} for number in _numbers(extras)]:
        return False
    for table, listed in zip(with_files, files, strict=True):
        table["files"] = listed
    for table, block in zip(with_extras, extras, strict=True):
        table["extras"] = block
    return True


def _numbers(blocks: list[Any]) -> list[int]:
    return list(range(_FIRST_NUMBER, _FIRST_NUMBER + len(blocks)))
