"""Links from docs/ to other files of the repository: on the site they lead to the repository's host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

_LINK = re.compile(r"\]\((?P<path>(?:\.\./)+[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")
_LOG = logging.getLogger(__name__)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect this extension."""
    app.add_config_value("repository_url", "", "env", str)
    app.connect("source-read", _replace_links)
    return {"version": "1", "parallel_read_safe": True}


def _replace_links(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the links of a page that lead out of docs/, and warn of those to nothing."""
    docs = Path(app.srcdir).resolve()
    folder = docs.joinpath(page).parent

    def replaced(link: re.Match[str]) -> str:
        target = folder.joinpath(link["path"]).resolve()
        if target.is_relative_to(docs):
            return link[0]
        if not target.exists():
            _LOG.warning("there is no %s", link["path"], location=page)
        kind = "tree" if target.is_dir() else "blob"
        path = target.relative_to(docs.parent).as_posix()
        return f"]({app.config.repository_url}/{kind}/main/{path}{link['anchor'] or ''})"

    source[0] = _LINK.sub(replaced, source[0])
