"""The examples, copied as a user copies them."""

from __future__ import annotations

import shutil
from pathlib import Path

from .toolchain import REPOSITORY

EXAMPLES = REPOSITORY / "examples"

_MADE_BY_RUNS = (".poetry-layer", ".venv", "__pycache__", "node_modules", "sdks")


def copy_example(name: str, folder: Path) -> Path:
    """Copy one example to a new folder, without what runs have left in it."""
    return Path(shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns(*_MADE_BY_RUNS)))
