"""What an error of the HTTP library means: the network, the index, the login, or this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError
from urllib3.exceptions import SSLError as Urllib3SSLError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from pulumi_poetry_layer.errors import BuildError, LoginError, UnreachableError
from pulumi_poetry_layer.host.failures import host_error, lack_of_resources
from pulumi_poetry_layer.index.failures import Failure, index_error

if TYPE_CHECKING:
    from pulumi_poetry_layer.index.access import PackageIndex

_TRANSIENT = (429, 500, 502, 503, 504)
_UNAVAILABLE = (502, 503, 504)  # what a proxy answers without a network, and an index that is down
_UNAUTHORIZED = 401
_FAILURES = {_UNAUTHORIZED: Failure.UNAUTHORIZED, 403: Failure.FORBIDDEN, 404: Failure.MISSING, 410: Failure.MISSING}
_NOT_TRUSTED = re.compile("verify failed|doesn't match|not valid for|certificate bundle", re.IGNORECASE)
_TLS_ERRORS = (requests.exceptions.SSLError, Urllib3SSLError)
_NETWORK_ERRORS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    ProtocolError,
    Urllib3TimeoutError,
    OSError,
)


class TooLargeError(Exception):
    """An index sends more than it may."""


class TooSlowError(Exception):
    """An index takes longer than it may."""


class TrickleError(TooSlowError):
    """An index sends hardly anything. Another attempt may help."""


HTTP_ERRORS = (requests.RequestException, HTTPError, OSError, ValueError, TooLargeError, TooSlowError)
"""What a request can raise. ``ValueError``: addresses that cannot be parsed."""


def is_transient(error: Exception) -> bool:
    """Whether another attempt may succeed."""
    if isinstance(error, requests.HTTPError):
        return error.response is not None and error.response.status_code in _TRANSIENT
    if isinstance(error, TrickleError):
        return True
    if isinstance(error, (ValueError, TooSlowError, TooLargeError, *_TLS_ERRORS)) or lack_of_resources(error):
        return False
    return isinstance(error, _NETWORK_ERRORS)


def download_error(error: Exception, index: PackageIndex, package: str, url: str | None = None) -> BuildError:
    """The error of this package for an error of the HTTP library.

    Args:
        error: the error, one of :data:`HTTP_ERRORS`.
        index: the index.
        package: name and version of the package.
        url: the address of the file, None if it was the project's page.
    """
    response = getattr(error, "response", None)
    if isinstance(response, requests.Response):
        return _status_error(response, index, package)
    if lack := lack_of_resources(error):
        return host_error(lack, package)
    message = str(error) or type(error).__name__
    failure = Failure.UNREACHABLE if is_unconnected(error) else _failure(error, message)
    if is_unconnected(error) or failure in {Failure.UNTRUSTED, Failure.HANDSHAKE}:
        detail = _without_path(url or index.source.address.url, index, _cause(error))
        problem = index_error(failure, index.source, package, detail=detail)
        return UnreachableError(problem.what, where=problem.where, hint=problem.hint)
    return index_error(failure, index.source, package, detail=f"{url}: {message}" if url else message)


def _status_error(response: requests.Response, index: PackageIndex, package: str) -> BuildError:
    """The error for an answer with a status that says that the request failed."""
    status, login = response.status_code, index.login_for(response.url)
    failure = _FAILURES.get(status, Failure.OTHER)
    if failure in {Failure.UNAUTHORIZED, Failure.FORBIDDEN}:
        detail = _without_path(response.url, index)
    elif status in _UNAVAILABLE:
        detail = _without_path(response.url, index, f"HTTP status {status}")
    else:
        detail = f"HTTP status {status}: {response.url}"
    problem = index_error(failure, index.source, package, detail=detail, login=login)
    if status == _UNAUTHORIZED:
        return LoginError(problem.what, where=problem.where, hint=problem.hint)
    if status in _UNAVAILABLE:
        return UnreachableError(problem.what, where=problem.where, hint=problem.hint)
    return problem


def _without_path(url: str, index: PackageIndex, *details: str) -> str:
    """Details of an error without the path of the page or file, so that the errors of all packages are one error."""
    servers = {urlsplit(url).netloc} - {urlsplit(index.source.address.url).netloc}
    return ": ".join([*servers, *details])


def is_unconnected(error: Exception) -> bool:
    """Whether no connection could be made at all: the network, a proxy or the index is down."""
    return any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in _causes(error))


def _cause(error: Exception) -> str:
    """What the system has reported, such as ``Connection refused``; the HTTP library wraps it several times."""
    causes = _causes(error)
    reported = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    text = reported[-1] if reported else str(causes[-1]) or type(causes[-1]).__name__
    return f"the proxy: {text}" if isinstance(error, requests.exceptions.ProxyError) else text


def _causes(error: Exception) -> list[BaseException]:
    """The error and its causes, the first cause last."""
    causes: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and cause not in causes:
            causes.append(cause)
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
    return causes


def _failure(error: Exception, message: str) -> Failure:
    if isinstance(error, TooLargeError):
        return Failure.TOO_LARGE
    if isinstance(error, TooSlowError):
        return Failure.TOO_SLOW
    if isinstance(error, _TLS_ERRORS):
        return Failure.UNTRUSTED if _NOT_TRUSTED.search(message) else Failure.HANDSHAKE
    if _NOT_TRUSTED.search(message):
        return Failure.UNTRUSTED  # an environment variable has the path of a bundle that does not exist
    if isinstance(error, _NETWORK_ERRORS) and not isinstance(error, ValueError):
        return Failure.UNREACHABLE
    return Failure.OTHER
