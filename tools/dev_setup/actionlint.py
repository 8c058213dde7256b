"""actionlint, which checks GitHub's workflows, built from its Go module."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dev_setup import go
from dev_setup.common import REPOSITORY, SetupError, appearing_whole, cache_folder, say

_MODULES = REPOSITORY / "tools" / "actionlint"
_MODULE = "github.com/rhysd/actionlint"


def ensure() -> None:
    """Have actionlint. Where it cannot be built, CI fails and a contributor goes on without it.

    Raises:
        SetupError: In CI, when it cannot be built.
    """
    if executable_folder() is not None:
        return
    say(f"building actionlint {_version()} from its Go module")
    try:
        with appearing_whole(_folder()) as building:
            go.build(_MODULES, f"{_MODULE}/cmd/actionlint", building / "actionlint")
    except SetupError as error:
        if os.environ.get("CI"):
            raise
        say(f"going on without actionlint, which checks the workflows: {error}")


def executable_folder() -> Path | None:
    """Return the folder to put on PATH, or ``None`` when actionlint is not installed."""
    return _folder() if os.access(_folder() / "actionlint", os.X_OK) else None


def _folder() -> Path:
    return cache_folder() / f"actionlint-{_version()}"


def _version() -> str:
    """Return the version that go.mod pins, so that it is written in one place."""
    text = (_MODULES / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"{_MODULE} v(\S+)", text)
    if found is None:
        raise SetupError(f"tools/actionlint/go.mod: no version of {_MODULE}")
    return found.group(1)
