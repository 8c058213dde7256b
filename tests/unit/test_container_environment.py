"""What a container gets of this host's environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_poetry_layer.builders.container_environment import CERTIFICATES_FOLDER, container_environment
from pulumi_poetry_layer.errors import InputError


def test_indexes_credentials_and_proxies_reach_the_container_and_nothing_else_does() -> None:
    """Otherwise a private index is refused, or the container gets secrets and paths that are none of its business."""
    passed = {
        "POETRY_HTTP_BASIC_INNER_USERNAME": "u",
        "POETRY_HTTP_BASIC_INNER_PASSWORD": "p",
        "POETRY_PYPI_TOKEN_INNER": "t",
        "POETRY_PYPI_MIRROR_URL": "http://mirror.invalid/simple/",
        "HTTPS_PROXY": "http://proxy.invalid",
        "no_proxy": "localhost",
        "PIP_INDEX_URL": "http://index.invalid/simple/",
    }
    kept_back = {
        "AWS_SECRET_ACCESS_KEY": "s",
        "PULUMI_CONFIG_PASSPHRASE": "s",
        "HOME": "/home/u",
        "PATH": "/home/u/bin",
        "PIP_FIND_LINKS": "/home/u/wheels",
        "POETRY_VIRTUALENVS_PATH": "/home/u/venvs",
        "VIRTUAL_ENV": "/home/u/venv",
    }
    environment = container_environment(passed | kept_back)
    assert environment.variables == passed
    assert environment.certificates == {}


def test_pip_installs_poetry_from_the_mirror_that_poetry_is_to_use() -> None:
    """Otherwise a build behind a company's proxy fails before Poetry is there."""
    mirror = "http://mirror.invalid/simple/"
    assert container_environment({"POETRY_PYPI_MIRROR_URL": mirror}).variables["PIP_INDEX_URL"] == mirror


def test_certificate_bundles_go_along_and_are_named_by_their_place_in_the_container(tmp_path: Path) -> None:
    """Otherwise every download behind a company's proxy fails with a certificate error."""
    bundle = tmp_path / "company.pem"
    bundle.write_bytes(b"certificates")
    names = ("SSL_CERT_FILE", "POETRY_CERTIFICATES_INNER_CERT")
    environment = container_environment(dict.fromkeys(names, str(bundle)))
    assert set(environment.certificates.values()) == {b"certificates"}
    for name in names:
        folder, _, file_name = environment.variables[name].rpartition("/")
        assert folder == CERTIFICATES_FOLDER
        assert file_name in environment.certificates


def test_certificate_verification_can_be_switched_off() -> None:
    """Otherwise Poetry's own `POETRY_CERTIFICATES_<NAME>_CERT=false` is taken for a file."""
    name = "POETRY_CERTIFICATES_INNER_CERT"
    assert container_environment({name: "false"}).variables == {name: "false"}


def test_private_keys_stay_here(tmp_path: Path) -> None:
    """Otherwise a client's key lies on the disk of the Docker daemon."""
    key = tmp_path / "client.pem"
    key.write_bytes(b"key")
    environment = container_environment({"POETRY_CERTIFICATES_INNER_CLIENT_CERT": str(key)})
    assert environment.variables == {}
    assert environment.certificates == {}


def test_unreadable_bundle_is_named_with_its_variable(tmp_path: Path) -> None:
    """Otherwise a user is told of a missing file and has to guess who asked for it."""
    with pytest.raises(InputError) as caught:
        container_environment({"REQUESTS_CA_BUNDLE": str(tmp_path / "gone.pem")})
    assert "REQUESTS_CA_BUNDLE" in str(caught.value)
    assert "gone.pem" in str(caught.value)
