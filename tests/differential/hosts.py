"""Pythons of several versions on this host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

import pytest


@lru_cache
def find_python(runtime: str) -> Path | None:
    """A Python of the runtime's version: the running one, one on PATH, or one of pyenv's."""
    if runtime == "python{}.{}".format(*sys.version_info[:2]):
        return Path(sys.executable)
    return next((path for path in _candidates(runtime) if _is(path, runtime)), None)


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


def _candidates(runtime: str) -> Iterator[Path]:
    on_path = shutil.which(runtime)
    if on_path:
        yield Path(on_path)
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
        yield from sorted(Path(root).glob(f"versions/{runtime.removeprefix('python')}.*/bin/{runtime}"))


def _is(path: Path, runtime: str) -> bool:
    """Whether it runs: a shim on PATH may stand for a Python that is not switched on."""
    question = "import sys; print('python%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([path, "-I", "-c", question], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.stdout.strip() == runtime
