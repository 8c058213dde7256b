"""Ends a request from another thread, whatever the request is waiting for.

A timeout of the HTTP library limits how long a server may be silent. It does not limit a server that sends a byte now
and then: in the TLS handshake, in the headers or in the body. So a request is watched: when its time is up, its
connection is shut down, and the thread that reads from it gets an error.

It does not limit either how long the system looks for the address of a host, which nothing can interrupt. So a
connection is opened by a thread of its own, and the request stops waiting for it.
"""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from urllib3 import connection, connectionpool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_current = threading.local()
"""The watch over the request of this thread."""


class Watch:
    """Watches one request.

    Attributes:
        has_cut: whether the request was ended.
    """

    def __init__(self) -> None:
        self.has_cut = False
        self._sockets: list[socket.socket] = []
        self._opening: Future[socket.socket] | None = None
        self._lock = threading.Lock()

    def cut(self) -> None:
        """End the request. It cannot open another connection after that."""
        with self._lock:
            self.has_cut = True
            if self._opening:
                _finish(self._opening, TimeoutError("the connection was not opened in time"))
            for handle in self._sockets:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)

    def open(self, connect: Callable[[], socket.socket]) -> socket.socket:
        """Open a connection, and watch it.

        Args:
            connect: opens it, which may take very long.

        Raises:
            OSError: it cannot be opened, or the request was ended.
        """
        with self._lock:
            opening = self._opening = Future[socket.socket]()
        if self.has_cut:
            self.cut()
        threading.Thread(target=_connect, args=(connect, opening), daemon=True).start()
        opened = opening.result()
        self.add(opened)
        return opened

    def add(self, opened: socket.socket) -> None:
        """Watch a connection of the request."""
        with suppress(OSError, ValueError):  # it is closed already
            # A second handle: TLS takes the first one over, and the HTTP library may close it while it still reads.
            handle = socket.socket(fileno=socket.dup(opened.fileno()))
            with self._lock:
                self._sockets.append(handle)
        if self.has_cut:
            self.cut()

    def close(self) -> None:
        """Release the connections."""
        with self._lock:
            for handle in self._sockets:
                handle.close()
            self._sockets.clear()


@contextmanager
def watched(seconds: float) -> Iterator[Watch]:
    """Watch the requests that this thread sends in the block, and end them when the time is up."""
    watch = Watch()
    timer = threading.Timer(max(seconds, 0), watch.cut)
    timer.daemon = True
    timer.start()
    _current.watch = watch
    try:
        yield watch
    finally:
        timer.cancel()
        _current.watch = None
        watch.close()


def _connect(connect: Callable[[], socket.socket], opening: Future[socket.socket]) -> None:
    try:
        opened = connect()
    except BaseException as error:  # passed on to the thread of the request
        _finish(opening, error)
        return
    try:
        opening.set_result(opened)
    except InvalidStateError:  # nobody waits for it any more
        opened.close()


def _finish(opening: Future[socket.socket], error: BaseException) -> None:
    with suppress(InvalidStateError):
        opening.set_exception(error)


def _open(connect: Callable[[], socket.socket]) -> socket.socket:
    watch: Watch | None = getattr(_current, "watch", None)
    return connect() if watch is None else watch.open(connect)


def _watch(opened: Any) -> None:
    watch = getattr(_current, "watch", None)
    if watch is not None and opened is not None:
        watch.add(opened)


# The names are those of the library, because its error messages contain them.


class HTTPConnection(connection.HTTPConnection):
    """A connection that a watch can end."""

    def _new_conn(self) -> socket.socket:
        return _open(super()._new_conn)

    def getresponse(self) -> Any:
        """The answer to a request, which may use a connection that was opened for an earlier one."""
        _watch(self.sock)
        return super().getresponse()


class HTTPSConnection(HTTPConnection, connection.HTTPSConnection):
    """A connection with TLS that a watch can end."""


class HTTPConnectionPool(connectionpool.HTTPConnectionPool):
    """Connections that a watch can end."""

    ConnectionCls = HTTPConnection


class HTTPSConnectionPool(connectionpool.HTTPSConnectionPool):
    """Connections with TLS that a watch can end."""

    ConnectionCls = HTTPSConnection


POOLS = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
"""The connection pools whose connections are watched, by scheme."""
