"""Tests of the location of the cache folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_cache_path

from pulumi_poetry_layer.host.cache import cache_root


@pytest.fixture(autouse=True)
def no_cache_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset the variable, which has the path of the tests' own cache folder."""
    monkeypatch.delenv("PULUMI_POETRY_LAYER_CACHE_DIR")


def test_cache_is_in_the_cache_folder_of_the_platform_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's tools for backup and clean-up would not recognize the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_root() == user_cache_path("pulumi-poetry-layer", appauthor=False)


def test_cache_is_in_the_folder_of_the_variable_if_it_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CI job could not put the cache into a folder that is kept between runs."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", "~/kept")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert cache_root() == tmp_path / "kept"
