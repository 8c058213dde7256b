"""Finds Python interpreters on this host."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import findpython
import pytest


def find_python(runtime: str) -> Path | None:
    """A Python of the runtime's version: the running one, or one that findpython finds; None if there is none."""
    if runtime == "python{}.{}".format(*sys.version_info[:2]):
        return Path(sys.executable)
    found = findpython.find(*map(int, runtime.removeprefix("python").split(".")))
    return Path(found.executable) if found else None


def require_python(runtime: str) -> Path:
    """A Python of the runtime's version. If there is none, the test fails in CI and is skipped elsewhere."""
    python = find_python(runtime)
    if python is None:
        give_up(f"no {runtime} on this host")
    return python


def give_up(reason: str) -> NoReturn:
    """Fail the test in CI, skip it elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (tests must not be skipped in CI)")
    pytest.skip(reason)
