"""Finds the links of an HTML page, as browsers do. Pure.

https://html.spec.whatwg.org/multipage/parsing.html#tokenization

``html.parser`` needs quadratic time for tags without an end (in releases of Python before mid-2025), and an index could
hold up a build for hours with a page of one megabyte. This module reads each byte of a page a fixed number of times.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = re.compile(rb"<(?:(?P<comment>!--)|(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*)|[!?/])")
_ATTRIBUTE = re.compile(rb"[\s/]*(?:(?P<end>>)|(?P<name>[^\s/>][^\s/>=]*)(?P<equals>\s*=\s*)?)")
_BARE_VALUE = re.compile(rb"[^\s>]*")
_QUOTES = (b'"', b"'")
_TEXT_TAGS = {name: re.compile(rb"</" + name, re.IGNORECASE) for name in (b"script", b"style", b"title", b"textarea")}
"""Tags whose content has no other tags."""

_WANTED = frozenset({b"href", b"name", b"content"})
_LONGEST_TEXT = 2000  # bytes; names of files are shorter


class Link(NamedTuple):
    """A link, or something else in the head of a page that matters.

    Attributes:
        tag: ``a``, ``base`` or ``meta``.
        attributes: the attributes ``href``, ``name`` and ``content`` that it has.
        text: the text of a link without the spaces around it.
    """

    tag: str
    attributes: dict[str, str]
    text: str


class _Tag(NamedTuple):
    name: bytes
    is_end: bool
    attributes: dict[bytes, bytes]
    start: int
    after: int


def links_of(page: bytes, charset: str) -> Iterator[Link]:
    """The links of a page, and its ``base`` and ``meta`` tags, in their order.

    Args:
        page: the page, in an encoding that contains ASCII.
        charset: the name of the encoding.
    """
    link: dict[bytes, bytes] | None = None
    text = bytearray()
    position = 0
    for tag in _tags(page):
        if link is not None and len(text) < _LONGEST_TEXT:
            text += page[position : min(tag.start, position + _LONGEST_TEXT)]
        position = tag.after
        if tag.name == b"a" and link is not None:
            yield _link(b"a", link, bytes(text), charset)
            link = None
        if tag.name == b"a" and not tag.is_end:
            link = tag.attributes
            text.clear()
        elif tag.name in {b"base", b"meta"}:
            yield _link(tag.name, tag.attributes, b"", charset)
    if link is not None:
        yield _link(b"a", link, bytes(text) + page[position : position + _LONGEST_TEXT], charset)


def _link(tag: bytes, attributes: dict[bytes, bytes], text: bytes, charset: str) -> Link:
    decoded = {name.decode(): _decoded(value, charset) for name, value in attributes.items()}
    return Link(tag.decode(), decoded, _decoded(text, charset).strip())


def _decoded(text: bytes, charset: str) -> str:
    decoded = text.decode(charset, "replace")
    try:
        return unescape(decoded)
    except ValueError:  # a character with a number of too many digits
        return decoded


def _tags(page: bytes) -> Iterator[_Tag]:
    position = 0
    while match := _TAG.search(page, position):
        if not match["name"]:
            end = b"-->" if match["comment"] else b">"
            position = page.find(end, match.end()) + len(end)
            if position < len(end):
                return
            continue
        attributes, position = _attributes(page, match.end())
        if position < 0:
            return
        name = match["name"].lower()
        yield _Tag(name, bool(match["end"]), attributes, match.start(), position)
        if name in _TEXT_TAGS and not match["end"]:
            close = _TEXT_TAGS[name].search(page, position)
            if not close:
                return
            position = close.start()


def _attributes(page: bytes, position: int) -> tuple[dict[bytes, bytes], int]:
    """The wanted attributes of a tag, and the position behind the tag; -1 if the tag has no end."""
    attributes: dict[bytes, bytes] = {}
    while match := _ATTRIBUTE.match(page, position):
        position = match.end()
        if match["end"]:
            return attributes, position
        value = b""
        if match["equals"]:
            quote = page[position : position + 1]
            if quote in _QUOTES:
                end = page.find(quote, position + 1)
                if end < 0:
                    break
                value, position = page[position + 1 : end], end + 1
            elif bare := _BARE_VALUE.match(page, position):
                value, position = bare[0], bare.end()
        name = match["name"].lower()
        if name in _WANTED:
            attributes.setdefault(name, value)
    return attributes, -1
