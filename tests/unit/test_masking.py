"""What is blacked out of messages."""

from __future__ import annotations

import base64

import pytest

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.host.process import mask_secrets
from pulumi_poetry_layer.host.variables import secret_values
from pulumi_poetry_layer.masking import has_login, mask_urls, mask_values, without_logins


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://me:pw@host.invalid/x?sig=abc&e=1", "https://****@host.invalid/x?sig=****&e=****"),
        ("exceeded with url: /x.whl?token=abc (Caused", "exceeded with url: /x.whl?token=**** (Caused"),
        ('"GET /x.whl?X-Amz-Credential=a%2Fb HTTP/1.1" 200', '"GET /x.whl?X-Amz-Credential=**** HTTP/1.1" 200'),
        ("{'Authorization': 'Basic bWU6cHc='}", "{'Authorization': 'Basic ****'}"),
        ("https://host.invalid/x.whl#sha256=abc", "https://host.invalid/x.whl#sha256=abc"),
        ("is it? a=b", "is it? a=b"),
    ],
)  # fmt: skip
def test_logins_and_tokens_in_addresses_are_masked(text: str, masked: str) -> None:
    """Addresses are in nearly every message of a download."""
    assert mask_urls(text) == masked


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
def test_logins_are_taken_out_of_http_addresses(text: str, stripped: str) -> None:
    """A login in pyproject.toml or poetry.lock would stay in the folder or the container that Poetry runs in."""
    assert without_logins(text) == stripped
    assert has_login(text) is (text != stripped)


def test_no_error_can_show_a_login_of_an_address() -> None:
    """Each of a hundred messages would have to think of it."""
    url = "https://me:hunter22@host.invalid/?t=hunter22"
    error = DownloadError(f"not at {url}", where=url, hint=f"look at {url}")

    assert "hunter22" not in f"{error} {error!r} {error.args} {error.what} {error.where} {error.hint}"
    assert "host.invalid" in str(error)


def test_a_password_is_masked_in_every_form_in_which_it_travels() -> None:
    """The encoded form is as good as the password."""
    variables = {
        "POETRY_HTTP_BASIC_INNER_USERNAME": "me",
        "POETRY_HTTP_BASIC_INNER_PASSWORD": "p@ss/word",
        "POETRY_PYPI_MIRROR_URL": "https://reader:sw%3Ardfish@mirror.invalid/simple",
        "HTTPS_PROXY": "http://proxy-user:proxy-pass@proxy.invalid:3128",
    }
    basic = base64.b64encode(b"me:p@ss/word").decode()
    text = f"p@ss/word p%40ss%2Fword {basic} sw%3Ardfish proxy-pass me"

    assert mask_secrets(text, variables) == "**** **** **** **** **** me"


def test_short_values_stay() -> None:
    """Half of every message would be black."""
    assert mask_values("aws 123", ["aws", "1", ""]) == "aws 123"
    assert list(secret_values({"HOME": "/home/me"})) == []
