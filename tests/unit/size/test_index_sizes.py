"""Sizes of wheels are asked of the index, once, in bounded time, and never in earnest."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from samples import PROJECT, Package, lock_text, plan
from samples.index import Index, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.size.index_sizes import IndexSizes, Patience
from pulumi_poetry_layer.size.wheel_directory import WheelSizes, read_directory

SAMPLE = WheelSample(files={f"app/{number}.py": b"answer = 42\n" * 200 for number in range(30)})
LARGE = WheelSample(files={f"app/with_quite_a_long_name_{number}.py": b"" for number in range(1500)})
PAGE, FILE = "/simple/app/", f"/files/{SAMPLE.file_name}"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy stands between the tests and loopback."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with one wheel."""
    with serve(Index(files={SAMPLE.file_name: SAMPLE.data()}, sizes=True)) as served:
        yield served


def packages(*files: str, name: str = "app") -> list[PlannedPackage]:
    """A plan's packages: one, locked with these files."""
    package = Package(name=name, files=files or (SAMPLE.file_name,))
    return list(plan(PROJECT.replace('"app"', f'"{name}"'), lock_text(PROJECT, [package])).packages)


def source(folder: Path, index: Index, *, seconds: float = 60) -> IndexSizes:
    """A source that takes the index for PyPI."""
    credentials = Credentials(PoetryConfiguration({"POETRY_PYPI_MIRROR_URL": index.url}))
    return IndexSizes(folder, lambda: Indexes(Sources.of(""), credentials), Patience(seconds))


def connections(server: socket.socket) -> int:
    """How many clients have connected to a server that accepts nobody."""
    server.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


def directory(sample: WheelSample) -> WheelSizes:
    """What the wheel's own directory tells."""
    return read_directory(sample.data(), len(sample.data()))


@pytest.mark.parametrize("html", [False, True])
def test_directory_of_a_wheel_is_read_from_the_index(tmp_path: Path, index: Index, html: bool) -> None:
    """The unzipped size would be found out by AWS."""
    index.html = html
    assert source(tmp_path, index).sizes(packages()) == {"app": directory(SAMPLE)}
    assert "Range" in index.requests[-1][1]


def test_directory_that_is_longer_than_usual_is_asked_for_again(tmp_path: Path, index: Index) -> None:
    """The largest packages, which decide, would be those of unknown size."""
    index.files = {LARGE.file_name: LARGE.data()}
    assert source(tmp_path, index).sizes(packages(LARGE.file_name)) == {"app": directory(LARGE)}
    assert [path for path, _ in index.requests] == [PAGE, FILE, FILE]


def test_nobody_is_asked_twice(tmp_path: Path, index: Index) -> None:
    """Each preview of a pull request would wait for the index."""
    first = source(tmp_path, index).sizes(packages())
    index.requests.clear()
    assert source(tmp_path, index).sizes(packages()) == first
    assert index.requests == []


@pytest.mark.parametrize("sizes", [True, False])
def test_index_without_ranges_tells_the_size_of_the_wheel_alone(tmp_path: Path, index: Index, sizes: bool) -> None:
    """The whole wheel would be downloaded in a preview, or nothing be said of it."""
    incompressible = b"".join(
        hashlib.sha256(bytes([first, second])).digest() for first in range(256) for second in range(20)
    )
    large = WheelSample(files={"app/data": incompressible}).data()
    index.files, index.ranges, index.sizes = {SAMPLE.file_name: large}, False, sizes
    told = source(tmp_path, index).sizes(packages())
    assert told == {"app": WheelSizes(size=len(large), unzipped_size=None)}


def test_sdist_is_not_asked_for(tmp_path: Path, index: Index) -> None:
    """What is built from it would be said to have the sdist's size."""
    assert source(tmp_path, index).sizes(packages("app-1.0.tar.gz")) == {}
    assert index.requests == []


@pytest.mark.parametrize("trouble", ["status", "not a wheel", "unlisted", "no network"])
def test_trouble_makes_a_size_unknown_and_is_kept_nowhere(tmp_path: Path, index: Index, trouble: str) -> None:
    """A preview would fail because an index is down, or never ask again."""
    index.sizes = False
    whole, data, url = index.files, SAMPLE.data(), index.url
    if trouble == "status":
        index.failures = [503]
    elif trouble == "not a wheel":
        index.files = {SAMPLE.file_name: b"<html>" * 20_000}
    elif trouble == "unlisted":
        index.files = {"app-2.0-py3-none-any.whl": data}
    else:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            index.url = f"http://127.0.0.1:{unused.getsockname()[1]}/simple/"
    assert source(tmp_path, index).sizes(packages()) == {}
    index.files, index.url = whole, url
    assert source(tmp_path, index).sizes(packages()) == {"app": directory(SAMPLE)}


def test_silent_index_is_not_waited_for_beyond_the_time_of_all_questions(tmp_path: Path) -> None:
    """A preview of twenty layers would take twenty times as long without network."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = Index(url=f"http://127.0.0.1:{silent.getsockname()[1]}/simple/")
        asked = source(tmp_path, index, seconds=0.2)
        assert [asked.sizes(packages()) for _ in range(20)] == [{}] * 20
        assert 1 <= connections(silent) < 20


def test_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path, index: Index) -> None:
    """A preview would fail on a runner whose home is read-only."""
    (tmp_path / "file").write_text("")
    assert source(tmp_path / "file", index).sizes(packages()) == {"app": directory(SAMPLE)}


def test_broken_settings_of_poetry_are_left_to_the_build(tmp_path: Path) -> None:
    """A preview would fail over a login that it could do without."""

    def broken() -> Indexes:
        raise InputError("auth.toml is not TOML")

    assert IndexSizes(tmp_path, broken, Patience()).sizes(packages()) == {}


def test_private_index_is_asked_with_its_login(tmp_path: Path, index: Index) -> None:
    """Layers of a company's own packages would have no size."""
    index.login = ("me", "s3cret")
    variables = {
        "POETRY_PYPI_MIRROR_URL": index.url,
        "POETRY_HTTP_BASIC_PYPI_USERNAME": "me",
        "POETRY_HTTP_BASIC_PYPI_PASSWORD": "s3cret",
    }
    indexes = Indexes(Sources.of(""), Credentials(PoetryConfiguration(variables)))
    assert IndexSizes(tmp_path, lambda: indexes, Patience(60)).sizes(packages()) == {"app": directory(SAMPLE)}
