"""Follows a page of the documentation as a reader does: writes its files, runs its commands, compares what it shows.

A page has three kinds of code blocks that count here:

- a block after a paragraph that ends with the path of a file, in backticks and with a colon: the content of this file.
  The path is relative to the folder in which the commands before it ended;
- a block of ``sh``: commands, which run in the folder in which the commands before them ended;
- the first block of ``text`` after commands: what they print. ``…`` stands for any text, and a line that is only ``…``
  for any lines. Times are not compared.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

from .machine import Machine

_FILE_NAME = re.compile(r"`([^`]+)`:$")
_TIME = re.compile(r"\b\d+(\.\d+)? ?m?s\b")
_ANYTHING = "…"


@dataclass(frozen=True, kw_only=True)
class Block:
    """A code block of a page.

    Attributes:
        language: the word after the fence.
        text: its content.
        file: the file that it is the content of, if it is one.
        line: the number of its first line.
    """

    language: str
    text: str
    file: str | None
    line: int


def blocks_of(page: str) -> Iterator[Block]:
    """The code blocks of a page in Markdown."""
    paragraph = ""
    for token in MarkdownIt("commonmark").parse(page):
        if token.type == "inline":
            paragraph = token.content
        elif token.type == "fence":
            named = _FILE_NAME.search(paragraph)
            assert token.map
            yield Block(language=token.info, text=token.content, file=named and named[1], line=token.map[0] + 1)
            paragraph = ""


@dataclass(kw_only=True)
class Walkthrough:
    """A reader with a machine and an empty folder.

    Attributes:
        machine: runs the commands.
        folder: where the first command runs, and where relative paths of files start.
        replaced: text in the page → what this reader reads instead.
    """

    machine: Machine
    folder: Path
    replaced: Mapping[str, str] = field(default_factory=dict)

    def follow(self, page: Path) -> None:
        """Do what a page says.

        Raises:
            AssertionError: a command fails, or prints something else than the page shows.
        """
        here, printed = self.folder, None
        for block in blocks_of(page.read_text("utf-8")):
            place, text = f"{page.name}:{block.line}", self._read(block.text)
            if block.file:
                file = here / block.file
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
            elif block.language == "sh":
                here, printed = self.run(place, text, here)
            elif block.language == "text" and printed is not None:
                compare(place, expected=text, printed=printed)
                printed = None

    def _read(self, text: str) -> str:
        for old, new in self.replaced.items():
            text = text.replace(old, new)
        return text

    def run(self, place: str, commands: str, here: Path) -> tuple[Path, str]:
        """Run commands of this place in a page. Returns the folder in which they end, and what they print.

        Raises:
            AssertionError: a command fails.
        """
        end = self.folder.parent / "end"
        done = self.machine.run(["bash", "-euc", f"{commands}\npwd >{shlex.quote(str(end))}"], cwd=here)
        assert done.returncode == 0, f"{place}:\n{commands}\n{done.stdout}\n{done.stderr}"
        return Path(end.read_text("utf-8").strip()), done.stdout + done.stderr


def compare(place: str, *, expected: str, printed: str) -> None:
    """Compare what a page shows with what commands print; both without indentation and empty lines.

    Raises:
        AssertionError: a line is missing, or is not where it is in the page.
    """
    lines = [" ".join(line.split()) for line in printed.splitlines() if line.strip()]
    pattern = "".join(_pattern_of(line) for line in expected.splitlines() if line.strip())
    assert re.search(f"^{pattern}", "\n".join(lines) + "\n", re.M), f"{place}:\n{expected}\nwas:\n{printed}"


def _pattern_of(line: str) -> str:
    words = " ".join(line.split())
    if words == _ANYTHING:
        return r"(?:.*\n)*?"
    words = _TIME.sub(_ANYTHING, words)
    return ".*".join(re.escape(part) for part in words.split(_ANYTHING)) + r"\n"
