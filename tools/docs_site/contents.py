"""The tables of contents of the site, from the lists of links in docs/index.md.

Sphinx wants toctrees. In a page that is also read on GitHub these would be blocks of file names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

_PART = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!## ).*\n?)*)", re.MULTILINE)
_ENTRY = re.compile(r"^- \[[^]]+\]\((?P<page>[^)#:]+)\.md\)", re.MULTILINE)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect this extension."""
    app.connect("source-read", _add_contents)
    return {"version": "1", "parallel_read_safe": True}


def _add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Add a toctree for each part of the first page."""
    if page == app.config.root_doc:
        source[0] += "".join(toctrees(source[0]))


def toctrees(text: str) -> Iterator[str]:
    """A toctree for each second-level heading with a list of links to pages; pages of other folders are left out."""
    for part in _PART.finditer(text):
        pages = [entry["page"] for entry in _ENTRY.finditer(part["text"]) if not entry["page"].startswith("..")]
        if pages:
            yield "\n".join(["", "```{toctree}", ":hidden:", f":caption: {part['title']}", "", *pages, "```", ""])
