"""The HTTP client: one session per thread, limits of time and size, and further attempts."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager, suppress
from threading import Event, Lock, local
from typing import TYPE_CHECKING, TypeVar

import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from pulumi_poetry_layer.index.diagnosis import (
    HTTP_ERRORS,
    TooLargeError,
    TooSlowError,
    TrickleError,
    is_transient,
    is_unconnected,
)
from pulumi_poetry_layer.index.tls import CertificatesAdapter
from pulumi_poetry_layer.index.watch import watched
from pulumi_poetry_layer.masking import mask_urls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi_poetry_layer.errors import BuildError
    from pulumi_poetry_layer.index.access import Indexes
    from pulumi_poetry_layer.index.limits import Limits
    from pulumi_poetry_layer.index.sources import Login
    from pulumi_poetry_layer.index.watch import Watch

_BLOCK = 1 << 18
_UNCONNECTED_ATTEMPTS = 3  # without a network, each further attempt only lets the user wait
_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class HttpClient:
    """Sends requests to indexes. Safe to use from several threads.

    Args:
        indexes: the indexes of the project.
        limits: limits of time and size.
        clock: returns the time in seconds.
    """

    def __init__(self, indexes: Indexes, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._indexes = indexes
        self._limits = limits
        self._clock = clock
        self._end = clock() + limits.total
        self._stopped = Event()
        self._thread = local()
        self._watches: set[Watch] = set()
        self._watches_lock = Lock()
        _mask_debug_logs()

    def stop(self) -> None:
        """End all requests, and send no further ones."""
        self._stopped.set()
        with self._watches_lock:
            for watch in self._watches:
                watch.cut()

    def attempt(self, step: Callable[[float], Result], explain: Callable[[Exception], BuildError]) -> Result:
        """Send a request, several times if it fails because of the network or a busy server.

        Args:
            step: sends the request, and reads the answer until a time of the clock.
            explain: returns the error of this package for an error of the HTTP library.

        Raises:
            BuildError: what ``explain`` returned for the last attempt.
        """
        end = min(self._end, self._clock() + self._limits.request)
        attempt = 1
        while True:
            try:
                return step(end)
            except HTTP_ERRORS as error:
                problem = explain(error)
                pause = self._pause(error, attempt)
            if pause is None or self._clock() + pause > end or self._stopped.wait(pause):
                break
            attempt += 1
        raise problem  # outside the except block: the original error would show addresses unmasked

    @contextmanager
    def get(self, url: str, login: Login | None, headers: dict[str, str], end: float) -> Iterator[requests.Response]:
        """The answer to a request. Its body is read by :meth:`blocks`.

        Args:
            url: the address, without a login.
            login: user name and password.
            headers: further headers.
            end: the time of the clock at which the request is ended.

        Raises:
            requests.RequestException: the server cannot be reached, or refuses the request.
            TooSlowError: the time is up.
        """
        auth = HTTPBasicAuth(_header_value(login.username), _header_value(login.password)) if login else None
        left = end - self._clock()
        if left <= 0 or self._stopped.is_set():
            raise TooSlowError("the time limit was reached before the request was sent")
        timeout = min(self._limits.silence, left), self._limits.silence  # an open connection is ended by the watch
        with watched(left) as watch, self._stoppable(watch):
            try:
                with self._session.get(url, headers=headers, auth=auth, timeout=timeout, stream=True) as response:
                    response.raise_for_status()
                    yield response
            except HTTP_ERRORS:
                # If the time is up, the socket's own limit may end the request before the watch does.
                if not watch.has_cut and self._clock() < end:
                    raise
            else:
                if not watch.has_cut:
                    return
        # Also without an error: an answer whose connection is shut down can look as if it was complete.
        raise TooSlowError("the time limit was reached before the answer was complete")

    def blocks(self, response: requests.Response, most: int, end: float) -> Iterator[bytes]:
        """The decompressed body of an answer, in blocks.

        Args:
            response: the answer.
            most: the size in bytes that it may have.
            end: the time of the clock at which it must be complete.

        Raises:
            TooLargeError: the body is larger.
            TooSlowError: the time is up, or the server sends hardly anything.
        """
        size = int(length) if (length := response.headers.get("Content-Length", "")).isdecimal() else 0
        started, received = self._clock(), 0
        total = 0
        while True:
            # As much as there is. Other ways to read wait until a block is full, for a slow server without end.
            block = response.raw.read1(_BLOCK, decode_content=True)
            total += len(block)
            received += len(block)
            if max(total, size) > most:
                raise TooLargeError(f"more than {most} bytes")
            if not block:
                return
            yield block
            now = self._clock()
            if now > end:
                raise TooSlowError("the time limit was reached before the answer was complete")
            if now - started >= self._limits.slow:
                if received < self._limits.slow_size:
                    raise TrickleError(f"{received} bytes in {now - started:.0f} seconds")
                started, received = now, 0

    @contextmanager
    def _stoppable(self, watch: Watch) -> Iterator[None]:
        with self._watches_lock:
            self._watches.add(watch)
        try:
            yield
        finally:
            with self._watches_lock:
                self._watches.discard(watch)

    def _pause(self, error: Exception, attempt: int) -> float | None:
        """How long to wait before the next attempt, None if there is none."""
        most = _UNCONNECTED_ATTEMPTS if is_unconnected(error) else self._limits.attempts
        if attempt >= most or not is_transient(error):
            return None
        pause = self._limits.first_pause * 2.0 ** (attempt - 1)
        response = error.response if isinstance(error, requests.HTTPError) else None
        if response is None or (wanted := _retry_after(response)) is None:
            return pause
        pause = max(min(wanted, self._limits.longest_pause), pause)
        _log.warning(
            "%s asks for a pause of %.0f seconds (HTTP status %d). Next attempt in %.0f seconds",
            mask_urls(response.url),
            wanted,
            response.status_code,
            pause,
        )
        return pause

    @property
    def _session(self) -> requests.Session:
        """One session per thread, because sessions are not thread-safe."""
        if not hasattr(self._thread, "session"):
            session = requests.Session()
            bundle = self._indexes.variables.get("SSL_CERT_FILE")
            for scheme in ("https://", "http://"):
                session.mount(scheme, CertificatesAdapter(self._indexes.certificates_for, bundle))
            self._thread.session = session
        session = self._thread.session
        assert isinstance(session, requests.Session)  # noqa: S101 - for the type checker
        return session


def _retry_after(response: requests.Response) -> float | None:
    with suppress(InvalidHeader, ValueError, OverflowError):
        if header := response.headers.get("Retry-After"):
            return float(Retry().parse_retry_after(header))
    return None


def _header_value(text: str) -> bytes:
    """A user name or password, encoded as Poetry encodes it; in UTF-8 if that is impossible."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


class _MaskedRecords(logging.Filter):
    """Masks logins and tokens in the log messages of the HTTP library."""

    def filter(self, record: logging.LogRecord) -> bool:
        with suppress(Exception):
            record.msg, record.args = mask_urls(record.getMessage()), ()
        return True


def _mask_debug_logs() -> None:
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "requests"):
        logger = logging.getLogger(name)
        if not any(isinstance(present, _MaskedRecords) for present in logger.filters):
            logger.addFilter(_MaskedRecords())
