"""What Poetry gets to reach the indexes, and that its files contain no login."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli
from samples import PROJECT, Package
from samples.access import URL, access_of, package, planned, source

from pulumi_poetry_layer import ContainerBuilder, LocalBuilder, WheelBuilder
from pulumi_poetry_layer.builders.poetry import index_access as index_access_module
from pulumi_poetry_layer.builders.poetry.index_access import index_access
from pulumi_poetry_layer.builders.poetry.pinned_lock import pin_lock
from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project

WITH_LOGIN = "https://me:p%40ssword@index.invalid/simple"


def test_files_without_logins_are_unchanged() -> None:
    """Otherwise Poetry may read the rewritten pyproject.toml in another way."""
    pyproject = PROJECT + source()
    access = access_of({"POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "p"}, pyproject, [package()])

    assert access.pyproject == pyproject
    assert access.lock("text") == "text"
    assert access.poetry_toml == ""
    assert access.variables == {
        "POETRY_HTTP_BASIC_MY_INDEX_USERNAME": "",
        "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "p",
    }


@pytest.mark.parametrize("constraint", [">=3.12.8", "==3.12.*,!=3.12.1", "<3.14,>3.12.0"])
def test_poetry_may_run_with_every_patch_release_of_the_runtime(constraint: str) -> None:
    """Otherwise Poetry refuses to install on a Python whose patch release is not that of the plan."""
    pyproject = f'{PROJECT.replace(">=3.9", constraint)}[tool.poetry.dependencies]\npython = "{constraint}"\n'
    plan, files = planned(pyproject, [package()])
    access = index_access(plan, files, Credentials(PoetryConfiguration({})))

    installed = parse_project(access.pyproject)
    assert set(installed.python.values()) == {"==3.12.*"}
    assert installed.groups == parse_project(pyproject).groups
    assert installed.matches(parse_lockfile(access.lock(pin_lock(files.lock, plan))))


def test_logins_in_addresses_are_in_the_environment_and_not_in_the_files() -> None:
    """Otherwise a killed build leaves a folder with passwords behind."""
    pyproject = PROJECT + source(url=WITH_LOGIN) + '[tool.poetry.dependencies]\ngit = { git = "' + WITH_LOGIN + '" }\n'
    git = Package(
        name="git",
        files=(),
        source={"type": "git", "url": WITH_LOGIN, "reference": "main", "resolved_reference": "a" * 40},
    )
    plan, files = planned(pyproject, [package(url=WITH_LOGIN), git])
    access = index_access(plan, files, Credentials(PoetryConfiguration({})))
    lock = access.lock(pin_lock(files.lock, plan))

    assert access.variables == {
        "POETRY_HTTP_BASIC_MY_INDEX_USERNAME": "me",
        "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "p@ssword",
        "POETRY_HTTP_BASIC_PULUMI_POETRY_LAYER_0_USERNAME": "me",
        "POETRY_HTTP_BASIC_PULUMI_POETRY_LAYER_0_PASSWORD": "p@ssword",
    }
    for text in (access.pyproject, lock, repr(access)):
        assert "p%40ssword" not in text
        assert "p@ssword" not in text
    assert [entry["url"] for entry in tomli.loads(access.pyproject)["tool"]["poetry"]["source"]] == [URL, URL]
    assert parse_project(access.pyproject).matches(parse_lockfile(lock))


def test_pypi_becomes_a_source_if_a_package_is_locked_from_it_although_a_source_replaces_it() -> None:
    """Otherwise Poetry 2 looks for the package on the private index; lock files of Poetry 1 can have this case."""
    pyproject = PROJECT + source(priority="primary")
    plan, files = planned(pyproject, [Package(name="app")])
    access = index_access(plan, files, Credentials(PoetryConfiguration({})))

    assert tomli.loads(access.pyproject)["tool"]["poetry"]["source"][-1] == {"name": "PyPI", "priority": "explicit"}
    assert parse_project(access.pyproject).matches(parse_lockfile(access.lock(pin_lock(files.lock, plan))))


@pytest.mark.parametrize(
    ("packages", "names"),
    [
        ([package()], {"my-index"}),
        ([package(files=("app-1.0.tar.gz",))], {"my-index", "main"}),
    ],
)
def test_logins_are_looked_up_only_for_sources_that_are_needed(packages: list[Package], names: set[str]) -> None:
    """Otherwise a keyring asks the user for passwords of indexes that are not used."""
    pyproject = PROJECT + source() + source("other") + source("main", "https://main.invalid/simple", "primary")
    plan, files = planned(pyproject, packages)
    looked_up: list[str] = []
    credentials = Credentials(PoetryConfiguration({}), keyring=lambda source, _: looked_up.append(source.name))
    index_access(plan, files, credentials)

    assert set(looked_up) == names


def test_certificate_check_is_turned_off_in_poetry_toml_and_bundles_are_in_variables(tmp_path: Path) -> None:
    """Otherwise Poetry takes `false` for the path of a file, or does not find the CA bundle."""
    bundle = tmp_path / "company.pem"
    bundle.touch()
    pyproject = PROJECT + source() + source("main", "https://main.invalid/simple")
    variables = {"POETRY_CERTIFICATES_MY_INDEX_CERT": "false", "POETRY_CERTIFICATES_MAIN_CERT": str(bundle)}
    access = access_of(variables, pyproject, [package(), package("other", "main")])

    assert tomli.loads(access.poetry_toml) == {"certificates": {"my-index": {"cert": False}}}
    assert access.certificate_variables() == {"POETRY_CERTIFICATES_MAIN_CERT": str(bundle)}
    assert access.without_disabled_certificates(variables) == {"POETRY_CERTIFICATES_MAIN_CERT": str(bundle)}


@pytest.mark.parametrize("kind", ["wheels", "local", "container"])
def test_credentials_are_not_in_the_options_of_a_builder(kind: str) -> None:
    """Otherwise the password is in the state of the stack, because options are inputs of a resource."""
    builder = make_builder(kind, {}, {"inner": ("me", "hunter22")})

    assert isinstance(builder, WheelBuilder | LocalBuilder | ContainerBuilder)
    assert builder.credentials == {"inner": ("me", "hunter22")}
    assert builder.options() == {}
    assert "hunter22" not in repr(builder) + repr(builder.identity)


@pytest.mark.parametrize(
    ("installed", "variables", "asks"),
    [
        (False, {}, True),
        (True, {}, False),
        (False, {"POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "p"}, False),
        (False, {"POETRY_KEYRING_ENABLED": "false"}, False),
    ],
)
def test_poetry_asks_the_keyring_if_the_keyring_package_is_not_installed_here(
    monkeypatch: pytest.MonkeyPatch, installed: bool, variables: dict[str, str], asks: bool
) -> None:
    """Otherwise logins of `poetry config http-basic.my-index me` work for `poetry install` but not here."""
    monkeypatch.setattr(index_access_module, "keyring_is_installed", lambda: installed)

    assert access_of(variables, PROJECT + source(), [package()]).asks_keyring is asks
    assert not access_of({"POETRY_PYPI_MIRROR_URL": URL, **variables}).asks_keyring
