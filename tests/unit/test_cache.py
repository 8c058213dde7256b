"""Where the cache is, by the rules of the platform."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_cache_path

from pulumi_poetry_layer.cache import cache_root


@pytest.fixture(autouse=True)
def no_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own cache folder is named by the variable; here the platform's is looked for."""
    monkeypatch.delenv("PULUMI_POETRY_LAYER_CACHE_DIR")


@pytest.mark.parametrize("home", [None, "", "relative", "/home/somebody"])
@pytest.mark.parametrize("configured", [None, "", "relative", "/elsewhere/cache"])
def test_the_platforms_folder_is_the_one_that_platformdirs_knows(
    configured: str | None, home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything would be downloaded again after an upgrade, and the old cache would stay for good."""
    for name, value in (("XDG_CACHE_HOME", configured), ("HOME", home)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    assert cache_root() == user_cache_path("pulumi-poetry-layer", appauthor=False)


def test_a_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CI runner could not keep the cache where it saves files between runs."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", "~/kept")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert cache_root() == tmp_path / "kept"
