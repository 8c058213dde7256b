"""Links between pages, and to files of the repository, lead to something. ``make check-links`` checks the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from docs_site.code_blocks import REPOSITORY, pages
from markdown_it import MarkdownIt
from markdown_it.token import Token

HOST = re.compile(r"https://(?:github\.com|raw\.githubusercontent\.com)/pulumi-poetry-layer/pulumi-poetry-layer/")
IN_REPOSITORY = re.compile(HOST.pattern + r"(?:(?:blob|tree|raw)/)?main/(?P<path>[^#]*)(?:#(?P<anchor>.*))?")
OTHER_SITE = re.compile(r"[a-z]+:")


@cache
def tokens(page: Path) -> list[Token]:
    """The Markdown of a page."""
    return MarkdownIt().enable("table").parse(page.read_text("utf-8"))


def targets(page: Path) -> Iterator[str]:
    """What a page links to, and its pictures."""
    for token in tokens(page):
        for child in token.children or ():
            address = child.attrGet("href") or child.attrGet("src")
            if address:
                yield str(address)


@cache
def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of the headings of a page."""
    found: list[str] = []
    for before, token in zip(tokens(page), tokens(page)[1:], strict=False):
        if before.type == "heading_open":
            text = "".join(child.content for child in token.children or () if child.type in {"text", "code_inline"})
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return set(found)


def problem(page: Path, target: str) -> str | None:
    """Why a link leads to nothing; None if it is right, or leads to another site."""
    absolute = IN_REPOSITORY.fullmatch(target)
    if absolute:
        path, anchor = REPOSITORY / absolute["path"], absolute["anchor"]
    elif OTHER_SITE.match(target):
        return None
    else:
        name, _, anchor = target.partition("#")
        path = page.parent / unquote(name) if name else page
    if not path.exists():
        return "there is no such file"
    if anchor and path.suffix == ".md" and anchor not in anchors(path.resolve()):
        return "there is no such heading"
    return None


def test_links_in_the_repository_lead_to_something() -> None:
    """Someone who clicks would land on an error page."""
    found = [(page, target) for page in [*pages(), REPOSITORY / "CHANGELOG.md"] for target in targets(page)]
    wrong = [
        f"{page.relative_to(REPOSITORY)}: {target}: {why}" for page, target in found if (why := problem(page, target))
    ]
    assert wrong == []
    assert len(found) > 150


def test_wrong_links_are_found() -> None:
    """Otherwise the test above proves nothing."""
    page = REPOSITORY / "docs" / "index.md"
    host = "https://github.com/pulumi-poetry-layer/pulumi-poetry-layer"
    assert problem(page, "no-such-page.md")
    assert problem(page, "wheels.md#no-such-heading")
    assert problem(page, f"{host}/blob/main/docs/no-such-page.md")
    assert problem(page, f"{host}/blob/main/docs/wheels.md#no-such-heading")
    assert not problem(page, f"{host}/blob/main/docs/wheels.md#the-patch-release-of-python")
    assert not problem(page, f"{host}/issues")
