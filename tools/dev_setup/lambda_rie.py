"""Builds AWS's runtime interface emulator from its Go module."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dev_setup import go
from dev_setup.common import REPOSITORY, cache_folder, created_atomically
from dev_setup.signs_of_life import say

_MODULES = REPOSITORY / "tools" / "lambda_rie"
_MODULE = "github.com/aws/aws-lambda-runtime-interface-emulator"
_NAME = "aws-lambda-rie"


def ensure() -> None:
    """Build the emulator if it is missing. The file system of a function can only be made on Linux."""
    if sys.platform != "linux" or executable_folder() is not None:
        return
    say(f"building {_NAME} {go.module_version(_MODULES, _MODULE)} from its Go module")
    with created_atomically(_folder()) as building:
        go.build(_MODULES, f"{_MODULE}/cmd/{_NAME}", building / _NAME)


def executable_folder() -> Path | None:
    """Return the folder to put on PATH, or ``None`` if the emulator is not installed."""
    return _folder() if os.access(_folder() / _NAME, os.X_OK) else None


def _folder() -> Path:
    return cache_folder() / f"{_NAME}-{go.module_version(_MODULES, _MODULE)}"
