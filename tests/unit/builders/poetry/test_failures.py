"""Poetry's errors about an index, explained with source, package and what to set."""

from __future__ import annotations

import pytest
from samples import PROJECT
from samples.access import URL, package, planned, source

from pulumi_poetry_layer.builders.poetry.failures import explain_failure
from pulumi_poetry_layer.builders.poetry.index_access import index_access
from pulumi_poetry_layer.errors import SubprocessError
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration

NO_CANDIDATES = """
    | Unable to find installation candidates for app (1.0)
    |
    |   - 0 candidate(s) were identified for the package
"""
NO_CONNECTION = """
    | All attempts to connect to index.invalid failed.
    |
    | Exception:
    |     | {}
    | Note: The path requested was /simple/app/."""

UNAUTHORIZED = f"Source (my-index): Authorization error accessing {URL}/app/{NO_CANDIDATES}"
FILE = "app-1.0-py3-none-any.whl"


def explain(output: str, **variables: str) -> SubprocessError:
    """The error for this output of Poetry, for a user with these variables."""
    plan, files = planned(PROJECT + source(), [package()])
    access = index_access(plan, files, Credentials(PoetryConfiguration(variables)))
    return explain_failure(SubprocessError(output, hint="the original hint"), plan, access)


@pytest.mark.parametrize(
    ("output", "what", "hint"),
    [
        (UNAUTHORIZED, "asks for a login", "set POETRY_HTTP_BASIC_MY_INDEX_USERNAME and"),
        (NO_CANDIDATES, "does not have the file", "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD"),
        (NO_CONNECTION.format("NewConnectionError(...)"), "cannot be reached", "NO_PROXY"),
        (NO_CONNECTION.format("certificate verify failed"), "not trusted", "POETRY_CERTIFICATES_MY_INDEX_CERT"),
        (NO_CONNECTION.format("SSLError(1, '')"), "handshake", "POETRY_CERTIFICATES_MY_INDEX_CLIENT_CERT"),
        (
            "for app (1.0) did not match any known checksums in your lock file.",
            "cache of Poetry has a different file",
            "cache clear",
        ),
        (
            f"Hash for app (1.0) from archive {FILE} not found in known hashes",
            "cache of Poetry has a different file",
            "cache clear",
        ),
        (f"403 Client Error: Forbidden for url: https://index.invalid/files/{FILE}", "403", "MY_INDEX_USERNAME"),
    ],
)
def test_failure_of_an_index_names_source_and_package_and_says_what_to_set(output: str, what: str, hint: str) -> None:
    """Otherwise Poetry advises to lock again, or to check the network, when a password is missing."""
    error = explain(output)

    assert error.what.startswith(f"app 1.0: the source 'my-index' ({URL}) ")
    assert what in error.what.splitlines()[0]
    assert output in error.what
    assert hint in str(error.hint)


def test_refused_login_is_reported_with_its_origin_and_without_the_password() -> None:
    """Otherwise the user sets a variable that is already set, and does not check whether the token has expired."""
    login = {"POETRY_HTTP_BASIC_MY_INDEX_USERNAME": "me", "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "hunter22"}
    error = explain(UNAUTHORIZED, **login)

    assert "refuses the login" in error.what
    assert "http-basic.my-index" in str(error.hint)
    assert "hunter22" not in str(error)


@pytest.mark.parametrize(
    "output",
    [
        "error: command 'gcc' failed",
        NO_CANDIDATES.replace("app (1.0)", "other (1.0)"),
        NO_CANDIDATES.replace("0 candidate", "3 candidate"),
        NO_CONNECTION.replace("index.invalid", "other.invalid").format(""),
    ],
)
def test_error_that_no_index_caused_is_unchanged(output: str) -> None:
    """Otherwise the user looks for a password when a compiler is missing."""
    error = explain(output)

    assert (error.what, error.hint) == (output, "the original hint")
