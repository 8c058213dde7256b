"""Where the cache is, by the rules of the platform."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_cache_path

from pulumi_poetry_layer.host.cache import cache_root


@pytest.fixture(autouse=True)
def no_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own cache folder is named by the variable; here the platform's is looked for."""
    monkeypatch.delenv("PULUMI_POETRY_LAYER_CACHE_DIR")


def test_the_platforms_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache would lie where no backup and no clean-up of the user's expects it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_root() == user_cache_path("pulumi-poetry-layer", appauthor=False)


def test_a_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CI runner could not keep the cache where it saves files between runs."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", "~/kept")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert cache_root() == tmp_path / "kept"
