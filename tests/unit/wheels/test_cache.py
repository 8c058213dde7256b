"""The wheel cache: what was added is found whole, by any number of processes, or not at all."""

from __future__ import annotations

import zipfile
from concurrent.futures import ThreadPoolExecutor
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
    """A wheel that was read."""
    path = tmp_path / "wheel"
    path.write_bytes(WheelSample().data())
    return read_wheel(path, file_name=WheelSample().file_name)


def test_a_wheel_that_was_added_is_found(tmp_path: Path, cache: WheelCache, wheel: Wheel) -> None:
    """Every build would download everything again."""
    assert cache.find(KEY, "app") is None

    cache.add(KEY, wheel)

    found = cache.find(KEY, "app")
    assert found is not None
    assert (found.name, found.version, found.machines) == ("app", "1.0", frozenset())
    write_archive([found.segment], tmp_path / "cached.zip")
    write_archive(wheel.members, tmp_path / "fresh.zip")
    with zipfile.ZipFile(tmp_path / "cached.zip") as cached, zipfile.ZipFile(tmp_path / "fresh.zip") as fresh:
        assert {n: cached.read(n) for n in cached.namelist()} == {n: fresh.read(n) for n in fresh.namelist()}


def test_a_damaged_entry_is_dropped(tmp_path: Path, cache: WheelCache, wheel: Wheel) -> None:
    """Every later build would fail until a user clears the cache."""
    cache.add(KEY, wheel)
    (entry,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    entry.write_bytes(entry.read_bytes()[:-5])

    assert cache.find(KEY, "app") is None
    assert not entry.exists()


def test_adding_from_many_threads_leaves_one_whole_entry(tmp_path: Path, cache: WheelCache, wheel: Wheel) -> None:
    """A build would copy from a half-written entry."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: cache.add(KEY, wheel), range(30)))

    assert cache.find(KEY, "app") is not None
    assert len([path for path in (tmp_path / "cache").rglob("*") if path.is_file()]) == 1


def test_a_lock_is_held_by_one_at_a_time(cache: WheelCache) -> None:
    """Builds that start together would each download the same wheels."""
    inside, most = [], []

    def enter(number: int) -> None:
        with cache.lock(KEY):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(enter, range(40)))

    assert max(most) == 1


def test_a_workspace_is_gone_afterwards(tmp_path: Path, cache: WheelCache) -> None:
    """The cache would fill with leftovers."""
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


def test_a_wheel_is_cached_under_what_decides_its_bytes() -> None:
    """Two commits, or two packages of one repository, would be mistaken for each other."""
    file = PlannedPackage(name="app", version="1.0", file=LockedFile("app-1.0.whl", KEY), source=None)

    assert cache_key(file) == KEY
    assert len({cache_key(git("a")), cache_key(git("b")), cache_key(git("a", "x")), cache_key(git("a"))}) == 3
