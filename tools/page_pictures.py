"""Take the pictures of the page of ``inspect --html`` that are in docs/images.

``python tools/page_pictures.py LAYER OLD`` shows one layer zip light, dark and narrow, and what changed from OLD to it.
Needs Chromium and chromedriver (``make setup``).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from pulumi_poetry_layer.layer.inspection import inspect_layer
from pulumi_poetry_layer.layer.layer_page import write_page

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDE, NARROW = (1100, 860), (390, 760)
PICTURES = {
    "inspect-light.png": ("one", WIDE, False, ""),
    "inspect-dark.png": ("one", WIDE, True, ""),
    "inspect-narrow.png": ("one", NARROW, False, ""),
    "inspect-search.png": ("one", WIDE, False, "tests"),
    "inspect-compare.png": ("both", WIDE, False, ""),
}
"""File name → the page, the size of the window, whether it is dark, and what is searched."""


def main() -> None:
    """Take all pictures."""
    new, old = (inspect_layer(Path(name)) for name in sys.argv[1:])
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for option in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(option)
    chrome = Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
    try:
        with tempfile.TemporaryDirectory() as folder:
            write_page(Path(folder) / "one.html", new)
            write_page(Path(folder) / "both.html", new, old)
            for name, (page, size, dark, search) in PICTURES.items():
                _take(chrome, Path(folder) / f"{page}.html", size, dark=dark, search=search)
                chrome.save_screenshot(str(IMAGES / name))
                print(f"{name}: {(IMAGES / name).stat().st_size / 1000:.0f} kB")
    finally:
        chrome.quit()


def _take(chrome: Chrome, page: Path, size: tuple[int, int], *, dark: bool, search: str) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    chrome.get(page.as_uri())
    if search:
        chrome.find_element("id", "search").send_keys(search)


if __name__ == "__main__":
    main()
