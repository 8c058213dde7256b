"""What Poetry says of an index, told with source, package and what to set."""

from __future__ import annotations

import pytest
from samples import PROJECT
from samples.access import URL, package, planned, source

from pulumi_poetry_layer.builders.poetry.failures import explained
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
    """What becomes of an error of Poetry's."""
    plan, files = planned(PROJECT + source(), [package()])
    access = index_access(plan, files, Credentials(PoetryConfiguration(variables)))
    return explained(SubprocessError(output, hint="the hint that was there"), plan, access)


@pytest.mark.parametrize(
    ("output", "told", "hint"),
    [
        (UNAUTHORIZED, "asks for a login", "set POETRY_HTTP_BASIC_MY_INDEX_USERNAME and"),
        (NO_CANDIDATES, "does not have the file", "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD"),
        (NO_CONNECTION.format("NewConnectionError(...)"), "cannot be reached", "NO_PROXY"),
        (NO_CONNECTION.format("certificate verify failed"), "not trusted", "POETRY_CERTIFICATES_MY_INDEX_CERT"),
        (NO_CONNECTION.format("SSLError(1, '')"), "handshake", "POETRY_CERTIFICATES_MY_INDEX_CLIENT_CERT"),
        ("for app (1.0) did not match any known checksums in your lock file.", "a different file", "find out"),
        (f"Hash for app (1.0) from archive {FILE} not found in known hashes", "a different file", "find out"),
        (f"403 Client Error: Forbidden for url: https://index.invalid/files/{FILE}", "403", "MY_INDEX_USERNAME"),
    ],
)
def test_a_failing_index_is_told_with_source_package_and_what_to_set(output: str, told: str, hint: str) -> None:
    """Poetry advises to lock anew, or that the network be checked, when a password is missing."""
    error = explain(output)

    assert error.what.startswith(f"app 1.0: the source 'my-index' ({URL}) ")
    assert told in error.what.splitlines()[0]
    assert output in error.what
    assert hint in str(error.hint)


def test_a_login_that_is_refused_is_told_by_its_origin() -> None:
    """A user would set a variable that is set, and never look for the token's date."""
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
def test_what_is_no_failure_of_an_index_stays_as_it_is(output: str) -> None:
    """A user would look for a password when a compiler is missing."""
    error = explain(output)

    assert (error.what, error.hint) == (output, "the hint that was there")
