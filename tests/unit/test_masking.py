"""Tests of masking secrets in messages."""

from __future__ import annotations

import base64

import pytest

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.host.process import mask_secrets
from pulumi_poetry_layer.host.variables import secret_values
from pulumi_poetry_layer.masking import (
    has_login,
    has_unclear_login,
    mask_address,
    mask_urls,
    mask_values,
    without_logins,
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://me:pw@host.invalid/x?sig=abc&e=1", "https://****@host.invalid/x?sig=****&e=****"),
        ("exceeded with url: /x.whl?token=abc (Caused", "exceeded with url: /x.whl?token=**** (Caused"),
        ('"GET /x.whl?X-Amz-Credential=a%2Fb HTTP/1.1" 200', '"GET /x.whl?X-Amz-Credential=**** HTTP/1.1" 200'),
        ("{'Authorization': 'Basic bWU6cHc='}", "{'Authorization': 'Basic ****'}"),
        ("HTTP_AUTHORIZATION=Basic bWU6cHc=", "HTTP_AUTHORIZATION=Basic ****"),
        ("https://host.invalid/x.whl#sha256=abc", "https://host.invalid/x.whl#sha256=abc"),
        ("is it? a=b", "is it? a=b"),
    ],
)  # fmt: skip
def test_logins_and_tokens_in_urls_are_masked(text: str, masked: str) -> None:
    """A password or token would appear in a log: nearly every message about a download contains a URL."""
    assert mask_urls(text) == masked


@pytest.mark.parametrize(
    "password", ["pa ss", "pa/ss", "pa\tss", "pa@ss", "p/a s@s", "p a?s#s", "pa:ss", "p@a/s s", "12/3 4@5"]
)
@pytest.mark.parametrize("scheme", ["https", "http", "git+https", "ssh"])
def test_logins_with_raw_special_characters_are_masked(scheme: str, password: str) -> None:
    """Poetry locks an address as it is written, so a part of a password would be in a log or in the state."""
    url = f"{scheme}://me:{password}@host.invalid/x"

    assert mask_address(url) == f"{scheme}://****@host.invalid/x"
    assert mask_urls(f"cannot clone {url}, sorry") == f"cannot clone {scheme}://****@host.invalid/x, sorry"
    assert mask_urls(f"{url}\nand {url}") == "{0}\nand {0}".format(f"{scheme}://****@host.invalid/x")


@pytest.mark.parametrize(
    "text",
    [
        "https://host.invalid/@scope/x",
        "git+https://host.invalid/x.git@abc",
        "see https://host.invalid: mail a@b.invalid",
        "(https://host.invalid:8080). Mail a@b.invalid",
        "http://[::1]:80/a@b",
        "http://localhost/a@b",
    ],
)
def test_at_sign_after_a_host_is_not_masked(text: str) -> None:
    """A message would not name the host."""
    assert mask_urls(text) == text


@pytest.mark.parametrize(
    ("url", "unclear"),
    [
        ("https://me:pw@host.invalid/@scope/x", False),
        ("https://me:p%2Fw@host.invalid/x", False),
        ("https://me:p@w@host.invalid/x", False),
        ("https://nexus/@scope/x", False),
        ("https://host.invalid/x@1.0", False),
        ("https://me:p/w@host.invalid/x", True),
        ("https://me:p@w/w@host.invalid/x", True),
        ("https://me:p w@host.invalid/x", True),
        ("../a@b c@d", False),
    ],
)
def test_login_that_programs_would_cut_is_recognized(url: str, unclear: bool) -> None:
    """A program would send a part of the password to some host."""
    assert has_unclear_login(url) is unclear


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("https://me:p'w@host.invalid/x", "https://host.invalid/x"),
        ("git+http://me@host.invalid/x.git", "git+http://host.invalid/x.git"),
        ('a = "https://token@a.invalid"\nb = "http://me:p@ss@b.invalid/"', 'a = "https://a.invalid"\nb = "http://b.invalid/"'),
        ("ssh://git@host.invalid/x.git", "ssh://git@host.invalid/x.git"),
        ("https://host.invalid/@scope/x", "https://host.invalid/@scope/x"),
        ("me@host.invalid", "me@host.invalid"),
    ],
)  # fmt: skip
def test_logins_are_removed_from_http_urls(text: str, stripped: str) -> None:
    """A login from pyproject.toml or poetry.lock would stay in the folder or container in which Poetry runs."""
    assert without_logins(text) == stripped
    assert has_login(text) is (text != stripped)


def test_errors_mask_urls_in_all_their_texts() -> None:
    """A single message that forgets to mask would show a password."""
    url = "https://me:hunter22@host.invalid/?t=hunter22"
    error = DownloadError(f"not at {url}", where=url, hint=f"look at {url}")

    assert "hunter22" not in f"{error} {error!r} {error.args} {error.what} {error.where} {error.hint}"
    assert "host.invalid" in str(error)


def test_passwords_are_masked_plain_and_encoded() -> None:
    """The URL-encoded or base64 form of a password would be shown; anyone can decode it."""
    variables = {
        "POETRY_HTTP_BASIC_INNER_USERNAME": "me",
        "POETRY_HTTP_BASIC_INNER_PASSWORD": "p@ss/word",
        "POETRY_PYPI_MIRROR_URL": "https://reader:sw%3Ardfish@mirror.invalid/simple",
        "HTTPS_PROXY": "http://proxy-user:proxy-pass@proxy.invalid:3128",
    }
    basic = base64.b64encode(b"me:p@ss/word").decode()
    text = f"p@ss/word p%40ss%2Fword {basic} sw%3Ardfish proxy-pass me"

    assert mask_secrets(text, variables) == "**** **** **** **** **** me"


def test_values_under_four_characters_are_not_masked() -> None:
    """A user name such as "a" would mask half of every message."""
    assert mask_values("aws 123", ["aws", "1", ""]) == "aws 123"
    assert list(secret_values({"HOME": "/home/me"})) == []
