"""What the contestants need from this host: a Python, and environment variables for the index."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import findpython
from pypi_simple import PYPI_SIMPLE_ENDPOINT

MIRROR_VARIABLE = "POETRY_PYPI_MIRROR_URL"


def find_python(runtime: str) -> Path:
    """A Python of the runtime's version.

    Raises:
        SystemExit: this host has none.
    """
    found = findpython.find(*map(int, runtime.removeprefix("python").split(".")))
    if found is None:
        raise SystemExit(f"benchmarks: install {runtime}: pip and poetry install for the Python that they run on")
    return Path(found.executable)


def tool_variables() -> dict[str, str]:
    """Environment variables that make the tools use the mirror of PyPI, or PyPI if there is no mirror.

    Raises:
        SystemExit: Poetry or ``zip`` is missing.
    """
    if shutil.which("poetry") is None or shutil.which("zip") is None:
        raise SystemExit("benchmarks: poetry and zip must be on PATH: run `make bench`")
    # Some proxies allow only the simple API of PyPI. Poetry then needs its mirror plugin.
    mirror = os.environ.get(MIRROR_VARIABLE) or PYPI_SIMPLE_ENDPOINT
    return {"PIP_INDEX_URL": mirror, "UV_DEFAULT_INDEX": mirror, MIRROR_VARIABLE: mirror}
