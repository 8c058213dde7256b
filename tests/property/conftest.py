"""How hypothesis runs here: without a clock, and in CI always with the same examples."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("here", deadline=None, max_examples=50, derandomize=bool(os.environ.get("CI")))
settings.load_profile("here")
