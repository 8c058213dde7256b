"""Masks secrets in text: logins and tokens in URLs, and known secret values. Pure.

:class:`~pulumi_poetry_layer.errors.PoetryLayerError` masks the URLs in its own texts, so no error message needs to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "****"

_SHORTEST_SECRET = 4  # shorter values occur in ordinary text
_LOGIN = re.compile(r"(?<=://)([^/\s]+)@")
_ADDRESS = re.compile(r"""(?<=://)(?:(?![\s'"(<,=][A-Za-z][A-Za-z0-9+.-]*://)[^\n])+""")
"""What follows ``://`` in a line, up to the next URL in that line."""

_END_OF_AUTHORITY = re.compile(r"[/?#\s]")
_HOST = re.compile(r"(?:[\w-]+\.)+[\w-]+|localhost|\[[0-9A-Fa-f:.]+\]")
_HOST_IN_TEXT = re.compile(rf"(?:{_HOST.pattern})(?::\d*)?['\")\]>.,;:]*")
_HOST_AND_PORT = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?")
_QUERY_VALUE = re.compile(r"(?<=[?&])([\w.~%\[\]-]+)=[^\s&#'\"<>)]+")
_AUTHORIZATION = re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?\w+\s+)[^\s'\"]+", re.IGNORECASE)


def mask_urls(text: str) -> str:
    """The text with logins and query values in URLs masked, and with ``Authorization`` headers masked.

    Every query value is masked, because any of them can be a token (``?X-Amz-Signature=…``). A login may contain raw
    spaces, tabs, slashes and ``@``. Where it is not clear whether a text is a login, it is masked.
    """
    if "://" not in text and "?" not in text and "authorization" not in text.lower():
        return text
    if "@" in text:
        text = _ADDRESS.sub(lambda address: _masked(address[0]), text)
    return _AUTHORIZATION.sub(rf"\1{MASK}", _QUERY_VALUE.sub(rf"\1={MASK}", text))


def mask_address(address: str) -> str:
    """The same for a text that is one URL: here a login is recognized also where spaces and dots make it look odd."""
    scheme, separator, rest = address.partition("://")
    end = _end_of_login(rest) if separator else -1
    return mask_urls(address if end < 0 else f"{scheme}://{MASK}{rest[end:]}")


def has_unclear_login(address: str) -> bool:
    """Whether a program would take only a part of the login of a URL for its login, and the other part for the host.

    It would send a part of the password there. ``/``, spaces and ``@`` in a login must be percent-encoded.
    """
    _, _, rest = address.partition("://")
    authority = _authority(rest)
    if "@" in authority:
        return _last_at(rest) != authority.rfind("@")
    return "@" in rest and not _HOST_AND_PORT.fullmatch(authority)


def _masked(rest: str) -> str:
    """What follows ``://`` in a line, with the login masked."""
    run = re.split(r"\s", rest, maxsplit=1)[0]
    end = _end_of_login(run)
    if not _HOST_IN_TEXT.fullmatch(_authority(run[end + 1 :])):
        end = max(end, _end_of_login(rest))
    return rest if end < 0 else f"{MASK}{rest[end:]}"


def _end_of_login(rest: str) -> int:
    """Position of the ``@`` after the login in what follows ``://``; -1 if there is no login."""
    authority = _authority(rest)
    if "@" not in authority and _HOST_IN_TEXT.fullmatch(authority):
        return -1  # an @ further on is a part of the path
    return _last_at(rest)


def _last_at(rest: str) -> int:
    """Position of the last ``@`` that does not start a part of a path, as in ``/@scope/``; else of the last ``@``."""
    at = rest.rfind("@")
    while at > 0 and rest[at - 1] == "/":
        at = rest.rfind("@", 0, at)
    return rest.rfind("@") if at < 0 else at


def _authority(rest: str) -> str:
    """User information, host and port, from the start of what follows ``://``."""
    return _END_OF_AUTHORITY.split(rest, maxsplit=1)[0]


def without_logins(text: str) -> str:
    """The text with logins removed from its http URLs. ``ssh://git@host`` contains no secret and stays."""
    return _LOGIN.sub(lambda login: "" if text.endswith(("http://", "https://"), 0, login.start()) else login[0], text)


def has_login(text: str) -> bool:
    """Whether the text contains an http URL with a login."""
    return without_logins(text) != text


def logins_in(text: str) -> Iterator[str]:
    """The logins in the URLs of a text, each followed by its password."""
    for login in _LOGIN.findall(text):
        yield login
        yield login.partition(":")[2]


def mask_values(text: str, secrets: Iterable[str]) -> str:
    """The text with these values masked, also where they are URL-encoded. Values under four characters stay."""
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= _SHORTEST_SECRET:
            text = text.replace(form, MASK)
    return text
