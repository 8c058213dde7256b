"""Builds actionlint, which checks GitHub workflows, from its Go module."""

from __future__ import annotations

import os
from pathlib import Path

from dev_setup import go
from dev_setup.common import REPOSITORY, SetupError, cache_folder, created_atomically
from dev_setup.signs_of_life import say

_MODULES = REPOSITORY / "tools" / "actionlint"
_MODULE = "github.com/rhysd/actionlint"


def ensure() -> None:
    """Build actionlint if it is missing. If that fails, a contributor can work without it, but CI cannot.

    Raises:
        SetupError: It cannot be built, and this is CI.
    """
    if executable_folder() is not None:
        return
    say(f"building actionlint {go.module_version(_MODULES, _MODULE)} from its Go module")
    try:
        with created_atomically(_folder()) as building:
            go.build(_MODULES, f"{_MODULE}/cmd/actionlint", building / "actionlint")
    except SetupError as error:
        if os.environ.get("CI"):
            raise
        say(f"continuing without actionlint, so the GitHub workflows are not checked with it: {error}")


def executable_folder() -> Path | None:
    """Return the folder to put on PATH, or ``None`` if actionlint is not installed."""
    return _folder() if os.access(_folder() / "actionlint", os.X_OK) else None


def _folder() -> Path:
    return cache_folder() / f"actionlint-{go.module_version(_MODULES, _MODULE)}"
