"""Which files of a folder are content, and which are caches, environments, build output or editor files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_IGNORED_FOLDERS = re.compile(
    r"__pycache__|\.venv|\.git|\.hg|\.svn|\.(mypy|pytest|ruff)_cache|\.hypothesis|\.tox|\.nox|\.idea|\.vscode"
    r"|\.poetry-layer|node_modules|.*\.egg-info"
)
_IGNORED_FILES = re.compile(r"\.git|\.coverage|\.DS_Store|.*(\.py[cod]|~|\.sw[a-p])|\.?#.*")
_OUTPUT_FOLDERS = frozenset({"build", "dist", "venv"})
"""Ignored at the root of the dependency only. Further down, a Python package may have this name."""


def is_kept(name: str) -> bool:
    """Whether a file is neither a cache nor an editor file."""
    *folders, file = name.split("/")
    return not any(map(_IGNORED_FOLDERS.fullmatch, folders)) and not _IGNORED_FILES.fullmatch(file)


def all_files(folder: Path) -> Iterator[Path]:
    """All files of a folder that are content. Links are followed."""
    for parent, folders, names in os.walk(folder, followlinks=True):
        outputs = _OUTPUT_FOLDERS if Path(parent) == folder else frozenset()
        folders[:] = [
            name
            for name in folders
            if name not in outputs and not _IGNORED_FOLDERS.fullmatch(name) and not _is_loop(Path(parent, name))
        ]
        for name in names:
            path = Path(parent, name)
            if not _IGNORED_FILES.fullmatch(name) and path.is_file():
                yield path


def _is_loop(folder: Path) -> bool:
    """Whether a folder is a link to one of its own parents."""
    return folder.is_symlink() and folder.resolve() in (folder.parent.resolve(), *folder.parent.resolve().parents)
