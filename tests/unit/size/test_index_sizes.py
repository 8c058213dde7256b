"""Sizes of wheels from an index: looked up once, in limited time, and without errors."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from samples import PROJECT, Package, hostile, lock_text, plan
from samples.index import Index, serve
from samples.wheels import WheelSample

from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.builders.wheels import WheelBuilder
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource
from pulumi_poetry_layer.size import index_sizes as index_sizes_module
from pulumi_poetry_layer.size.expected import UNKNOWN_SIZE
from pulumi_poetry_layer.size.index_sizes import IndexSizes, TimeBudget, look_up_size
from pulumi_poetry_layer.size.wheel_directory import WheelSizes, read_directory

SAMPLE = WheelSample(files={f"app/{number}.py": b"answer = 42\n" * 200 for number in range(30)})
LARGE = WheelSample(files={f"app/with_quite_a_long_name_{number}.py": b"" for number in range(1500)})
PAGE, FILE = "/simple/app/", f"/files/{SAMPLE.file_name}"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send requests to loopback without a proxy."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def index() -> Iterator[Index]:
    """An index that has one wheel."""
    with serve(Index(files={SAMPLE.file_name: SAMPLE.data()}, sizes=True)) as served:
        yield served


def packages(*files: str, name: str = "app") -> list[PlannedPackage]:
    """The packages of a plan: one package, locked with these files."""
    package = Package(name=name, files=files or (SAMPLE.file_name,))
    return list(plan(PROJECT.replace('"app"', f'"{name}"'), lock_text(PROJECT, [package])).packages)


def index_sizes(folder: Path, index: Index, *, seconds: float = 60) -> IndexSizes:
    """Sizes from this index, which stands in for PyPI."""
    credentials = Credentials(PoetryConfiguration({"POETRY_PYPI_MIRROR_URL": index.url}))
    return IndexSizes(folder, lambda: Indexes(Sources.of(""), credentials), TimeBudget(seconds))


def connections(server: socket.socket) -> int:
    """How many clients have connected to a server that does not answer."""
    server.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


def directory(sample: WheelSample) -> WheelSizes:
    """The sizes in the directory of the wheel."""
    return read_directory(sample.data(), len(sample.data()))


@pytest.mark.parametrize("html", [False, True])
def test_sizes_come_from_the_last_bytes_of_the_wheel(tmp_path: Path, index: Index, html: bool) -> None:
    """The preview would not know the unzipped size, and AWS would refuse the layer."""
    index.html = html
    assert index_sizes(tmp_path, index).sizes(packages()) == {"app": directory(SAMPLE)}
    assert "Range" in index.requests[-1][1]


def test_long_directory_is_requested_a_second_time(tmp_path: Path, index: Index) -> None:
    """The size of the largest packages, which matter most, would be unknown."""
    index.files = {LARGE.file_name: LARGE.data()}
    assert index_sizes(tmp_path, index).sizes(packages(LARGE.file_name)) == {"app": directory(LARGE)}
    assert [path for path, _ in index.requests] == [PAGE, FILE, FILE]


def test_size_is_looked_up_once(tmp_path: Path, index: Index) -> None:
    """Every preview of a pull request would wait for the index."""
    first = index_sizes(tmp_path, index).sizes(packages())
    index.requests.clear()
    assert index_sizes(tmp_path, index).sizes(packages()) == first
    assert index.requests == []


@pytest.mark.parametrize("sizes", [True, False])
def test_index_without_range_requests_gives_only_the_size_of_the_wheel(
    tmp_path: Path, index: Index, sizes: bool
) -> None:
    """A preview would download the whole wheel, or would not know any size."""
    incompressible = b"".join(
        hashlib.sha256(bytes([first, second])).digest() for first in range(256) for second in range(20)
    )
    large = WheelSample(files={"app/data": incompressible}).data()
    index.files, index.ranges, index.sizes = {SAMPLE.file_name: large}, False, sizes
    sizes_found = index_sizes(tmp_path, index).sizes(packages())
    assert sizes_found == {"app": WheelSizes(size=len(large), unzipped_size=None)}


def test_sizes_are_cached_inside_the_cache_whatever_the_hash_is(tmp_path: Path, index: Index) -> None:
    """A lock file could overwrite files of its user in a preview."""
    (package,) = packages()
    file = LockedFile(SAMPLE.file_name, f"sha256:{tmp_path}/../x")
    cache = tmp_path / "a" / "cache"
    assert index_sizes(cache, index).sizes([replace(package, file=file)])
    assert index_sizes(cache, index).sizes([replace(package, file=file)])
    (entry,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert entry.parent.parent == cache


def test_address_with_an_unclear_login_is_not_used(tmp_path: Path, index: Index) -> None:
    """A preview would send a part of a password to a host with its name."""
    url = f"{index.url.replace('://', '://me:p@')}w@host.invalid/{SAMPLE.file_name}"
    source = LockedSource(type="url", url=url)
    (package,) = packages()
    assert index_sizes(tmp_path, index).sizes([replace(package, source=source)]) == {}
    assert index.requests == []


def test_sdist_is_not_looked_up(tmp_path: Path, index: Index) -> None:
    """The size of the sdist would pass for the size of the wheel that is built from it."""
    assert index_sizes(tmp_path, index).sizes(packages("app-1.0.tar.gz")) == {}
    assert index.requests == []


@pytest.mark.parametrize("failure", ["server error", "not a wheel", "not listed", "no network"])
def test_failed_lookup_gives_no_size_and_is_not_cached(tmp_path: Path, index: Index, failure: str) -> None:
    """A preview would fail while an index is down, or the size would stay unknown afterwards."""
    index.sizes = False
    whole, data, url = index.files, SAMPLE.data(), index.url
    if failure == "server error":
        index.failures = [503]
    elif failure == "not a wheel":
        index.files = {SAMPLE.file_name: b"<html>" * 20_000}
    elif failure == "not listed":
        index.files = {"app-2.0-py3-none-any.whl": data}
    else:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            index.url = f"http://127.0.0.1:{unused.getsockname()[1]}/simple/"
    assert index_sizes(tmp_path, index).sizes(packages()) == {}
    index.files, index.url = whole, url
    assert index_sizes(tmp_path, index).sizes(packages()) == {"app": directory(SAMPLE)}


def test_all_lookups_together_end_after_the_time_budget(tmp_path: Path) -> None:
    """A preview of twenty layers would wait for an unreachable index twenty times."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = Index(url=f"http://127.0.0.1:{silent.getsockname()[1]}/simple/")
        lookup = index_sizes(tmp_path, index, seconds=0.2)
        assert [lookup.sizes(packages()) for _ in range(20)] == [{}] * 20
        assert 1 <= connections(silent) < 20


def test_cache_folder_that_cannot_be_written_is_not_an_error(tmp_path: Path, index: Index) -> None:
    """A preview would fail on a runner with a read-only home folder."""
    (tmp_path / "file").write_text("")
    assert index_sizes(tmp_path / "file", index).sizes(packages()) == {"app": directory(SAMPLE)}


def test_invalid_poetry_settings_are_not_an_error(tmp_path: Path) -> None:
    """A preview would fail because of credentials that it does not need."""

    def broken() -> Indexes:
        raise InputError("auth.toml is not TOML")

    assert IndexSizes(tmp_path, broken, TimeBudget()).sizes(packages()) == {}


def test_private_index_gets_its_credentials(tmp_path: Path, index: Index) -> None:
    """The size of layers with private packages would be unknown."""
    index.login = ("me", "s3cret")
    variables = {
        "POETRY_PYPI_MIRROR_URL": index.url,
        "POETRY_HTTP_BASIC_PYPI_USERNAME": "me",
        "POETRY_HTTP_BASIC_PYPI_PASSWORD": "s3cret",
    }
    indexes = Indexes(Sources.of(""), Credentials(PoetryConfiguration(variables)))
    assert IndexSizes(tmp_path, lambda: indexes, TimeBudget(60)).sizes(packages()) == {"app": directory(SAMPLE)}


@pytest.mark.parametrize("problem", [ZeroDivisionError(), OSError("no network"), InputError("auth.toml is not TOML")])
def test_size_that_cannot_be_found_out_is_unknown(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview would fail because of something that it only shows."""

    def fail(*_: object) -> None:
        raise problem

    monkeypatch.setattr(index_sizes_module, "size_lookups", fail)
    lock = lock_text(PROJECT, [Package(name="app", files=(SAMPLE.file_name,))])
    files = ProjectFiles(pyproject=PROJECT, lock=lock)
    assert look_up_size(plan(PROJECT, lock), WheelBuilder(), files, TimeBudget()) == UNKNOWN_SIZE


@pytest.mark.parametrize("answer", [hostile.headers_without_end, hostile.body_without_end])
def test_lookup_in_an_index_without_end_leaves_no_thread(tmp_path: Path, index: Index, answer: hostile.Answer) -> None:
    """A preview would print its result, and then never end."""
    index.answers[PAGE] = [answer]
    before = set(threading.enumerate())
    assert index_sizes(tmp_path, index, seconds=0.2).sizes(packages()) == {}
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join()


def test_broken_variable_is_not_an_error(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview would fail with a traceback."""
    variables = {"POETRY_PYPI_MIRROR_URL": index.url, "POETRY_REQUESTS_TIMEOUT": "abc"}
    indexes = Indexes(Sources.of(""), Credentials(PoetryConfiguration(variables)))
    assert IndexSizes(tmp_path, lambda: indexes, TimeBudget(60)).sizes(packages()) == {}


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"size": 1}', "[" * 100_000, "9" * 5000, "\ud800"])
def test_damaged_entry_of_the_cache_is_looked_up_again(tmp_path: Path, index: Index, text: str) -> None:
    """A preview would not know the size, or end with a traceback."""
    expected = index_sizes(tmp_path, index).sizes(packages())
    (entry,) = (path for path in tmp_path.rglob("*") if path.is_file())
    entry.write_bytes(text.encode("utf-8", "surrogatepass"))

    assert index_sizes(tmp_path, index).sizes(packages()) == expected != {}
