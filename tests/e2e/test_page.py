"""The page of ``inspect --html`` in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_selenium_python import Axe
from samples.elf import elf
from samples.layers import installed, write_zip
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.color import Color
from selenium.webdriver.support.wait import WebDriverWait

from pulumi_poetry_layer.cli import main

from .harness.browser import Browser, browser

pytestmark = pytest.mark.xdist_group("browser")

NUMBERS = installed(
    "numbers",
    {
        "numbers/__init__.py": b"a = 1\n" * 500,
        "numbers/core/big.cpython-312-x86_64-linux-gnu.so": elf("x86_64") * 40,
        "numbers/core/small.py": b"b = 2\n" * 1500,
        "numbers/tests/test_big.py": b"assert True\n" * 900,
    },
    version="2.0",
)
WEB = installed("web", {"web/__init__.py": b"pass\n" * 1200, "web/page.py": b"pass\n" * 900})
OLD_NUMBERS = installed("numbers", {"numbers/__init__.py": b"a = 1\n" * 500, "numbers/gone.py": b"x" * 9000})
GONE = installed("gone", {"gone.py": b"pass\n" * 2000})
HOSTILE = "<img src=x onerror=alert(1)><svg onload=alert(2)>javascript:alert(3)\u202e"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``layer.html`` of a layer, and ``both.html`` of two."""
    folder = tmp_path_factory.mktemp("pages")
    new = write_zip(folder / "layer.zip", NUMBERS, WEB, {"python/loose.py": b"1" * 3000})
    old = write_zip(folder / "old.zip", OLD_NUMBERS, WEB, GONE)
    assert main(["inspect", str(new), "--html", str(folder / "layer.html"), "-q"]) == 0
    assert main(["inspect", str(old), str(new), "--html", str(folder / "both.html"), "-q"]) == 0
    return folder


def background(page: Browser) -> tuple[int, ...]:
    """The color of the page's background: red, green, blue."""
    color = Color.from_string(page.find("body").value_of_css_property("background-color"))
    return tuple(int(color.hex[at : at + 2], 16) for at in (1, 3, 5))


def press(page: Browser, *keys: str) -> None:
    """Press keys, wherever the focus is."""
    ActionChains(page.chrome).send_keys(*keys).perform()


def test_open_page_shows_the_packages_and_asks_for_nothing(chromium: Browser, pages: Path) -> None:
    """The page must work offline, and must not say who looks at which layer."""
    chromium.open(pages / "layer.html")

    assert chromium.find("h1").text == "layer.zip"
    assert "for python3.12 on x86_64" in chromium.find("#summary").text
    assert {"numbers 2.0", "web 1.0"} <= set(chromium.texts("#table td:first-child"))
    assert chromium.cell("numbers 2.0/numbers/core").size["width"] > 30
    assert any("tests: numbers 2.0" in line for line in chromium.texts("#doubts li"))
    assert chromium.problems() == []
    assert chromium.requests() == [(pages / "layer.html").as_uri()]


def test_areas_are_the_sizes(chromium: Browser, pages: Path) -> None:
    """The picture would lie."""
    chromium.open(pages / "layer.html")
    sizes = {}
    for name, data in (("big.cpython-312-x86_64-linux-gnu.so", elf("x86_64") * 40), ("small.py", b"b = 2\n" * 1500)):
        size = chromium.cell(f"numbers 2.0/numbers/core/{name}").size
        sizes[name] = size["width"] * size["height"] / len(data)
    assert min(sizes.values()) / max(sizes.values()) > 0.8

    native = chromium.cell("numbers 2.0/numbers/core").size
    chromium.find("input[name=measure][value='1']").click()
    assert chromium.cell("web 1.0").size != native
    assert chromium.find("input[name=measure][value='1']").is_selected()


def test_go_in_and_back_with_the_mouse(chromium: Browser, pages: Path) -> None:
    """Someone who has looked into a package could not return."""
    chromium.open(pages / "layer.html")
    chromium.click("numbers 2.0/numbers/core")
    chromium.wait_for_place("numbers 2.0", "numbers", "core")
    assert chromium.texts("#table td:first-child") == ["big.cpython-312-x86_64-linux-gnu.so", "small.py"]

    chromium.chrome.back()
    chromium.wait_for_place()
    chromium.chrome.forward()
    chromium.wait_for_place("numbers 2.0", "numbers", "core")
    chromium.find("#path li:nth-child(2) button").click()
    chromium.wait_for_place("numbers 2.0")
    chromium.find("#up").click()
    chromium.wait_for_place()
    assert not chromium.find("#up").is_enabled()
    chromium.find("#table td button").click()
    chromium.wait_for_place("numbers 2.0")


def test_address_leads_to_a_folder(chromium: Browser, pages: Path) -> None:
    """A link in a review would lead to the start."""
    chromium.open(f"{(pages / 'layer.html').as_uri()}#web%201.0/web")
    chromium.wait_for_place("web 1.0", "web")
    chromium.open(f"{(pages / 'layer.html').as_uri()}#gone/%E0")
    chromium.wait_for_place()
    assert chromium.problems() == []


def test_keyboard_alone(chromium: Browser, pages: Path) -> None:
    """Not everyone can use a mouse."""
    chromium.open(pages / "layer.html")
    chromium.run("document.querySelector('#map button').focus()")
    first = chromium.run("return document.activeElement.ariaLabel")
    press(chromium, Keys.ARROW_RIGHT)
    press(chromium, Keys.ARROW_DOWN)
    assert chromium.run("return document.activeElement.ariaLabel") != first
    assert chromium.run("return document.querySelectorAll('#map button[tabindex=\"0\"]').length") == 1
    assert chromium.find("#status").text

    chromium.run("arguments[0].focus()", chromium.cell("web 1.0"))
    press(chromium, Keys.ENTER)
    chromium.wait_for_place("web 1.0")
    assert chromium.run("return document.activeElement.closest('#map') !== null")
    press(chromium, Keys.ESCAPE)
    chromium.wait_for_place()
    assert chromium.run("return document.activeElement.ariaLabel").startswith("web 1.0: ")
    press(chromium, Keys.ENTER)
    chromium.wait_for_place("web 1.0")
    press(chromium, Keys.BACKSPACE)
    chromium.wait_for_place()


def test_search(chromium: Browser, pages: Path) -> None:
    """In a layer of thousands of files, nobody finds one by looking."""
    chromium.open(pages / "layer.html")
    press(chromium, "/")
    press(chromium, "BIG.CP")
    assert chromium.texts("#table td:first-child") == ["numbers 2.0/numbers/core/big.cpython-312-x86_64-linux-gnu.so"]
    assert "dim" in chromium.classes("web 1.0")
    assert "dim" not in chromium.classes("numbers 2.0")
    press(chromium, Keys.ENTER)
    chromium.wait_for_place("numbers 2.0", "numbers", "core")

    press(chromium, Keys.ESCAPE)
    assert chromium.find("#search").get_attribute("value") == ""
    assert chromium.run("return document.querySelectorAll('.dim').length") == 0
    chromium.find("#search").send_keys("core/SMALL")
    assert chromium.texts("#table td:first-child") == ["numbers 2.0/numbers/core/small.py"]
    chromium.find("#search").clear()
    chromium.find("#search").send_keys("no such file")
    assert chromium.find("#status").text == "0 found"


def test_hover_says_what_a_rectangle_is(chromium: Browser, pages: Path) -> None:
    """Small rectangles have no name in them."""
    chromium.open(pages / "layer.html")
    assert not chromium.find("#tip").is_displayed()
    ActionChains(chromium.chrome).move_to_element(chromium.cell("numbers 2.0/numbers/core/small.py")).perform()
    text = chromium.find("#tip").text
    assert text.startswith("numbers 2.0/numbers/core/small.py\n8.8 KiB unzipped\n")
    ActionChains(chromium.chrome).move_to_element(chromium.find("h1")).perform()
    assert not chromium.find("#tip").is_displayed()


@pytest.mark.parametrize("dark", [False, True])
def test_dark_mode_of_the_system_and_the_switch(chromium: Browser, pages: Path, dark: bool) -> None:
    """A white page at night hurts."""
    chromium.open(pages / "layer.html", dark=dark)
    assert (max(background(chromium)) < 64) == dark
    assert chromium.find("#theme").get_attribute("aria-pressed") == str(dark).lower()
    chromium.find("#theme").click()
    assert (max(background(chromium)) < 64) != dark
    assert chromium.find("#theme").get_attribute("aria-pressed") == str(not dark).lower()


def test_two_layers_show_what_grew(chromium: Browser, pages: Path) -> None:
    """A reviewer wants to know why a layer has become larger."""
    chromium.open(pages / "both.html")
    classes = {
        name: chromium.classes(name)[0]
        for name in ("web 1.0", "gone 1.0", "numbers 1.0 → 2.0", "files without a distribution")
    }
    assert classes == {
        "web 1.0": "same",
        "gone 1.0": "removed",
        "numbers 1.0 → 2.0": "grown",
        "files without a distribution": "added",
    }
    rows = [row.text for row in chromium.chrome.find_elements("css selector", "tbody tr")]
    assert any("gone 1.0" in row and "\N{MINUS SIGN}" in row and "removed" in row for row in rows)
    chromium.find("input[name=area][value=change]").click()
    labels = chromium.run("return [...document.querySelectorAll('#map button')].map((button) => button.ariaLabel)")
    assert not [label for label in labels if label.startswith("web 1.0")]
    assert chromium.problems() == []


@pytest.mark.parametrize("name", ["layer.html", "both.html"])
def test_narrow_page_does_not_scroll_sideways(chromium: Browser, pages: Path, name: str) -> None:
    """On a telephone, half of the page would be hidden."""
    chromium.open(pages / name, width=360, height=740)
    assert chromium.run("return document.documentElement.scrollWidth") <= 360
    assert chromium.run("return document.querySelector('#map').clientWidth") > 300


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["layer.html", "both.html"])
def test_axe_finds_no_barrier(chromium: Browser, pages: Path, name: str, dark: bool) -> None:
    """Someone who uses a screen reader, or who sees little contrast, could not use the page."""
    chromium.open(pages / name, dark=dark)
    axe = Axe(chromium.chrome)
    axe.inject()
    found = axe.run(options={"runOnly": ["wcag2a", "wcag2aa", "best-practice"]})["violations"]
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]][:3]) for rule in found] == []


def test_hostile_names_are_shown_as_text(chromium: Browser, tmp_path: Path) -> None:
    """A zip of a stranger would run its code in the browser."""
    zip_file = write_zip(tmp_path / f"{HOSTILE}.zip".replace("/", ""), {f"python/{HOSTILE}/{HOSTILE}.py": b"1" * 500})
    assert main(["inspect", str(zip_file), "--html", str(tmp_path / "page.html"), "-q"]) == 0
    chromium.open(tmp_path / "page.html")
    assert chromium.run("return document.querySelectorAll('img, svg, iframe, object').length") == 0
    assert chromium.find("h1").text.startswith("<img src=x onerror=alert(1)>")
    chromium.click(f"files without a distribution/{HOSTILE[:-1]}\\u202e")
    assert [text for text in chromium.texts("#table td:first-child") if text.startswith("<img src=x")]
    chromium.find("#search").send_keys("<img")
    assert chromium.problems() == []
    assert chromium.requests() == [(tmp_path / "page.html").as_uri()]


class _Recorder(BaseHTTPRequestHandler):
    """Serves one page, and records what is asked for."""

    page = b""
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        """Answer a request."""
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def test_policy_of_the_page_stops_requests_and_foreign_code(chromium: Browser, pages: Path) -> None:
    """If there were a hole in the page, a name in a zip could still send nothing anywhere."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Recorder) as server:
        _Recorder.page, _Recorder.asked = (pages / "layer.html").read_bytes(), []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        chromium.open(f"{address}/layer.html")
        chromium.run(
            """
            window.ran = false;
            document.body.append(Object.assign(document.createElement("img"), {src: "/image"}));
            document.body.append(Object.assign(document.createElement("script"), {textContent: "window.ran = true"}));
            document.body.append(Object.assign(document.createElement("script"), {src: "/script"}));
            document.body.append(Object.assign(document.createElement("iframe"), {src: "/frame"}));
            const form = Object.assign(document.createElement("form"), {action: "/form"});
            document.body.append(form);
            form.submit();
            fetch("/fetch").catch(() => document.body.append("fetch was refused"));
            """
        )
        WebDriverWait(chromium.chrome, 10).until(lambda _: "fetch was refused" in chromium.find("body").text)
        server.shutdown()
    assert chromium.run("return window.ran") is False
    assert _Recorder.asked == ["/layer.html"]
    assert len(chromium.problems()) >= 5


def test_layer_with_many_files_opens_at_once(chromium: Browser, tmp_path: Path) -> None:
    """A page that takes long is closed again."""
    files = {f"many{n % 30}/part{n % 7}/file{n}.py": b"x" * (n % 5000) for n in range(10_000)}
    zip_file = write_zip(tmp_path / "layer.zip", installed("many", files))
    assert main(["inspect", str(zip_file), "--html", str(tmp_path / "page.html"), "-q"]) == 0
    chromium.open(tmp_path / "page.html")
    milliseconds = chromium.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert 0 < milliseconds < 3000
    chromium.find("#search").send_keys("file99")
    assert len(chromium.texts("#table td:first-child")) == 111
