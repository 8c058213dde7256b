"""Which environment variables of this host the programs in a container get."""

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


def environment_of(variables: dict[str, str]) -> ContainerEnvironment:
    """The container's environment on a host with these variables, for a project that uses the source `inner`."""
    pyproject = PROJECT + source("inner")
    return container_environment(variables, access_of(variables, pyproject, [package(reference="inner")]))


def test_container_gets_indexes_credentials_and_proxies_and_nothing_else() -> None:
    """Otherwise a private index refuses the build, or the container gets secrets and paths that it does not need."""
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
    environment = environment_of(passed | kept_back)
    assert environment.variables == passed
    assert environment.certificates == environment.keys == {}


@pytest.mark.parametrize("name", ["../../../etc/x", "a/b", "a" * 300])
def test_name_of_a_source_does_not_lead_out_of_the_folder_for_certificates(tmp_path: Path, name: str) -> None:
    """A pyproject.toml could overwrite any file in the build container."""
    (tmp_path / "ca.pem").write_bytes(b"ca")
    variable = f"POETRY_CERTIFICATES_{name.upper()}_CERT"

    environment = environment_of({variable: str(tmp_path / "ca.pem")})

    (file,) = environment.certificates
    assert "/" not in file
    assert len(file) < 200
    assert environment.variables[variable] == f"{CERTIFICATES_FOLDER}/{file}"


def test_pip_installs_poetry_from_the_mirror_of_pypi() -> None:
    """Otherwise a build behind a company's proxy fails before Poetry is installed."""
    mirror = "http://me:p%40ss@mirror.invalid/simple"
    assert environment_of({"POETRY_PYPI_MIRROR_URL": mirror}).variables["PIP_INDEX_URL"] == mirror


def test_ca_bundles_are_copied_and_variables_have_their_paths_in_the_container(tmp_path: Path) -> None:
    """Otherwise every download behind a company's proxy fails with a certificate error."""
    bundle = tmp_path / "company.pem"
    bundle.write_bytes(b"certificates")
    names = ("SSL_CERT_FILE", "POETRY_CERTIFICATES_INNER_CERT")
    environment = environment_of(dict.fromkeys(names, str(bundle)))
    assert set(environment.certificates.values()) == {b"certificates"}
    for name in names:
        folder, _, file_name = environment.variables[name].rpartition("/")
        assert folder == CERTIFICATES_FOLDER
        assert file_name in environment.certificates


def test_variable_that_turns_a_certificate_check_off_is_not_passed() -> None:
    """Otherwise Poetry takes `POETRY_CERTIFICATES_<NAME>_CERT=false` for the path of a file."""
    name = "POETRY_CERTIFICATES_INNER_CERT"
    assert environment_of({name: "false"}).variables == {}


def test_client_certificate_is_in_the_memory_of_the_container(tmp_path: Path) -> None:
    """Otherwise a private key is on the disk of the Docker daemon."""
    key = tmp_path / "client.pem"
    key.write_bytes(b"key")
    environment = environment_of({"POETRY_CERTIFICATES_INNER_CLIENT_CERT": str(key)})
    name = "poetry_certificates_inner_client_cert.pem"
    assert environment.variables == {"POETRY_CERTIFICATES_INNER_CLIENT_CERT": f"{KEYS_FOLDER}/{name}"}
    assert environment.keys == {name: b"key"}
    assert environment.certificates == {}
    assert "key" not in repr(environment).replace("_key", "")


def test_ssl_cert_file_also_sets_requests_ca_bundle(tmp_path: Path) -> None:
    """Otherwise SSL_CERT_FILE works for the wheels builder but not for Poetry."""
    bundle = tmp_path / "company.pem"
    bundle.touch()
    variables = environment_of({"SSL_CERT_FILE": str(bundle)}).variables
    assert variables["REQUESTS_CA_BUNDLE"] == variables["SSL_CERT_FILE"]


def test_missing_ca_bundle_is_an_error_with_its_path_and_variable(tmp_path: Path) -> None:
    """Otherwise the user sees a missing file and has to guess which variable refers to it."""
    with pytest.raises(InputError) as caught:
        environment_of({"REQUESTS_CA_BUNDLE": str(tmp_path / "gone.pem")})
    assert "REQUESTS_CA_BUNDLE" in str(caught.value)
    assert "gone.pem" in str(caught.value)
