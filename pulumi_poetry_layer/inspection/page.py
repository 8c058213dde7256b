"""The page that shows a layer, or what changed from one to another, in a browser. Pure.

The page is one file and loads nothing, so it works offline. Names in a zip are not trusted: they are data in the page,
never markup or code, and its Content-Security-Policy allows exactly its own script and style, and no request.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_poetry_layer.inspection.doubts import describe_doubts
from pulumi_poetry_layer.inspection.file_tree import build_tree, tree_document
from pulumi_poetry_layer.inspection.fits import describe_fits
from pulumi_poetry_layer.printable import printable_line
from pulumi_poetry_layer.size.limits import DIRECT_UPLOAD_LIMIT, UNZIPPED_LIMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_poetry_layer.inspection.contents import LayerContents
    from pulumi_poetry_layer.inspection.doubts import Doubt
    from pulumi_poetry_layer.inspection.fits import Fit

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_FOR_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_LONGEST_TEXT = 1000  # characters of a line
_MOST_LINES = 40


class PageLayer(NamedTuple):
    """What the page says about a layer.

    Attributes:
        name: the file name of the zip.
        sha256: the digest of the zip.
        size: bytes of the zip.
        contents: its files.
        fits: the runtimes and architectures that it is for.
        doubts: what is doubtful in it.
    """

    name: str
    sha256: str
    size: int
    contents: LayerContents
    fits: Sequence[Fit]
    doubts: Sequence[Doubt]


def page_of(new: PageLayer, old: PageLayer | None = None) -> str:
    """The page, as HTML. The same zips under the same names give the same page.

    Args:
        new: the layer.
        old: the layer to compare with.
    """
    title = printable_line(f"{old.name} → {new.name}" if old else new.name)[:_LONGEST_TEXT]
    document = {
        "new": _summary(new),
        "old": old and _summary(old),
        "limits": {"unzipped": UNZIPPED_LIMIT, "zipped": DIRECT_UPLOAD_LIMIT},
        "doubts": [printable_line(line)[:_LONGEST_TEXT] for line in describe_doubts(new.doubts)][:_MOST_LINES],
        **tree_document(build_tree(new.contents, old and old.contents), compares=old is not None),
    }
    style, script = _part("page.css"), _script()
    return _filled(
        _part("page.html"),
        title=escape(title),
        policy=f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; "
        "base-uri 'none'; form-action 'none'",
        style=style,
        data=_json(document),
        script=script,
    )


def _summary(layer: PageLayer) -> dict[str, Any]:
    return {
        "name": printable_line(layer.name)[:_LONGEST_TEXT],
        "sha256": layer.sha256,
        "zip": layer.size,
        "targets": describe_fits(layer.fits),
    }


def _json(document: dict[str, Any]) -> str:
    """JSON that is safe in a script element: it cannot end the element."""
    return json.dumps(document, separators=(",", ":")).translate(_FOR_SCRIPT)


@cache
def _part(name: str) -> str:
    return (files("pulumi_poetry_layer.inspection") / "page_parts" / name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    """The layout library with its license, which must be in each copy, and the script of the page."""
    return f"/*\n{_part('d3-hierarchy.LICENSE')}*/\n{_part('d3-hierarchy.min.js')}\n{_part('page.js')}"


def _source(text: str) -> str:
    """The source of the Content-Security-Policy that allows exactly this text."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _filled(template: str, **values: str) -> str:
    """The template with its places filled. What is filled in is not looked at again."""
    return _PLACE.sub(lambda match: values[match[1]], template)
