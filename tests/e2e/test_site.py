"""The documentation site: it is complete, and works in a real browser without a network."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium.webdriver.support.wait import WebDriverWait

import pulumi_poetry_layer
from pulumi_poetry_layer.cli.parser import make_complete_parser

from .harness.browser import Browser, browser

pytestmark = pytest.mark.xdist_group("browser")

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 20


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, as ``make docs`` builds it."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "-n",
            "-q",
            "-d",
            str(folder / "doctrees"),
            "docs",
            str(folder / "html"),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The address of the site: a browser refuses what a search needs if it is opened as files."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    with browser() as found:
        yield found


def pages(address: str) -> list[str]:
    """The addresses of the pages that are made of those in docs/."""
    docs = REPOSITORY / "docs"
    names = [page.relative_to(docs).with_suffix(".html").as_posix() for page in docs.rglob("*.md")]
    return [f"{address}/{name}" for name in sorted(names)]


def search(chromium: Browser, address: str, query: str, *expected: str) -> None:
    """Search the site, and wait until these pages are among the results."""
    chromium.open(f"{address}/search.html?q={query}")
    links = "return [...document.querySelectorAll('#search-results li a')].map((link) => link.href)"
    found: list[str] = []

    def has_all(_: object) -> bool:
        found[:] = chromium.run(links)
        return all(any(page in link for link in found) for page in expected)

    WebDriverWait(chromium.chrome, SECONDS).until(has_all, f"found {found}")


def test_reference_has_all_public_names(site: Path) -> None:
    """Otherwise a class or function is only explained in the code."""
    text = (site / "reference" / "python.html").read_text("utf-8")
    missing = [name for name in pulumi_poetry_layer.__all__ if f'id="pulumi_poetry_layer.{name}"' not in text]
    assert missing == []


def test_reference_has_all_options(site: Path) -> None:
    """Otherwise an option is only explained by ``--help``."""
    text = (site / "reference" / "options.html").read_text("utf-8")
    for name, command in make_complete_parser().commands.items():
        for option in command.long_options:
            assert f'id="pulumi-poetry-layer-{name}---{option.removeprefix("--")}"' in text, f"{name} {option}"


def test_pages_ask_for_nothing_outside_and_have_no_errors(chromium: Browser, address: str) -> None:
    """The site must not tell other hosts who reads what, and must work in a network that reaches none."""
    for page in pages(address):
        chromium.open(page)
        assert chromium.problems() == [], page
        assert [asked for asked in chromium.requests() if not asked.startswith((f"{address}/", "data:"))] == [], page
    assert len(pages(address)) > 18


def test_narrow_pages_do_not_scroll_sideways(chromium: Browser, address: str) -> None:
    """On a telephone, half of the page would be hidden; wide tables and code scroll on their own."""
    wide = []
    for page in pages(address):
        chromium.open(page, width=360, height=740)
        if chromium.run("return document.documentElement.scrollWidth") > 360:
            wide.append(page)
    assert wide == []


def test_search_finds_an_argument(chromium: Browser, address: str) -> None:
    """Most readers search for the name of an argument."""
    search(chromium, address, "exclude_runtime", "reference/python.html", "/arguments.html")
    assert chromium.problems() == []


def test_search_finds_a_message(chromium: Browser, address: str) -> None:
    """Someone with an error has its words, and nothing else."""
    search(chromium, address, "content-hash+differs", "/error-messages.html")


def test_dark_system_gets_dark_pages(chromium: Browser, address: str) -> None:
    """A white page at night hurts."""
    shades = []
    for dark in (False, True):
        chromium.open(f"{address}/index.html", dark=dark)
        color = chromium.run("return getComputedStyle(document.body).backgroundColor")
        shades.append(sum(int(part) for part in color.strip("rgba()").split(",")[:3]))
    assert shades[0] > 700
    assert shades[1] < 150
