"""Which index a package is taken from, and which address gets which login."""

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
    """A package's source in a lock file."""
    return LockedSource(type="legacy", url=url, reference=reference)


def test_logins_are_taken_out_of_addresses() -> None:
    """They would be part of every message about the index."""
    source = Sources.of(PROJECT).named("main-index")

    assert source
    assert source.address == Address(
        "https://host.invalid/main/simple", Login("me", "p@ss", "the address of the index")
    )
    assert "p@ss" not in repr(source)
    assert source.page("app") == "https://host.invalid/main/simple/app/"


def test_a_package_is_looked_for_where_pyproject_says_its_source_is() -> None:
    """An address in a lock file is checked by nothing: the login of a source would go to any host."""
    found = Sources.of(PROJECT).of_package(legacy("extra"))

    assert found
    assert found.address.url == "https://host.invalid/extra/simple"


def test_a_source_that_pyproject_does_not_list_has_no_name() -> None:
    """A name made up in a lock file would get the login of an index that has that name elsewhere."""
    found = Sources.of(PROJECT).of_package(legacy("made-up", "https://elsewhere.invalid/simple/"))

    assert found
    assert (found.name, found.address.url) == ("", "https://elsewhere.invalid/simple")


def test_a_package_locked_from_pypi_is_taken_from_there_whatever_is_listed() -> None:
    """The same name on a private index would be asked for instead: dependency confusion."""
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
def test_a_primary_source_replaces_pypi(text: str, name: str | None) -> None:
    """Build requirements would be fetched from an index that the company does not allow."""
    found = Sources.of(text).instead_of_pypi

    assert (found.name if found else None) == name


def test_an_index_of_one_page_is_asked_for_that_page() -> None:
    """Poetry takes an address that ends in .html for a page with all files."""
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
def test_an_address_belongs_to_the_source_with_the_longest_common_path(url: str, name: str | None) -> None:
    """Two repositories of one host have two logins, and another host has none."""
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
def test_a_login_stays_on_its_host_and_port_and_is_never_sent_less_encrypted(index: str, url: str, same: bool) -> None:
    """Whoever listens there would have the password."""
    assert is_same_host(index, url) is same
