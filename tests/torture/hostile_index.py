"""An index that sends anything, for a project's page and for its file."""

from __future__ import annotations

import gzip
import io
import json
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import cached_property
from io import BufferedIOBase
from random import Random
from threading import Event
from typing import Any

from samples import hostile
from samples.hostile import Answer
from samples.index import Index, file_hash, serve

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.limits import Limits
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.poetry.locked import LockedFile
from torture.mutation import NUMBERS, TEXTS, mutated_bytes

NAME = "app-1.0-py3-none-any.whl"
DATA = Random(0).randbytes(40_000)
PAGE, FILE = "/simple/app/", f"/files/{NAME}"

_LIMITS = Limits(silence=0.3, request=0.6, total=1.5, page=1 << 20, file=1 << 20, first_pause=0.001, longest_pause=0.01)
_MOST_SECONDS = 4.0
"""For all requests of a trial: the limit of 1.5 seconds, on a busy machine."""

_JSON = "application/vnd.pypi.simple.v1+json"
_KINDS = (_JSON, "text/html", "text/html; charset=utf-16", "application/octet-stream", "", "image/png", "multipart/x")
_ADDRESSES = (
    "/files/elsewhere",
    PAGE,
    FILE,
    "//127.0.0.1:1/x",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/",
    "http://[::1",
    "http://user:pass@127.0.0.1:1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/x",
    "data:,x",
    "javascript:x",
    "",
    "?",
    "\x00",
    "http://",
    "http:///x",
    "http://127.0.0.1:1/" + "a" * 60_000,
    "http://127.0.0.1:1/%zz",
    "http://xn--.invalid/",
    "http://a..invalid/",
    "http://" + "a" * 300 + ".invalid/",
    "http://127.0.0.1:1/\r\nX: y",
    "https://127.0.0.1:1/",
    "é",
)


class IndexTrial:
    """Downloads a file from an index whose next answers are hostile."""

    def __init__(self) -> None:
        self._servers = ExitStack()

    @cached_property
    def _index(self) -> Index:
        """An index that has the file. It is served by the process that tries, because its answers are there."""
        return self._servers.enter_context(serve(Index(files={NAME: DATA})))

    def __call__(self, _: int, random: Random) -> str:
        index = self._index
        index.sizes, index.html = random.random() < 0.5, random.random() < 0.3
        for path in (PAGE, FILE):
            index.answers[path] = [_answer(random) for _ in range(random.choice((0, 1, 1, 2, 6)))]
        configuration = PoetryConfiguration({"POETRY_PYPI_MIRROR_URL": index.url})
        client = Downloader(Indexes(Sources.of(""), Credentials(configuration)), limits=_LIMITS)
        file, output, started = LockedFile(NAME, file_hash(DATA)), io.BytesIO(), time.monotonic()
        try:
            client.download(client.find("app 1.0", "app", file, None), file, output, "app 1.0")
        except DownloadError as error:
            _check_time(started, str(error))
            raise
        _check_time(started, "downloaded")
        assert output.getvalue() == DATA, "another file than the locked one was accepted"
        return "downloaded"


def _check_time(started: float, end: str) -> None:
    seconds = time.monotonic() - started
    assert seconds < _MOST_SECONDS, f"{seconds:.1f} seconds: {end}"


def _answer(random: Random) -> Answer:
    kind = random.randrange(6)
    if kind == 0:
        return random.choice(_ENDLESS)(random)
    if kind == 1:
        return _raw(_status(random), {**_headers(random), "Location": random.choice(_ADDRESSES)}, b"")
    if kind == 2:
        pause = random.choice(("999999999", "-1", "x", "Fri, 31 Dec 9999 23:59:59 GMT", "1e9", "9" * 5000, "0", "nan"))
        return _raw(random.choice((429, 503, 502, 500)), {"Retry-After": pause}, b"")
    if kind == 3:
        return _raw(_status(random), _headers(random), _page(random))
    if kind == 4:
        return _raw(
            random.choice((200, 206)), _headers(random), random.choice((DATA, DATA[:100], DATA + b"x", DATA[::-1]))
        )
    whole = _bytes_of(_raw(200, {"Content-Type": random.choice(_KINDS), "Content-Length": "400"}, DATA[:400]))
    return _written(
        mutated_bytes(whole, random, (b"\r\n", b"\n", b"\0", b"HTTP/1.1 ", b": ", b"HTTP/1.1 200 OK\r\n\r\n"))
    )


_ENDLESS = (
    lambda _: hostile.headers_without_end,
    lambda _: hostile.interim_answers_without_end,
    lambda _: hostile.body_without_end,
    lambda _: hostile.chunks_without_end,
    lambda random: hostile.redirect_with_body_without_end(random.choice(_ADDRESSES)),
    lambda random: hostile.compressed_zeros(random.choice((1000, 10 << 20)), random.choice(_KINDS)),
    lambda random: hostile.part_of(DATA, random.randrange(len(DATA))),
    lambda random: _silence(
        random.choice((b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"))
    ),
    lambda random: _written(random.randbytes(random.choice((0, 1, 100, 5000)))),
    lambda random: _written(
        random.choice((b"HTTP/0.9\r\n", b"\r\n\r\n", b"HTTP/1.1 200\r\n\r\n", b"\x16\x03\x03\x00\x00"))
    ),
)


def _silence(start: bytes) -> Answer:
    def answer(output: BufferedIOBase) -> None:
        output.write(start)
        Event().wait(5)

    return answer


def _status(random: Random) -> int:
    return random.choice(
        (200, 200, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 407, 416, 418, 500, 599, 999)
    )


def _headers(random: Random) -> dict[str, str]:
    size = str(random.choice([*NUMBERS, len(DATA), "x", "", "1, 1", "9" * 5000]))
    possible = {
        "Content-Type": random.choice(_KINDS),
        "Content-Length": size,
        "Content-Encoding": random.choice(("gzip", "deflate", "br", "zstd", "gzip, gzip, gzip", "x")),
        "Transfer-Encoding": random.choice(("chunked", "gzip", "x")),
        "Content-Range": random.choice((f"bytes 0-9/{size}", "bytes */0", "x", f"bytes {size}-{size}/*")),
        "Set-Cookie": random.choice(TEXTS[3:]).replace("\n", " ")[:3000],
        "X-Long": "x" * random.choice((10, 70_000)),
        "ETag": '"x"',
    }
    names = random.sample(list(possible), random.randrange(5))
    return {name: possible[name] for name in names}


def _page(random: Random) -> bytes:
    entry = {
        "filename": NAME,
        "url": random.choice([*_ADDRESSES, *TEXTS]),
        "hashes": {},
        "size": random.choice(NUMBERS),
    }
    document: Any = random.choice(
        (
            [],
            None,
            1,
            "x",
            {},
            {"files": 1},
            {"files": [entry]},
            {"files": [entry, None, 1, []]},
            {"files": [entry], "meta": {"api-version": random.choice(("1.9", "2.0", "x", 7))}},
        )
    )
    page = random.choice(
        (
            json.dumps(document).encode(),
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"files":[' + b"{}," * 100_000 + b"{}]}",
            b"<" * 20_000,
            b"<!--" * 20_000,
            b"<a href='" * 20_000,
            f'<a href="{entry["url"]}">{NAME}</a>'.encode("utf-8", "ignore") * random.choice((1, 500)),
            b"\xff\xfe" * 1000,
            b"9" * 10_000,
        )
    )
    return gzip.compress(page) if random.random() < 0.2 else page


def _raw(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return _written(f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode("utf-8", "surrogatepass") + body)


def _written(data: bytes) -> Answer:
    def answer(output: BufferedIOBase) -> None:
        with suppress(OSError):
            output.write(data)

    return answer


def _bytes_of(answer: Answer) -> bytes:
    written = io.BytesIO()
    answer(written)
    return written.getvalue()
