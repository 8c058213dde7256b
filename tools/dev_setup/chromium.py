"""Provides Chromium and its driver, for the tests of the page of ``inspect --html``."""

from __future__ import annotations

import shutil

from dev_setup.common import apt_install, may_apt
from dev_setup.signs_of_life import say

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The names of the program, the first one that is on PATH is used."""

DRIVER = "chromedriver"


def ensure() -> bool:
    """Install Debian's Chromium if none is on PATH. Return ``False`` if that is not possible here."""
    if any(map(shutil.which, BROWSERS)) and shutil.which(DRIVER):
        return True
    if not may_apt():
        say("no chromium and chromedriver on PATH; install them to run the tests of the page of inspect --html")
        return False
    apt_install("chromium", "chromium-driver", "fonts-dejavu-core")
    return True
