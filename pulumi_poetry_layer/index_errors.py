"""What went wrong between this side and an index, as errors that name the source, the package and what to set.

Used for what the wheels builder's own downloads run into and for what Poetry says when it does. Pure.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.poetry_variables import MIRROR_VARIABLE, variable_name
from pulumi_poetry_layer.sources import PYPI

if TYPE_CHECKING:
    from pulumi_poetry_layer.sources import Login, PackageSource


class Failure(Enum):
    """The ways in which an index fails; the value is what is said of it."""

    UNAUTHORIZED = "asks for a login (HTTP status 401)"
    FORBIDDEN = "does not let this login in (HTTP status 403)"
    REFUSED = "asks for a login (HTTP status 401 or 403)"
    MISSING = "does not have it (HTTP status 404)"
    UNREACHABLE = "cannot be reached"
    UNTRUSTED = "shows a certificate that is not trusted"
    HANDSHAKE = "breaks off the TLS handshake, as one does that asks for a certificate of this side"
    OTHER_FILE = "offers another file than the locked one"
    OTHER = "failed"


_LOGIN_FAILURES = {Failure.UNAUTHORIZED, Failure.FORBIDDEN, Failure.REFUSED}


def index_error(
    failure: Failure, source: PackageSource, package: str, *, detail: str = "", login: Login | None = None
) -> DownloadError:
    """The error for a package that an index did not hand out.

    Args:
        failure: what happened.
        source: the index.
        package: the package, or the file, that was asked for.
        detail: more of it, such as what the HTTP library says.
        login: the login that was used, of which nothing but where it came from is told.
    """
    what = failure.value.replace("asks for a", "refuses the") if login else failure.value
    told = f"{describe(source)} {what}" + (f": {detail}" if detail else "")
    return DownloadError(told, where=package, hint=index_hint(failure, source, login))


def describe(source: PackageSource) -> str:
    """A source, as messages name it."""
    if source.is_pypi:
        return f"{PYPI} ({source.address.url})"
    return f"the source {source.name!r} ({source.address.url})" if source.name else f"the index {source.address.url}"


def index_hint(failure: Failure, source: PackageSource, login: Login | None = None) -> str:
    """What a user can do about it."""
    if failure in _LOGIN_FAILURES and login:
        return f"check what {login.origin} says, and whether a token has expired; or set {variables_to_set(source)}"
    if failure in _LOGIN_FAILURES:
        return f"set {variables_to_set(source)}"
    return {
        Failure.MISSING: "if it was taken off the index, lock another version; "
        "an index may also say so to those who may not see it: "
        + (f"check {login.origin}" if login else f"set {variables_to_set(source)}"),
        Failure.UNREACHABLE: f"check the network, the proxy (HTTPS_PROXY, NO_PROXY) and {_place(source)}",
        Failure.UNTRUSTED: f"let {_certificate(source, 'cert')} name the file with the certificate of its authority",
        Failure.HANDSHAKE: f"let {variable_name('certificates', source.name or PYPI, 'client-cert')} "
        "name a file with a certificate and its key",
        Failure.OTHER_FILE: "find out why the file changed before you lock it anew: "
        "somebody may have put another one in its place",
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
