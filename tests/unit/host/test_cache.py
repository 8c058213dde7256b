"""Tests of the location of the cache folder."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.cache import (
    cache_folder,
    cache_root,
    cache_size,
    clear_cache,
    make_cache_folder,
    using_cache,
)


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


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, in a folder of the user."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path / "home"))
    return tmp_path / "home" / "cache"


def add(path: Path, *, size: int = 10, hours: float = 0) -> Path:
    """Write a file into the cache; it was changed some hours ago."""
    make_cache_folder(path.parent)
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - hours * 3600,) * 2)
    return path


def test_new_cache_is_marked_as_a_cache_directory(moved: Path) -> None:
    """Backup programs would copy the cache, and it could not be cleared."""
    add(cache_folder("wheels") / "5" / "entry")

    assert (moved / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert cache_size() == 10


def test_cleared_cache_has_no_files_but_stays_usable(moved: Path) -> None:
    """A full disk could not be cleaned up, or a build that runs at the same time would fail."""
    add(moved / "wheels" / "5" / "entry", size=30)
    add(moved / "digests" / "x.json", size=3)
    link = moved / "wheels" / "link"
    (moved.parent / "mine").mkdir()
    (moved.parent / "mine" / "file").touch()
    link.symlink_to(moved.parent / "mine")

    cleared = clear_cache()

    assert (cleared.folder, cleared.files, cleared.kept) == (moved, 3, 0)
    assert cleared.size >= 33
    assert not link.is_symlink()
    assert (moved.parent / "mine" / "file").exists()
    assert (moved / "wheels" / "5").is_dir()
    assert cache_size() == 0
    assert clear_cache().files == 0


def test_files_of_running_builds_are_kept_until_they_are_old(moved: Path) -> None:
    """`cache clear` would make a build fail that is downloading a wheel."""
    recent = add(moved / "wheels" / "5" / ".adding-1" / "downloaded")
    old = add(moved / "wheels" / "5" / ".adding-2" / "downloaded", hours=2)
    lock = add(moved / "wheels" / "5" / "entry.lock", size=0)

    cleared = clear_cache()

    assert (cleared.files, cleared.kept) == (1, 1)
    assert recent.exists()
    assert lock.exists()
    assert not old.exists()


def test_nothing_is_removed_while_a_build_uses_the_cache(moved: Path) -> None:
    """A build would fail because `cache clear` removes the wheels that it has just found."""
    entry = add(moved / "wheels" / "5" / "entry")
    with using_cache():
        cleared = clear_cache()
    assert (cleared.files, entry.exists()) == (0, True)
    assert cleared.kept >= 1
    (moved / ".in-use-of-a-killed-process").touch()

    assert clear_cache().files == 1
    assert not entry.exists()
    assert not list(moved.glob(".in-use-*"))


def test_folder_with_other_files_is_neither_marked_nor_cleared(moved: Path) -> None:
    """`cache clear` would remove files of the user, because the variable names a folder with a folder `cache` in it."""
    moved.mkdir(parents=True)
    (moved / "mine").touch()
    add(moved / "wheels" / "5" / "entry")

    with pytest.raises(InputError, match=r"has no CACHEDIR\.TAG") as caught:
        clear_cache()

    assert "PULUMI_POETRY_LAYER_CACHE_DIR" in str(caught.value.hint)
    assert (moved / "mine").exists()
    assert (moved / "wheels" / "5" / "entry").exists()


def test_cache_that_another_program_marked_is_not_cleared(moved: Path) -> None:
    """`cache clear` would remove the cache of another program."""
    moved.mkdir(parents=True)
    (moved / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n")

    with pytest.raises(InputError, match="nothing was removed"):
        clear_cache()


def test_cache_in_its_default_folder_needs_no_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that an older release filled could not be cleared."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    entry = cache_folder("wheels") / "4" / "entry"
    entry.parent.mkdir(parents=True)
    entry.write_bytes(b"x")

    assert clear_cache().files == 1
    assert not entry.exists()


def test_clearing_a_cache_that_does_not_exist_removes_nothing(moved: Path) -> None:
    """A script that clears the cache would fail on a new machine."""
    assert (clear_cache().files, cache_size()) == (0, 0)
    assert not moved.exists()
