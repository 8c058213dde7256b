"""Answers of an index that never end, are too large, or come too slowly. Each function writes one answer."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from io import BufferedIOBase
from threading import Event

Answer = Callable[[BufferedIOBase], None]

_PAUSE = 0.005  # seconds


def headers_without_end(output: BufferedIOBase) -> None:
    """A header that becomes longer, byte by byte."""
    output.write(b"HTTP/1.1 200 OK\r\nX: ")
    _trickle(output, b"x")


def interim_answers_without_end(output: BufferedIOBase) -> None:
    """The status "100 Continue" again and again."""
    _trickle(output, b"HTTP/1.1 100 Continue\r\n\r\n")


def body_without_end(output: BufferedIOBase) -> None:
    """A body of a length that the headers do not give, byte by byte."""
    output.write(b"HTTP/1.1 200 OK\r\n\r\n")
    _trickle(output, b"x")


def chunks_without_end(output: BufferedIOBase) -> None:
    """A body in chunks of one byte."""
    output.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    _trickle(output, b"1\r\nx\r\n")


def redirect_with_body_without_end(location: str) -> Answer:
    """A redirect whose body does not end."""

    def answer(output: BufferedIOBase) -> None:
        output.write(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode())
        _trickle(output, b"x" * 100_000)

    return answer


def compressed_zeros(size: int, content_type: str) -> Answer:
    """A small answer that becomes very large when it is decompressed."""
    body = gzip.compress(bytes(size))
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Encoding: gzip\r\n\r\n"

    def answer(output: BufferedIOBase) -> None:
        output.write(head.encode() + body)

    return answer


def status(code: int, **headers: str) -> Answer:
    """An answer without a body."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    def answer(output: BufferedIOBase) -> None:
        output.write(f"HTTP/1.1 {code} Status\r\n{lines}Content-Length: 0\r\n\r\n".encode())

    return answer


def part_of(data: bytes, length: int) -> Answer:
    """The first bytes of a file; then the connection breaks."""

    def answer(output: BufferedIOBase) -> None:
        output.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[:length])

    return answer


def silence(reached: Event, start: bytes = b"") -> Answer:
    """A server that sends nothing, or nothing more after ``start``. Sets ``reached`` when it begins to be silent."""

    def answer(output: BufferedIOBase) -> None:
        output.write(start)
        reached.set()
        Event().wait()

    return answer


def _trickle(output: BufferedIOBase, data: bytes) -> None:
    while True:  # until the client closes the connection
        output.write(data)
        time.sleep(_PAUSE)
