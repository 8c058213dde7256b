"""The wheel cache: an added wheel is found complete or not at all, by any number of processes."""

from __future__ import annotations

import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from samples.wheels import WheelSample

from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key
from pulumi_poetry_layer.wheels.reader import Wheel, read_wheel

KEY = "sha256:00"


@pytest.fixture
def cache(tmp_path: Path) -> WheelCache:
    """An empty cache."""
    return WheelCache(tmp_path / "cache")


@pytest.fixture
def wheel(tmp_path: Path) -> Wheel:
    """A wheel to add."""
    path = tmp_path / "wheel"
    path.write_bytes(WheelSample().data())
    return read_wheel(path, file_name=WheelSample().file_name)


def test_added_wheel_is_found(tmp_path: Path, cache: WheelCache, wheel: Wheel) -> None:
    """Otherwise every build downloads everything again."""
    assert cache.find(KEY, "app") is None

    cache.add(KEY, wheel)

    found = cache.find(KEY, "app")
    assert found is not None
    assert (found.name, found.version) == ("app", "1.0")
    write_archive([found.segment], tmp_path / "cached.zip")
    write_archive(wheel.members, tmp_path / "fresh.zip")
    with zipfile.ZipFile(tmp_path / "cached.zip") as cached, zipfile.ZipFile(tmp_path / "fresh.zip") as fresh:
        assert {n: cached.read(n) for n in cached.namelist()} == {n: fresh.read(n) for n in fresh.namelist()}


@pytest.mark.parametrize("key", ["sha256:../../x", "/home/me/x", "..", "", "a" * 5000, "a\0b", "\ud800", "C:\\x"])
def test_any_key_is_stored_inside_the_cache(tmp_path: Path, cache: WheelCache, wheel: Wheel, key: str) -> None:
    """A lock file could overwrite or delete files of its user."""
    before = {path for path in tmp_path.rglob("*") if cache.folder not in path.parents}
    cache.add(key, wheel)

    assert cache.find(key, "app") is not None
    (entry,) = (path for path in cache.folder.rglob("*") if path.is_file())
    assert entry.parent.parent == cache.folder
    assert {path for path in tmp_path.rglob("*") if cache.folder not in path.parents} == before | {cache.folder}


def test_damaged_entry_is_removed(tmp_path: Path, cache: WheelCache, wheel: Wheel) -> None:
    """Otherwise every later build fails until the user clears the cache."""
    cache.add(KEY, wheel)
    (entry,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    entry.write_bytes(entry.read_bytes()[:-5])

    assert cache.find(KEY, "app") is None
    assert not entry.exists()


def test_adding_from_many_threads_leaves_one_complete_entry(tmp_path: Path, cache: WheelCache, wheel: Wheel) -> None:
    """Otherwise a build may copy from a half-written entry."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: cache.add(KEY, wheel), range(30)))

    assert cache.find(KEY, "app") is not None
    assert len([path for path in (tmp_path / "cache").rglob("*") if path.is_file()]) == 1


def test_only_one_thread_at_a_time_has_the_lock(cache: WheelCache) -> None:
    """Otherwise builds that start together download the same wheels several times."""
    inside, most = [], []

    def enter(number: int) -> None:
        with cache.lock(KEY, "app 1.0"):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(enter, range(40)))

    assert max(most) == 1


def test_workspace_is_removed_after_use(tmp_path: Path, cache: WheelCache) -> None:
    """Otherwise the cache fills up with temporary files."""
    with cache.workspace() as folder:
        (folder / "file").write_bytes(b"x")

    assert not folder.exists()
    assert folder.is_relative_to(tmp_path / "cache")


def git(commit: str, subdirectory: str | None = None) -> PlannedPackage:
    """A package from git."""
    source = LockedSource(
        type="git", url="https://git.invalid/app", resolved_reference=commit, subdirectory=subdirectory
    )
    return PlannedPackage(name="app", version="1.0", file=None, source=source)


def test_key_depends_on_file_hash_commit_and_subdirectory() -> None:
    """Otherwise two commits, or two packages of one repository, are mistaken for each other."""
    file = PlannedPackage(name="app", version="1.0", file=LockedFile("app-1.0.whl", KEY), source=None)

    assert cache_key(file) == KEY
    limited = [replace(file, build_constraints=(text,)) for text in ("a <1", "a <2")]
    assert len({cache_key(package) for package in (file, *limited)}) == 3
    assert len({cache_key(git("a")), cache_key(git("b")), cache_key(git("a", "x")), cache_key(git("a"))}) == 3
