"""What a container gets of this host's environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import PROJECT
from samples.access import access_of, package, source

from pulumi_poetry_layer.builders.container.environment import (
    CERTIFICATES_FOLDER,
    KEYS_FOLDER,
    ContainerEnvironment,
    container_environment,
)
from pulumi_poetry_layer.errors import InputError


def passed_on(variables: dict[str, str]) -> ContainerEnvironment:
    """What a container gets of a host with these variables, for a project that uses the source `inner`."""
    pyproject = PROJECT + source("inner")
    return container_environment(variables, access_of(variables, pyproject, [package(reference="inner")]))


def test_indexes_credentials_and_proxies_reach_the_container_and_nothing_else_does() -> None:
    """Otherwise a private index is refused, or the container gets secrets and paths that are none of its business."""
    passed = {
        "POETRY_HTTP_BASIC_INNER_USERNAME": "u",
        "POETRY_HTTP_BASIC_INNER_PASSWORD": "p",
        "POETRY_PYPI_TOKEN_INNER": "t",
        "POETRY_PYPI_MIRROR_URL": "http://mirror.invalid/simple",
        "HTTPS_PROXY": "http://proxy.invalid",
        "no_proxy": "localhost",
        "PIP_INDEX_URL": "http://index.invalid/simple/",
    }
    kept_back = {
        "AWS_SECRET_ACCESS_KEY": "s",
        "PULUMI_CONFIG_PASSPHRASE": "s",
        "MYSQL_CLIENT_CERT": "/home/u/mysql.pem",
        "PIP_CLIENT_CERT": "",
        "HOME": "/home/u",
        "PATH": "/home/u/bin",
        "PIP_FIND_LINKS": "/home/u/wheels",
        "POETRY_VIRTUALENVS_PATH": "/home/u/venvs",
        "VIRTUAL_ENV": "/home/u/venv",
    }
    environment = passed_on(passed | kept_back)
    assert environment.variables == passed
    assert environment.certificates == environment.keys == {}


def test_pip_installs_poetry_from_the_mirror_that_poetry_is_to_use() -> None:
    """Otherwise a build behind a company's proxy fails before Poetry is there."""
    mirror = "http://me:p%40ss@mirror.invalid/simple"
    assert passed_on({"POETRY_PYPI_MIRROR_URL": mirror}).variables["PIP_INDEX_URL"] == mirror


def test_certificate_bundles_go_along_and_are_named_by_their_place_in_the_container(tmp_path: Path) -> None:
    """Otherwise every download behind a company's proxy fails with a certificate error."""
    bundle = tmp_path / "company.pem"
    bundle.write_bytes(b"certificates")
    names = ("SSL_CERT_FILE", "POETRY_CERTIFICATES_INNER_CERT")
    environment = passed_on(dict.fromkeys(names, str(bundle)))
    assert set(environment.certificates.values()) == {b"certificates"}
    for name in names:
        folder, _, file_name = environment.variables[name].rpartition("/")
        assert folder == CERTIFICATES_FOLDER
        assert file_name in environment.certificates


def test_certificate_verification_can_be_switched_off() -> None:
    """Otherwise Poetry takes its own `POETRY_CERTIFICATES_<NAME>_CERT=false` for a file."""
    name = "POETRY_CERTIFICATES_INNER_CERT"
    assert passed_on({name: "false"}).variables == {}


def test_private_keys_are_kept_in_memory(tmp_path: Path) -> None:
    """Otherwise a client's key lies on the disk of the Docker daemon."""
    key = tmp_path / "client.pem"
    key.write_bytes(b"key")
    environment = passed_on({"POETRY_CERTIFICATES_INNER_CLIENT_CERT": str(key)})
    name = "poetry_certificates_inner_client_cert.pem"
    assert environment.variables == {"POETRY_CERTIFICATES_INNER_CLIENT_CERT": f"{KEYS_FOLDER}/{name}"}
    assert environment.keys == {name: b"key"}
    assert environment.certificates == {}
    assert "key" not in repr(environment).replace("_key", "")


def test_poetrys_http_library_is_told_of_a_bundle_that_only_others_know(tmp_path: Path) -> None:
    """Otherwise SSL_CERT_FILE counts for the wheels builder and not for Poetry."""
    bundle = tmp_path / "company.pem"
    bundle.touch()
    variables = passed_on({"SSL_CERT_FILE": str(bundle)}).variables
    assert variables["REQUESTS_CA_BUNDLE"] == variables["SSL_CERT_FILE"]


def test_unreadable_bundle_is_named_with_its_variable(tmp_path: Path) -> None:
    """Otherwise a user is told of a missing file and has to guess who asked for it."""
    with pytest.raises(InputError) as caught:
        passed_on({"REQUESTS_CA_BUNDLE": str(tmp_path / "gone.pem")})
    assert "REQUESTS_CA_BUNDLE" in str(caught.value)
    assert "gone.pem" in str(caught.value)
