"""A real browser without a window: Chromium, driven by Selenium."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from .needed import fail_or_skip

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_DRIVER = "chromedriver"
_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
_SECONDS = 10


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser. If there is none, the test fails in CI, and is skipped elsewhere."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which(_DRIVER)
    if program is None or driver is None:
        fail_or_skip("no chromium and chromedriver on PATH; run `make setup` as root on Debian, or install them")
    options = ChromeOptions()
    options.binary_location = program
    for option in _OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield Browser(chrome)
    finally:
        chrome.quit()


class Browser:
    """A browser with one page of ``inspect --html``.

    Attributes:
        chrome: the browser, for what has no method here.
    """

    def __init__(self, chrome: Chrome) -> None:
        self.chrome = chrome

    def open(self, address: Path | str, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Open a file or an address, in a window of this size, on a system that prefers light or dark."""
        self.chrome.get("about:blank")
        self.requests()  # forget those of the page before
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.chrome.get(address.as_uri() if isinstance(address, Path) else address)

    def command(self, name: str, **arguments: object) -> Any:
        """Send a command of the Chrome DevTools Protocol."""
        return self.chrome.execute_cdp_cmd(name, arguments)

    def run(self, script: str, *arguments: object) -> Any:
        """Run JavaScript in the page, and return what it returns."""
        return self.chrome.execute_script(script, *arguments)

    def find(self, selector: str) -> WebElement:
        """The first element that a CSS selector matches."""
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that a CSS selector matches."""
        script = "return [...document.querySelectorAll(arguments[0])].map((element) => element.textContent)"
        return [str(text) for text in self.run(script, selector)]

    def cell(self, path: str) -> WebElement:
        """The rectangle of a package, folder or file, by its path."""
        script = """return [...document.querySelectorAll("#map button")]
            .find((button) => button.ariaLabel.startsWith(arguments[0] + ": "))"""
        found = self.run(script, path)
        assert isinstance(found, WebElement), f"{path} is not in the treemap: {self.run(_CELLS)[:20]}"
        return found

    def click(self, path: str) -> None:
        """Click on the rectangle of a package, folder or file: at its upper edge, where its name is."""
        cell = self.cell(path)
        to_edge = 8 - cell.size["height"] // 2
        ActionChains(self.chrome).move_to_element_with_offset(cell, 0, to_edge).click().perform()

    def classes(self, path: str) -> list[str]:
        """The classes of the rectangle of a package, folder or file."""
        return (self.cell(path).get_attribute("class") or "").split()

    def place(self) -> list[str]:
        """Where the page is: the names from the layer to the open folder."""
        return self.texts("#path button")

    def wait_for_place(self, *names: str) -> None:
        """Wait until the page is at these folders of the layer."""
        WebDriverWait(self.chrome, _SECONDS).until(lambda _: self.place()[1:] == list(names))

    def problems(self) -> list[str]:
        """Errors and warnings in the console of the page."""
        return [str(entry["message"]) for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """The addresses that the page has asked for since the last call."""
        entries = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return [
            entry["params"]["request"]["url"] for entry in entries if entry["method"] == "Network.requestWillBeSent"
        ]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self.chrome.get_log(kind))  # type: ignore[no-untyped-call]


_CELLS = 'return [...document.querySelectorAll("#map button")].map((button) => button.ariaLabel)'
