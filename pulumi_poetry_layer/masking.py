"""What is blacked out of everything that this package says: logins and tokens in addresses, and known secrets.

Pure: text in, text out. :class:`~pulumi_poetry_layer.errors.PoetryLayerError` masks the addresses in its own words, so
a message cannot forget to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pulumi_poetry_layer.poetry_variables import Holds, held_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


def mask_values(text: str, secrets: Iterable[str]) -> str:
    """The text without these values, as they are and as they stand in URLs; values under four characters stay."""
    from urllib.parse import quote  # here: every start of the program would pay for it

    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= _SHORTEST_SECRET:
            text = text.replace(form, MASK)
    return text


def secret_values(variables: Mapping[str, str]) -> Iterator[str]:
    """The secrets among environment variables: themselves, in addresses, and as HTTP sends them."""
    for name, value in variables.items():
        upper, holds = name.upper(), held_by(name)
        if holds is Holds.SECRET:
            yield value
        if upper.startswith("POETRY_HTTP_BASIC_") and upper.endswith("_PASSWORD"):
            username = variables.get(f"{name[: -len('_PASSWORD')]}_USERNAME", "")
            yield _basic(username, value)
        if holds is Holds.ADDRESS:
            for login in _LOGIN.findall(value):
                yield login
                yield login.partition(":")[2]


def _basic(username: str, password: str) -> str:
    """A login as HTTP's basic authentication sends it."""
    from base64 import b64encode

    return b64encode(f"{username}:{password}".encode()).decode()
