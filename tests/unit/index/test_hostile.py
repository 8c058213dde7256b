"""Downloads from an index that is slow, endless, too large or changes its files."""

from __future__ import annotations

import errno
import io
import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from samples import hostile
from samples.index import Index, file_hash, serve

from pulumi_poetry_layer.errors import BuildError, DownloadError, HostError, InputError
from pulumi_poetry_layer.index.access import Indexes, PackageIndex
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.diagnosis import download_error, is_transient
from pulumi_poetry_layer.index.limits import Limits
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Address, PackageSource, Sources
from pulumi_poetry_layer.index.watch import Watch
from pulumi_poetry_layer.poetry.locked import LockedFile

NAME = "app-1.0-py3-none-any.whl"
DATA = bytes(range(256)) * 400
PAGE, FILE = "/simple/app/", f"/files/{NAME}"

SHORT = Limits(request=0.2, first_pause=0)
"""For answers that do not end. The time only decides how long the test takes."""


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index with one file."""
    monkeypatch.setenv("NO_PROXY", "*")
    with serve(Index(files={NAME: DATA})) as served:
        yield served


def downloader(url: str, limits: Limits | None = None, **options: Any) -> Downloader:
    """A downloader that has this index as the mirror of PyPI."""
    configuration = PoetryConfiguration({"POETRY_PYPI_MIRROR_URL": url})
    indexes = Indexes(Sources.of(""), Credentials(configuration))
    return Downloader(indexes, limits=limits or Limits(first_pause=0), **options)


def download(index: Index, limits: Limits | None = None, output: io.BytesIO | None = None, **options: Any) -> bytes:
    """Download the file."""
    output = output or io.BytesIO()
    file = LockedFile(NAME, file_hash(DATA))
    client = downloader(index.url, limits, **options)
    client.download(client.find("app 1.0", "app", file, None), file, output, "app 1.0")
    return output.getvalue()


@pytest.mark.parametrize("path", [PAGE, FILE])
@pytest.mark.parametrize(
    "answer",
    [
        hostile.headers_without_end,
        hostile.interim_answers_without_end,
        hostile.body_without_end,
        hostile.chunks_without_end,
    ],
)
def test_answer_without_end_is_ended_by_the_time_limit(index: Index, path: str, answer: hostile.Answer) -> None:
    """A build would never end if a server sends a byte now and then."""
    index.answers[path] = [answer]

    with pytest.raises(DownloadError, match=r"is too slow.* time limit was reached") as caught:
        download(index, SHORT)
    assert caught.value.where == "app 1.0"
    assert "PULUMI_POETRY_LAYER_FILE_TIMEOUT" in str(caught.value.hint)


def test_tls_handshake_without_end_is_ended_by_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build would never end if a server sends the bytes of a handshake one by one."""
    monkeypatch.setenv("NO_PROXY", "*")
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_send_handshake, args=(server,), daemon=True)
        thread.start()
        with pytest.raises(DownloadError, match="is too slow"):
            download(Index(url=f"https://127.0.0.1:{server.getsockname()[1]}/simple/"), SHORT)
    thread.join()


def _send_handshake(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.sendall(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb")  # a ServerHello of 16 kB
        while True:
            connection.sendall(b"\x00")
            time.sleep(0.005)


@pytest.fixture
def silent_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A name server that does not answer. The event is set when it is asked."""
    asked, ended = threading.Event(), threading.Event()

    def getaddrinfo(*_: object, **__: object) -> list[Any]:
        asked.set()
        ended.wait()
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield asked
    ended.set()


def test_name_server_that_does_not_answer_is_ended_by_the_time_limit(silent_resolver: threading.Event) -> None:
    """A build would wait for the system, for minutes per file: its timeouts are not those of this package."""
    with pytest.raises(DownloadError, match="is too slow: the time limit was reached"):
        download(Index(url="http://index.invalid/simple/"), SHORT)


def test_stop_ends_a_request_that_waits_for_a_name_server(silent_resolver: threading.Event) -> None:
    """A program that uses this package would wait for the system after Ctrl-C."""
    client = downloader("http://index.invalid/simple/", Limits(silence=3600, request=3600))
    problems: list[BuildError] = []

    def run() -> None:
        try:
            client.find("app 1.0", "app", LockedFile(NAME, file_hash(DATA)), None)
        except BuildError as error:
            problems.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    silent_resolver.wait()
    client.stop()
    thread.join()

    assert len(problems) == 1


def test_connection_that_is_opened_too_late_is_closed() -> None:
    """Connections that nobody uses would stay open."""
    first, second = socket.socketpair()
    watch = Watch()
    watch.cut()

    with pytest.raises(TimeoutError, match="was not opened in time"):
        watch.open(lambda: first)

    with second:
        assert second.recv(1) == b""
    assert first.fileno() == -1


def test_downloads_of_a_build_share_one_time_limit(index: Index) -> None:
    """A slow index could hold up a build for the time limit of a file, for each file."""
    clock = itertools.count(step=1.0)
    client = downloader(index.url, Limits(total=4), clock=lambda: next(clock))
    file = LockedFile(NAME, file_hash(DATA))

    def find_all() -> None:
        for _ in range(10):
            client.find("app 1.0", "app", file, None)

    with pytest.raises(DownloadError, match="is too slow: the time limit was reached before the request was sent"):
        find_all()


def test_server_that_sends_hardly_anything_is_too_slow(index: Index) -> None:
    """A build would wait half an hour for a server that sends one byte per second."""
    index.answers[FILE] = [hostile.body_without_end] * 2
    clock = itertools.count(step=16.0)
    limits = Limits(attempts=2, first_pause=0)

    with pytest.raises(DownloadError, match=r"is too slow: .* bytes in 32 seconds"):
        download(index, limits, clock=lambda: next(clock))
    assert [path for path, _ in index.requests] == [PAGE, FILE, FILE]


@pytest.mark.parametrize("kind", ["application/vnd.pypi.simple.v1+json", "text/html"])
def test_page_is_limited_in_its_decompressed_size(index: Index, kind: str) -> None:
    """An index could use up the memory with a small answer."""
    index.answers[PAGE] = [hostile.compressed_zeros(2_000_001, kind)]

    with pytest.raises(DownloadError, match="sends more than it should: more than 2000000 bytes"):
        download(index, Limits(page=2_000_000))


@pytest.mark.parametrize("listed", [True, False])
def test_file_is_limited_to_its_size_on_the_page_or_else_to_a_gigabyte(
    index: Index, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index could fill the disk."""
    assert Limits().file == 1 << 30
    index.sizes = listed
    page = index.page("app")
    monkeypatch.setattr(index, "page", lambda _: page)
    index.files[NAME] = DATA + b"more"

    with pytest.raises(DownloadError, match=f"sends more than it should: .*more than {len(DATA)} bytes"):
        download(index, Limits(file=10**9 if listed else len(DATA)))


def test_body_of_redirect_is_not_read(index: Index) -> None:
    """A server could use up the memory with the body of a redirect, which the HTTP library reads without a limit."""
    index.answers[FILE] = [hostile.redirect_with_body_without_end("/files/elsewhere")]
    index.files["elsewhere"] = DATA

    assert download(index) == DATA


@pytest.mark.parametrize("header", ["9999", "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_pause_that_a_server_asks_for_is_announced_and_limited(
    index: Index, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A server could stop a build for hours, and a user would not know what it waits for."""
    assert Limits().longest_pause == 60
    index.answers[FILE] = [hostile.status(503, Retry_After=header)]

    assert download(index, Limits(longest_pause=0, first_pause=0)) == DATA

    (message,) = caplog.messages
    assert message.startswith(f"{index.url.replace('/simple/', FILE)} asks for a pause of ")
    assert message.endswith("(HTTP status 503). Next attempt in 0 seconds")


@pytest.mark.parametrize("header", ["-1", "soon", "9" * 5000])
def test_invalid_retry_after_is_ignored(index: Index, header: str) -> None:
    """A server could end a deployment with a traceback."""
    index.answers[FILE] = [hostile.status(429, Retry_After=header)]

    assert download(index, Limits(longest_pause=0, first_pause=0)) == DATA


@pytest.mark.parametrize("path", [PAGE, FILE])
def test_stop_ends_a_download_that_waits_for_a_silent_server(index: Index, path: str) -> None:
    """A program that uses this package would wait for the index after Ctrl-C."""
    reached = threading.Event()
    index.answers[path] = [hostile.silence(reached)]
    client = downloader(index.url, Limits(silence=3600, request=3600))
    file = LockedFile(NAME, file_hash(DATA))
    problems: list[BuildError] = []

    def run() -> None:
        try:
            client.download(client.find("app 1.0", "app", file, None), file, io.BytesIO(), "app 1.0")
        except BuildError as error:
            problems.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    reached.wait()
    client.stop()
    thread.join()

    assert len(problems) == 1


def test_resumed_download_with_another_hash_is_repeated_from_the_start(index: Index) -> None:
    """A file that comes from two servers with different versions would look as if someone had replaced it."""
    index.answers[FILE] = [hostile.part_of(DATA[::-1], 1000)]

    assert download(index) == DATA

    assert [headers.get("Range") for path, headers in index.requests if path == FILE] == [None, "bytes=1000-", None]


class BrokenDisk(io.BytesIO):
    """A file on a disk that cannot be written."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def write(self, _: Any) -> int:
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(
    ("number", "hint"), [(errno.ENOSPC, "free disk space"), (errno.EFBIG, "ulimit -f"), (errno.EIO, "None")]
)
def test_disk_that_cannot_be_written_is_not_reported_as_an_error_of_the_index(
    index: Index, number: int, hint: str
) -> None:
    """A user would look for an error in the network."""
    with pytest.raises(HostError, match=os.strerror(number)) as caught:
        download(index, output=BrokenDisk(number))
    assert caught.value.where == "app 1.0"
    assert hint in str(caught.value.hint)
    assert [path for path, _ in index.requests] == [PAGE, FILE]


def test_lack_of_file_handles_is_not_reported_as_an_error_of_the_index() -> None:
    """A user would look for an error in the network."""
    try:
        raise requests.ConnectionError("Max retries exceeded") from OSError(errno.EMFILE, "Too many open files")
    except requests.ConnectionError as raised:
        error = raised
    problem = download_error(error, PackageIndex(PackageSource("PyPI", Address("https://x.invalid"))), "app 1.0")

    assert isinstance(problem, HostError)
    assert "ulimit -n" in str(problem.hint)
    assert not is_transient(error)
    assert is_transient(requests.ConnectionError("Connection refused"))


@pytest.mark.parametrize("value", ["abc", "nan", "inf", "0", "-1", "1e99", "1 s"])
@pytest.mark.parametrize(
    "name",
    ["POETRY_REQUESTS_TIMEOUT", "PULUMI_POETRY_LAYER_FILE_TIMEOUT", "PULUMI_POETRY_LAYER_DOWNLOAD_TIMEOUT"],
)
def test_variable_that_is_not_a_number_of_seconds_is_named(name: str, value: str) -> None:
    """A user would see a traceback."""
    with pytest.raises(InputError, match="is not a number of seconds") as caught:
        Limits.of({name: value})
    assert caught.value.where == name


def test_variables_set_the_time_limits() -> None:
    """A user with a slow network could not build."""
    variables = {
        "POETRY_REQUESTS_TIMEOUT": "20",
        "PULUMI_POETRY_LAYER_FILE_TIMEOUT": "1.5",
        "PULUMI_POETRY_LAYER_DOWNLOAD_TIMEOUT": " 7 ",
    }
    limits = Limits.of(variables)
    assert (limits.silence, limits.request, limits.total) == (20, 1.5, 7)
    assert Limits.of({"POETRY_REQUESTS_TIMEOUT": ""}) == Limits()
