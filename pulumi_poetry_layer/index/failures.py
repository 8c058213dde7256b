"""Error messages for package indexes. Each one names the source and the package, and says what to do.

Used for the downloads of the wheels builder and for the errors that Poetry reports. Pure.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.host.variables import MIRROR_VARIABLE, variable_name
from pulumi_poetry_layer.index.limits import REQUEST_TIMEOUT_VARIABLE, TOTAL_TIMEOUT_VARIABLE
from pulumi_poetry_layer.index.sources import PYPI

if TYPE_CHECKING:
    from pulumi_poetry_layer.index.sources import Login, PackageSource


class Failure(Enum):
    """The ways in which an index fails. The value is the wording of the message."""

    UNAUTHORIZED = "asks for a login (HTTP status 401)"
    FORBIDDEN = "denies access (HTTP status 403)"
    REFUSED = "asks for a login (HTTP status 401 or 403)"
    MISSING = "does not have the file"
    NOT_LISTED = "does not list the file"
    BAD_PAGE = "sent a page that is not a valid package index page"
    UNREACHABLE = "cannot be reached"
    UNTRUSTED = "has a certificate that is not trusted"
    HANDSHAKE = "ended the TLS handshake, so it may require a client certificate"
    OTHER_FILE = "serves a different file than the one that was locked"
    OTHER_CACHED_FILE = "or the cache of Poetry has a different file than the one that was locked"
    TOO_LARGE = "sends more than it should"
    TOO_SLOW = "is too slow"
    OTHER = "failed"


_TIMEOUTS = f"{REQUEST_TIMEOUT_VARIABLE} or {TOTAL_TIMEOUT_VARIABLE}"
_LOGIN_FAILURES = {Failure.UNAUTHORIZED, Failure.FORBIDDEN, Failure.REFUSED}


def index_error(
    failure: Failure, source: PackageSource, package: str, *, detail: str = "", login: Login | None = None
) -> DownloadError:
    """The error for a package that an index did not deliver.

    Args:
        failure: what happened.
        source: the index.
        package: the package or file that was requested.
        detail: details, such as the message of the HTTP library.
        login: the login that was used; the message only says where it came from.
    """
    what = failure.value.replace("asks for a", "refuses the") if login else failure.value
    message = f"{_description(source)} {what}" + (f": {detail}" if detail else "")
    return DownloadError(message, where=package, hint=_hint(failure, source, login))


def _description(source: PackageSource) -> str:
    if source.is_pypi:
        return f"{PYPI} ({source.address.url})"
    return f"the source {source.name!r} ({source.address.url})" if source.name else f"the index {source.address.url}"


def _hint(failure: Failure, source: PackageSource, login: Login | None) -> str:
    set_login = _set_variables(source, "http-basic", "username", "password")
    if source.name:
        set_login += f", or run `poetry config http-basic.{source.name} <username> <password>`"
    if failure in _LOGIN_FAILURES:
        return f"check {login.origin}, and whether a token has expired; or {set_login}" if login else set_login
    if failure in {Failure.MISSING, Failure.NOT_LISTED}:
        check = f"check {login.origin}" if login else set_login
        return f"if the file was removed, lock another version; if the index hides it from this user, {check}"
    return {
        Failure.UNREACHABLE: f"check the network, the proxy (HTTPS_PROXY, NO_PROXY) and {_origin(source)}",
        Failure.UNTRUSTED: f"set {_bundle_variables(source)} to the path of its CA bundle",
        Failure.HANDSHAKE: f"{_set_variables(source, 'certificates', 'client-cert')} "
        "to the path of a file with a certificate and its key",
        Failure.TOO_SLOW: f"check the network, or set {_TIMEOUTS} to more seconds",
        Failure.OTHER_CACHED_FILE: 'the cache may be damaged: run "pulumi-poetry-layer cache clear" (with --docker for '
        "the container builder) and build again; if that does not help, find out why the file changed",
        Failure.OTHER_FILE: "find out why the file changed before you lock it again: someone may have replaced it",
    }.get(failure, f"check {_origin(source)}")


def _set_variables(source: PackageSource, section: str, *keys: str) -> str:
    """The instruction to set environment variables for a source. An index without a name has no variables."""
    names = " and ".join(variable_name(section, source.name or "NAME", key) for key in keys)
    return f"set {names}" if source.name else f"list the index in pyproject.toml as the source NAME and set {names}"


def _bundle_variables(source: PackageSource) -> str:
    common = "REQUESTS_CA_BUNDLE or SSL_CERT_FILE"
    return f"{variable_name('certificates', source.name, 'cert')} (or {common})" if source.name else common


def _origin(source: PackageSource) -> str:
    """Where the address of a source is configured."""
    if source.is_pypi:
        return f"the address in {MIRROR_VARIABLE}, if it is set"
    return f"the url of the source {source.name!r} in pyproject.toml" if source.name else "the address in poetry.lock"
