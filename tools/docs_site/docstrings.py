"""Docstrings on the site: names of pages become links, and private arguments are left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

_PAGE = re.compile(r"\bdocs/(?P<page>[\w/-]+)\.md\b")
_PRIVATE_ARGUMENT = re.compile(r", _\w+=[^,)]*")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect this extension."""
    app.connect("autodoc-process-docstring", _link_pages, priority=900)  # after napoleon
    app.connect("autodoc-process-signature", _leave_out_private_arguments)
    return {"version": "1", "parallel_read_safe": True}


def _link_pages(_app: Sphinx, _what: str, _name: str, _thing: object, _options: object, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        # Python's names may end in an underscore, as aws.lambda_ does; in a type of an attribute that would be a link.
        unlinked = line.replace("lambda_.", r"lambda\_.") if line.startswith(":vartype ") else line
        lines[number] = _PAGE.sub(r":doc:`/\g<page>`", unlinked)


def _leave_out_private_arguments(
    _app: Sphinx, _what: str, _name: str, _thing: object, _options: object, signature: str | None, result: str | None
) -> tuple[str | None, str | None]:
    return signature and _PRIVATE_ARGUMENT.sub("", signature), result
