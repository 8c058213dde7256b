"""Tests of the source of a package, and of the source whose login is used for an address."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.index.sources import Address, Login, Sources, is_same_host
from pulumi_poetry_layer.poetry.locked import LockedSource

PROJECT = """
[[tool.poetry.source]]
name = "main-index"
url = "https://me:p%40ss@host.invalid/main/simple/"
priority = "primary"

[[tool.poetry.source]]
name = "Extra"
url = "https://host.invalid/extra/simple"
priority = "explicit"

[[tool.poetry.source]]
name = "wheelhouse"
url = "https://other.invalid/wheels/index.html"
priority = "supplemental"
"""


def legacy(reference: str, url: str = "https://elsewhere.invalid/simple") -> LockedSource:
    """The source of a package in a lock file."""
    return LockedSource(type="legacy", url=url, reference=reference)


def test_login_is_removed_from_the_address_of_a_source() -> None:
    """Every message about the index would show the password."""
    source = Sources.of(PROJECT).named("main-index")

    assert source
    assert source.address == Address(
        "https://host.invalid/main/simple", Login("me", "p@ss", "the address of the index")
    )
    assert "p@ss" not in repr(source)
    assert source.page("app") == "https://host.invalid/main/simple/app/"


def test_address_of_a_source_comes_from_pyproject_not_from_the_lock_file() -> None:
    """Addresses in a lock file are not checked, so a changed one could send the login to any host."""
    found = Sources.of(PROJECT).of_package(legacy("extra"))

    assert found
    assert found.address.url == "https://host.invalid/extra/simple"


def test_source_that_pyproject_does_not_list_has_no_name() -> None:
    """A source name that exists only in the lock file would get the login that the user has for that name."""
    found = Sources.of(PROJECT).of_package(legacy("made-up", "https://elsewhere.invalid/simple/"))

    assert found
    assert (found.name, found.address.url) == ("", "https://elsewhere.invalid/simple")


def test_package_locked_from_pypi_has_no_source() -> None:
    """A package with the same name on another index would be used (dependency confusion)."""
    assert Sources.of(PROJECT).of_package(None) is None
    assert Sources.of('[[tool.poetry.source]]\nname = "PyPI"\n').of_package(legacy("PyPI", "https://x.invalid/s"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PROJECT, "main-index"),
        (PROJECT + '[[tool.poetry.source]]\nname = "pypi"\n', None),
        (PROJECT.replace('"primary"', '"supplemental"'), None),
        (PROJECT.replace('priority = "primary"', ""), "main-index"),
        (PROJECT.replace('"primary"', '"default"'), "main-index"),
        (PROJECT.replace('"primary"', '"secondary"'), None),
        ("", None),
    ],
)
def test_primary_source_replaces_pypi_unless_pypi_is_listed(text: str, name: str | None) -> None:
    """Build requirements would be downloaded from an index that the company does not allow."""
    found = Sources.of(text).instead_of_pypi

    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    "text",
    [
        "[tool.poetry]\nsource = [1]",
        '[tool.poetry]\nsource = "x"',
        '[[tool.poetry.source]]\nname = 1\nurl = "https://a.invalid"',
        '[[tool.poetry.source]]\nname = "a"\nurl = []',
        '[[tool.poetry.source]]\nname = "a"\nurl = "https://[a/simple"',
        "tool = 1",
    ],
)
def test_invalid_source_is_ignored(text: str) -> None:
    """A build would end with a traceback."""
    assert Sources.of(text) == Sources()


def test_source_with_an_html_address_has_a_single_page() -> None:
    """Files on a single page, which Poetry recognizes by ".html", would not be found."""
    found = Sources.of(PROJECT).named("wheelhouse")

    assert found
    assert found.page("app") == "https://other.invalid/wheels/index.html"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host.invalid/extra/files/a.whl", "Extra"),
        ("https://host.invalid/main/files/a.whl", "main-index"),
        ("https://host.invalid/a.whl", "main-index"),
        ("https://host.invalid:8443/extra/a.whl", None),
        ("http://host.invalid/extra/a.whl", None),
        ("https://evil.invalid/extra/a.whl", None),
    ],
)
def test_url_belongs_to_the_source_with_the_longest_common_path(url: str, name: str | None) -> None:
    """The wrong login would be sent if two sources are on one host, or a login to another host."""
    found = Sources.of(PROJECT).of_url(url)

    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("index", "url", "same"),
    [
        ("https://host.invalid/a", "https://host.invalid:443/b", True),
        ("https://host.invalid/a", "https://HOST.invalid/b", True),
        ("http://host.invalid/a", "https://host.invalid/b", True),
        ("https://host.invalid/a", "http://host.invalid/b", False),
        ("https://host.invalid/a", "https://host.invalid.evil.invalid/b", False),
        ("https://host.invalid:8443/a", "https://host.invalid/b", False),
        ("http://host.invalid:80/a", "https://host.invalid:8443/b", False),
        ("https://host.invalid/a", "https://host.invalid:port/b", False),
        ("https://host.invalid/a", "https://host.invalid:99999/b", False),
        ("https://host.invalid/a", "https://[host.invalid/b", False),
    ],
)
def test_login_may_be_sent_only_to_the_same_host_and_port_and_not_from_https_to_http(
    index: str, url: str, same: bool
) -> None:
    """The owner of another host, or anyone on an unencrypted connection, would get the password."""
    assert is_same_host(index, url) is same


@pytest.mark.parametrize("value", ["1", '"x"', "[1]", '["x", []]', "{}", "{name = 1}", '[{name = 1, url = "u"}]'])
def test_sources_that_are_not_tables_are_ignored(value: str) -> None:
    """Poetry refuses such a pyproject.toml; a preview would end with a traceback."""
    assert Sources.of(f"[tool.poetry]\nsource = {value}\n") == Sources(())
