"""What is blacked out of everything that this package says: logins and tokens in addresses, and known secrets.

Pure: text in, text out. :class:`~pulumi_poetry_layer.errors.PoetryLayerError` masks the addresses in its own words, so
a message cannot forget to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "****"

_SHORTEST_SECRET = 4  # masking shorter values would black out half of every output
_LOGIN = re.compile(r"(?<=://)([^/\s]+)@")
_QUERY_VALUE = re.compile(r"(?<=[?&])([\w.~%\[\]-]+)=[^\s&#'\"<>)]+")
_AUTHORIZATION = re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?\w+\s+)[^\s'\"]+", re.IGNORECASE)


def mask_urls(text: str) -> str:
    """The text without user information and without the values of queries in its URLs.

    An index may hand out addresses that are tokens themselves (``?X-Amz-Signature=…``), so every value goes.
    """
    if "://" not in text and "?" not in text and "uthorization" not in text:
        return text
    text = _LOGIN.sub(f"{MASK}@", text)
    return _AUTHORIZATION.sub(rf"\1{MASK}", _QUERY_VALUE.sub(rf"\1={MASK}", text))


def without_logins(text: str) -> str:
    """The text without user information in its http addresses; ``ssh://git@host`` holds no secret and stays."""
    return _LOGIN.sub(lambda login: "" if text.endswith(("http://", "https://"), 0, login.start()) else login[0], text)


def has_login(text: str) -> bool:
    """Whether an http address in the text has user information in it."""
    return without_logins(text) != text


def logins_in(text: str) -> Iterator[str]:
    """The user information of the addresses in a text, and the passwords in it."""
    for login in _LOGIN.findall(text):
        yield login
        yield login.partition(":")[2]


def mask_values(text: str, secrets: Iterable[str]) -> str:
    """The text without these values, as they are and as they stand in URLs; values under four characters stay."""
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= _SHORTEST_SECRET:
            text = text.replace(form, MASK)
    return text
