"""Where this package keeps what can be had again: one folder in the user's cache, shared by all projects."""

from __future__ import annotations

import os
from pathlib import Path

ENVIRONMENT_VARIABLE = "PULUMI_POETRY_LAYER_CACHE_DIR"


def cache_folder(name: str) -> Path:
    """A folder of that name in this package's cache; it may not exist yet."""
    configured = os.environ.get(ENVIRONMENT_VARIABLE)
    if configured:
        return Path(configured).expanduser().absolute() / name
    from platformdirs import user_cache_path

    return user_cache_path("pulumi-poetry-layer", appauthor=False) / name
