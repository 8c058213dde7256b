"""The page as text: nothing in it is markup or code of a zip, it is the same each time, and it allows no request."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from samples.layers import installed, write_zip

from pulumi_poetry_layer.layer.inspection import inspect_layer
from pulumi_poetry_layer.layer.layer_page import write_page

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&{{data}}\u202e"


class Elements(HTMLParser):
    """The elements of a page, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self.texts.append(("", ""))

    def handle_data(self, data: str) -> None:
        if self.texts:
            tag, text = self.texts.pop()
            self.texts.append((tag, text + data))


def page(path: Path, *parts: dict[str, bytes]) -> str:
    """The page of a layer of these files."""
    write_page(path.with_suffix(".html"), inspect_layer(write_zip(path, *parts)))
    return path.with_suffix(".html").read_text(encoding="utf-8")


def test_hostile_names_are_only_data(tmp_path: Path) -> None:
    """A zip of a stranger would run its code in the user's browser."""
    name = HOSTILE.replace("/", "|")
    parts = [installed("demo", {"demo.py": b""}, version=f"1{name}"), {f"python/{HOSTILE}.py": b"1"}]
    plain, hostile = (Elements(page(tmp_path / f"{file}.zip", *parts)) for file in ("plain", name))
    assert [tag for tag, _ in plain.tags] == [tag for tag, _ in hostile.tags]
    (data,) = (text for tag, text in hostile.texts if tag == "script" and text.startswith("{"))
    assert not set("<>&") & set(data)
    assert "alert(1)" in json.dumps(json.loads(data))
    assert "\\\\u202e" in data
    assert "\u202e" not in json.dumps(json.loads(data), ensure_ascii=False)
    assert "{{data}}" in hostile.rawdata + json.loads(data)["new"]["name"]


def test_policy_allows_the_script_and_the_style_and_nothing_else(tmp_path: Path) -> None:
    """A page that loads something does not work offline, and says who looks at which layer."""
    elements = Elements(page(tmp_path / "layer.zip", installed("demo", {"demo.py": b""})))
    is_policy = ("http-equiv", "Content-Security-Policy")
    (policy,) = (attrs["content"] for _, attrs in elements.tags if is_policy in attrs.items())
    style = next(text for tag, text in elements.texts if tag == "style")
    script = [text for tag, text in elements.texts if tag == "script"][-1]
    assert script.endswith("})();\n")
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not [attrs for _, attrs in elements.tags if {"src", "style", "onclick"} & attrs.keys()]
    assert [attrs["href"] for _, attrs in elements.tags if "href" in attrs] == ["#table"]
    assert "Copyright 2010-2026 Mike Bostock\n\nPermission to use" in script, "the license must be in each copy"
    assert not re.search(r"\binnerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function", script)


def test_same_zips_give_the_same_page(tmp_path: Path) -> None:
    """A page that is kept beside the layer would change with each build."""
    files = installed("demo", {"demo.py": b"", "demo/a.py": b"1"})
    pages = set()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        pages.add(page(tmp_path / folder / "layer.zip", dict(reversed(files.items())) if folder == "two" else files))
    assert len({text.partition('"sha256"')[0] for text in pages}) == 1
    assert len({text.partition('"limits"')[2] for text in pages}) == 1


def test_page_of_10000_files_has_less_than_300_kb(tmp_path: Path) -> None:
    """It is the limit that the documentation promises."""
    files = {
        **{f"pkg{n % 50}/mod_{n * 7919 % 10007}/file{n * 104729 % 100003}.py": b"x" * (n % 997) for n in range(5000)},
        **{f"o/__pycache__/name{n * 15485863 % 1000003}.cpython-312.pyc": b"y" * (n % 99) for n in range(5000)},
    }
    new = inspect_layer(write_zip(tmp_path / "new.zip", installed("many", files)))
    old = inspect_layer(write_zip(tmp_path / "old.zip", installed("many", {"a": b""})))
    assert len(new.contents.files) > 10_000
    write_page(tmp_path / "new.html", new)
    write_page(tmp_path / "both.html", new, old)
    assert (tmp_path / "new.html").stat().st_size < 300_000
    assert (tmp_path / "both.html").stat().st_size < 300_000


def test_page_of_two_layers_names_both(tmp_path: Path) -> None:
    """A reader would not know what was compared with what."""
    old, new = (inspect_layer(write_zip(tmp_path / name, installed("a", {}))) for name in ("old.zip", "new.zip"))
    write_page(tmp_path / "page.html", new, old)
    assert "<title>old.zip → new.zip</title>" in (tmp_path / "page.html").read_text(encoding="utf-8")
