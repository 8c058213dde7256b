"""What of this host the contestants need."""

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
        SystemExit: there is none.
    """
    found = findpython.find(*map(int, runtime.removeprefix("python").split(".")))
    if found is None:
        raise SystemExit(f"benchmarks: needs {runtime}: pip and poetry install for the Python they run on")
    return Path(found.executable)


def tool_variables() -> dict[str, str]:
    """Variables for tools that reach for PyPI, or for the mirror that is to be used instead."""
    if shutil.which("poetry") is None or shutil.which("zip") is None:
        raise SystemExit("benchmarks: needs poetry and zip on PATH; `make bench` has them")
    # Behind some proxies PyPI has the simple API only; Poetry needs its mirror plugin to install anything from there.
    mirror = os.environ.get(MIRROR_VARIABLE) or PYPI_SIMPLE_ENDPOINT
    return {"PIP_INDEX_URL": mirror, "UV_DEFAULT_INDEX": mirror, MIRROR_VARIABLE: mirror}
