"""Property: whatever happens to the files of the wheel cache, the next build gives the same layer."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from samples.index import Index, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.layer.build import build_planned
from pulumi_poetry_layer.plan.build_plan import BuildPlan, Choice, PlannedPackage
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.locked import LockedFile

SHARED = b"# the same in both\n"
WHEELS = tuple(
    WheelSample(name=name, files={f"{name}.py": name.encode() * 900, "shared/__init__.py": SHARED})
    for name in ("app", "lib")
)
PLAN = BuildPlan(
    target=Target("python3.12", "x86_64"),
    builder=WheelBuilder().identity,
    choice=Choice(),
    packages=tuple(
        PlannedPackage(name=wheel.name, version="1.0", file=LockedFile(wheel.file_name, wheel.hash), source=None)
        for wheel in WHEELS
    ),
    excluded=(),
)


class BuiltOnce:
    """A layer that was built, and the cache that the build filled."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        self.sha256 = build(self.cache)


def build(cache: Path) -> str:
    """The digest of the layer, after a check that it is that of the file."""
    with tempfile.TemporaryDirectory() as folder:
        builder = WheelBuilder(cache_dir=str(cache))
        return build_planned(PLAN, ProjectFiles(pyproject="", lock=""), builder, Path(folder) / "layer.zip").sha256


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltOnce]:
    """A layer, while the index is there."""
    index = Index(files={wheel.file_name: wheel.data() for wheel in WHEELS})
    with serve(index) as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "*")
        patch.setenv("POETRY_PYPI_MIRROR_URL", served.url)
        patch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path_factory.mktemp("own")))
        yield BuiltOnce(tmp_path_factory.mktemp("built"))


def replaced(create: Callable[[Path], object]) -> Callable[[Path], None]:
    """Put something else in the place of a file."""

    def replace(path: Path) -> None:
        path.unlink()
        create(path)

    return replace


def filled_folder(path: Path) -> None:
    """A folder with a file."""
    path.mkdir()
    (path / "file").write_bytes(b"x")


KINDS: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "folder": replaced(Path.mkdir),
    "filled folder": replaced(filled_folder),
    "dangling link": replaced(lambda path: path.symlink_to("nothing")),
    "circular link": replaced(lambda path: path.symlink_to(path.name)),
    "link to a device": replaced(lambda path: path.symlink_to(os.devnull)),
    "link to itself elsewhere": lambda path: path.symlink_to(path.rename(path.with_name("elsewhere")).name),
    "named pipe": replaced(os.mkfifo) if hasattr(os, "mkfifo") else Path.unlink,
    "other bytes": lambda path: path.write_bytes(os.urandom(5000)),
}


def segments(cache: Path) -> list[Path]:
    """The segments in a cache."""
    return sorted(path for path in cache.rglob("sha256-*") if path.name == path.stem)


def copy_of(built: BuiltOnce, folder: str) -> Path:
    """A copy of the filled cache."""
    return Path(shutil.copytree(built.cache, Path(folder) / "cache"))


@pytest.mark.skipif(os.name != "posix", reason="Windows needs a privilege for links")
@pytest.mark.parametrize("kind", KINDS)
def test_something_else_in_place_of_a_segment_is_replaced(built: BuiltOnce, kind: str, tmp_path: Path) -> None:
    """Otherwise a build hangs, fails, or has a wrong layer until the user clears the cache."""
    cache = copy_of(built, str(tmp_path))
    KINDS[kind](segments(cache)[0])

    assert build(cache) == built.sha256
    assert all(path.is_file() and not path.is_symlink() for path in segments(cache))


def test_swapped_segments_are_replaced(built: BuiltOnce, tmp_path: Path) -> None:
    """Otherwise the layer has the files of another package, or the build fails with a wrong reason."""
    cache = copy_of(built, str(tmp_path))
    first, second = segments(cache)
    first.rename(cache / "third")
    second.rename(first)
    (cache / "third").rename(second)

    assert build(cache) == built.sha256


def test_unreadable_segment_is_replaced(built: BuiltOnce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise one bad sector of a disk makes all builds fail."""
    cache = copy_of(built, str(tmp_path))
    bad, inode = segments(cache)[0], segments(cache)[0].stat().st_ino
    open_file = Path.open

    def fail(path: Path, *arguments: object, **options: object) -> object:
        if path == bad and path.stat().st_ino == inode:
            raise PermissionError(13, "Permission denied", str(path))
        return open_file(path, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", fail)
    assert build(cache) == built.sha256
    assert bad.stat().st_ino != inode or bad.read_bytes() == segments(built.cache)[0].read_bytes()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0), st.integers(0, 7)), min_size=1, max_size=4))
@example([(0, -1, 0)])
@example([(0, -33, 7), (1, -25, 7)])
def test_flipped_bits_are_repaired_in_the_same_build(built: BuiltOnce, flips: list[tuple[int, int, int]]) -> None:
    """Otherwise a layer with a flipped bit is published, or a build fails."""
    with tempfile.TemporaryDirectory() as folder:
        cache = copy_of(built, folder)
        for number, position, bit in flips:
            path = segments(cache)[number]
            data = bytearray(path.read_bytes())
            data[position % len(data)] ^= 1 << bit
            path.write_bytes(bytes(data))

        assert build(cache) == built.sha256


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1), st.integers(0), st.booleans())
def test_shortened_and_lengthened_segments_are_repaired(
    built: BuiltOnce, number: int, length: int, is_longer: bool
) -> None:
    """Otherwise a build after a crash or on a full disk has a damaged layer."""
    with tempfile.TemporaryDirectory() as folder:
        cache = copy_of(built, folder)
        path = segments(cache)[number]
        data = path.read_bytes()
        path.write_bytes(data + data[: length % len(data) + 1] if is_longer else data[: length % len(data)])

        assert build(cache) == built.sha256
