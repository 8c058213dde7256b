"""Installs Poetry into its own virtual environment, with the plugin for mirrors of PyPI."""

from __future__ import annotations

import shutil
from pathlib import Path

from dev_setup.common import cache_folder, make_venv, pip_install, python_key
from dev_setup.signs_of_life import say

VERSION = "2.5.1"
MIRROR_PLUGIN_VERSION = "0.6.5"


def ensure() -> None:
    """Install Poetry if it is missing."""
    if is_ready():
        return
    folder = _folder()
    say(f"installing Poetry {VERSION} into {folder}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    python = make_venv(folder)
    wanted = [f"poetry=={VERSION}", f"poetry-plugin-pypi-mirror=={MIRROR_PLUGIN_VERSION}"]
    pip_install(python, *wanted)
    _stamp().touch()


def is_ready() -> bool:
    """Whether Poetry is completely installed. A virtual environment cannot be renamed, so a stamp file marks it."""
    return _stamp().is_file() and (executable_folder() / "poetry").exists()


def executable_folder() -> Path:
    """Return the folder to put on PATH."""
    return _folder() / "bin"


def _folder() -> Path:
    return cache_folder() / f"poetry-{VERSION}-mirror-{MIRROR_PLUGIN_VERSION}-{python_key()}"


def _stamp() -> Path:
    return _folder() / ".setup-stamp"
