"""Tests of the hints in error messages for package indexes."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.index.failures import Failure, index_error
from pulumi_poetry_layer.index.sources import Address, PackageSource

ADDRESS = Address.of("https://host.invalid/simple")


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("name", ["my-index", "PyPI", ""])
def test_error_names_the_package_and_the_address_of_the_index(failure: Failure, name: str) -> None:
    """A user with several indexes would not know which one failed."""
    error = index_error(failure, PackageSource(name, ADDRESS), "app 1.0")

    assert error.where == "app 1.0"
    assert f"{ADDRESS.url}) {failure.value}" in error.what or f"{ADDRESS.url} {failure.value}" in error.what
    assert error.hint


@pytest.mark.parametrize(
    ("failure", "variables"),
    [
        (Failure.UNAUTHORIZED, ["POETRY_HTTP_BASIC_{}_USERNAME", "POETRY_HTTP_BASIC_{}_PASSWORD"]),
        (Failure.NOT_LISTED, ["POETRY_HTTP_BASIC_{}_USERNAME", "POETRY_HTTP_BASIC_{}_PASSWORD"]),
        (Failure.HANDSHAKE, ["POETRY_CERTIFICATES_{}_CLIENT_CERT"]),
    ],
)
def test_hint_names_the_variables_of_the_source(failure: Failure, variables: list[str]) -> None:
    """A user would set a variable that has no effect."""
    listed = index_error(failure, PackageSource("my-index", ADDRESS), "app 1.0").hint
    unlisted = index_error(failure, PackageSource("", ADDRESS), "app 1.0").hint

    assert listed
    assert unlisted
    assert all(variable.format("MY_INDEX") in listed for variable in variables)
    assert "pyproject.toml" not in listed
    assert "list the index in pyproject.toml as the source NAME" in unlisted
    assert all(variable.format("NAME") in unlisted for variable in variables)
