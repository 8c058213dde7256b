"""Errors of package indexes: each names the source, the package and what to do about it.

Used for the wheels builder's own downloads and for what Poetry reports. Pure.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.host.variables import MIRROR_VARIABLE, variable_name
from pulumi_poetry_layer.index.sources import PYPI

if TYPE_CHECKING:
    from pulumi_poetry_layer.index.sources import Login, PackageSource


class Failure(Enum):
    """The ways in which an index fails; the value is how messages put it."""

    UNAUTHORIZED = "asks for a login (HTTP status 401)"
    FORBIDDEN = "denies access (HTTP status 403)"
    REFUSED = "asks for a login (HTTP status 401 or 403)"
    MISSING = "does not have the file"
    NOT_LISTED = "does not list the file"
    BAD_PAGE = "sent a page that is not a valid page of a package index"
    UNREACHABLE = "cannot be reached"
    UNTRUSTED = "has a certificate that is not trusted"
    HANDSHAKE = "ended the TLS handshake, so it may require a client certificate"
    OTHER_FILE = "serves a different file than the one that was locked"
    OTHER = "failed"


_LOGIN_FAILURES = {Failure.UNAUTHORIZED, Failure.FORBIDDEN, Failure.REFUSED}


def index_error(
    failure: Failure, source: PackageSource, package: str, *, detail: str = "", login: Login | None = None
) -> DownloadError:
    """The error for a package that an index did not deliver.

    Args:
        failure: what happened.
        source: the index.
        package: the package, or the file, that was asked for.
        detail: more about it, such as the message of the HTTP library.
        login: the login that was used; the message names only where it came from.
    """
    what = failure.value.replace("asks for a", "refuses the") if login else failure.value
    message = f"{describe(source)} {what}" + (f": {detail}" if detail else "")
    return DownloadError(message, where=package, hint=index_hint(failure, source, login))


def describe(source: PackageSource) -> str:
    """How messages name a source."""
    if source.is_pypi:
        return f"{PYPI} ({source.address.url})"
    return f"the source {source.name!r} ({source.address.url})" if source.name else f"the index {source.address.url}"


def index_hint(failure: Failure, source: PackageSource, login: Login | None = None) -> str:
    """What a user can do about it."""
    if failure in _LOGIN_FAILURES and login:
        return f"check {login.origin}, and whether a token has expired; or set {variables_to_set(source)}"
    if failure in _LOGIN_FAILURES:
        return f"set {variables_to_set(source)}"
    if failure in {Failure.MISSING, Failure.NOT_LISTED}:
        place = f"check {login.origin}" if login else f"set {variables_to_set(source)}"
        return f"if the file was removed, lock another version; if the index hides it from this user, {place}"
    return {
        Failure.UNREACHABLE: f"check the network, the proxy (HTTPS_PROXY, NO_PROXY) and {_place(source)}",
        Failure.UNTRUSTED: f"set {_certificate(source, 'cert')} to the path of its CA bundle",
        Failure.HANDSHAKE: f"set {variable_name('certificates', source.name or PYPI, 'client-cert')} "
        "to the path of a file with a certificate and its key",
        Failure.OTHER_FILE: "find out why the file changed before you lock it again: someone may have replaced it",
    }.get(failure, f"check {_place(source)}")


def variables_to_set(source: PackageSource) -> str:
    """The environment variables that hold the login for a source."""
    name = source.name or "<name of the source>"
    return " and ".join(variable_name("http-basic", name, key) for key in ("username", "password"))


def _certificate(source: PackageSource, key: str) -> str:
    common = "REQUESTS_CA_BUNDLE or SSL_CERT_FILE"
    return f"{variable_name('certificates', source.name, key)} (or {common})" if source.name else common


def _place(source: PackageSource) -> str:
    if source.is_pypi:
        return f"the address in {MIRROR_VARIABLE}, if it is set"
    return f"the url of the source {source.name!r} in pyproject.toml" if source.name else "the address in poetry.lock"
