"""Pythons of several versions on this host."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import findpython
import pytest


def find_python(runtime: str) -> Path | None:
    """A Python of the runtime's version: the running one, or one that findpython knows a place of."""
    if runtime == "python{}.{}".format(*sys.version_info[:2]):
        return Path(sys.executable)
    found = findpython.find(*map(int, runtime.removeprefix("python").split(".")))
    return Path(found.executable) if found else None


def require_python(runtime: str) -> Path:
    """The same; where it is missing the test fails in CI and skips elsewhere."""
    python = find_python(runtime)
    if python is None:
        give_up(f"no {runtime} on this host")
    return python


def give_up(reason: str) -> NoReturn:
    """Fail the test in CI, skip it elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (nothing may skip in CI)")
    pytest.skip(reason)
