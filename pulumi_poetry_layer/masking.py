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
_QUERY_VALUE = re.compile(r"(?<=[?&])([\w.~%\[\]-]+)=[^\s&#'\"<>)]+")
_AUTHORIZATION = re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?\w+\s+)[^\s'\"]+", re.IGNORECASE)


def mask_urls(text: str) -> str:
    """The text with logins and query values in URLs masked, and with ``Authorization`` headers masked.

    Every query value is masked, because any of them can be a token (``?X-Amz-Signature=…``).
    """
    if "://" not in text and "?" not in text and "authorization" not in text.lower():
        return text
    text = _LOGIN.sub(f"{MASK}@", text)
    return _AUTHORIZATION.sub(rf"\1{MASK}", _QUERY_VALUE.sub(rf"\1={MASK}", text))


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
