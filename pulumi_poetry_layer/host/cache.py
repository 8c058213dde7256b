"""The cache of this package: one folder in the user's cache folder, shared by all projects."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from platformdirs import user_cache_path

ENVIRONMENT_VARIABLE = "PULUMI_POETRY_LAYER_CACHE_DIR"
_NAME = "pulumi-poetry-layer"


def cache_root() -> Path:
    """The folder in ``PULUMI_POETRY_LAYER_CACHE_DIR`` if that is set, else one in the user's cache folder."""
    configured = os.environ.get(ENVIRONMENT_VARIABLE)
    if configured:
        return Path(configured).expanduser().absolute()
    return user_cache_path(_NAME, appauthor=False)


def cache_folder(name: str) -> Path:
    """The folder with this name in the cache. It may not exist yet."""
    return cache_root() / "cache" / name


def cache_size() -> int:
    """Size of all files in the cache, in bytes."""
    return sum(path.lstat().st_size for path in cache_folder("").rglob("*") if path.is_file())


def clear_cache() -> int:
    """Remove everything from the cache, and return its size before that in bytes."""
    size = cache_size()
    shutil.rmtree(cache_folder(""), ignore_errors=True)
    return size
