"""The code blocks of all pages, for the checks of them, and which of them cannot be checked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
_FOLDERS = ("docs", "examples", "tools", "benchmarks")

CHECKED = {"console", "hcl", "json", "python", "sh", "toml", "yaml"}
"""Languages of which tests/unit/tools/test_code_blocks.py checks every block."""

COMPILED = {"go", "typescript"}
"""Languages of which tests/e2e/test_languages.py compiles every block. They are only in docs/languages."""

UNCHECKED = {
    "dockerfile": "needs a Docker daemon with images that have to be downloaded",
    "ts": "is a program for CDK, from which readers move away",
    "text": "is a picture, or what a program prints",
    "{eval-rst}": "`make docs` reads it",
}
"""Languages that are not checked, and why."""

UNCHECKED_BLOCKS: dict[tuple[str, str], str] = {}
"""Single blocks that are not checked, by page and first line, and why."""


@dataclass(frozen=True)
class Block:
    """A code block.

    Attributes:
        page: path of the page in the repository.
        line: where the block begins, from 1.
        language: what follows the fence.
        text: the code.
    """

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def key(self) -> tuple[str, str]:
        """What :data:`UNCHECKED_BLOCKS` calls the block."""
        return self.page, self.text.partition("\n")[0]

    @property
    def is_workflow(self) -> bool:
        """Whether this is a whole workflow of GitHub Actions."""
        return self.language == "yaml" and "\njobs:" in self.text and "\non:" in f"\n{self.text}"


def pages() -> list[Path]:
    """All pages of the repository; a new one is found without being listed. The changelog is history."""
    folders = (page for folder in _FOLDERS for page in (REPOSITORY / folder).rglob("*.md"))
    names = {page: page.relative_to(REPOSITORY) for page in (*REPOSITORY.glob("*.md"), *folders)}
    hidden = {page for page, name in names.items() if any(part.startswith(".") for part in name.parts)}
    return sorted(names.keys() - hidden - {REPOSITORY / "CHANGELOG.md"})


def blocks(*languages: str) -> list[Block]:
    """The blocks of all pages in these languages, or in all, without those that cannot be checked."""
    found = [block for page in pages() for block in blocks_of(page)]
    return [
        block for block in found if (not languages or block.language in languages) and block.key not in UNCHECKED_BLOCKS
    ]


def blocks_of(page: Path) -> Iterator[Block]:
    """All blocks of one page."""
    name = page.relative_to(REPOSITORY).as_posix()
    for token in MarkdownIt().parse(page.read_text("utf-8")):
        if token.type == "fence":
            line = token.map[0] + 1 if token.map else 0
            yield Block(name, line, token.info.strip(), token.content)


def commands_in_text() -> Iterator[tuple[str, str]]:
    """Page and content of each piece of code in a sentence."""
    for page in pages():
        for token in MarkdownIt().enable("table").parse(page.read_text("utf-8")):
            for child in token.children or ():
                if child.type == "code_inline":
                    yield page.relative_to(REPOSITORY).as_posix(), child.content


def write_workflows(folder: Path) -> None:
    """Write each workflow in a page to a file of its own, for actionlint."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yml"):
        old.unlink()
    for block in blocks("yaml"):
        if block.is_workflow:
            (folder / f"{block.page.replace('/', '-')}-{block.line}.yml").write_text(block.text, "utf-8")


if __name__ == "__main__":
    write_workflows(Path(sys.argv[1]))
