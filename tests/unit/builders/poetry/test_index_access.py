"""How a Poetry in a folder of its own gets at indexes, and that the folder holds no login."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli
from samples import PROJECT, Package
from samples.access import URL, access_of, package, planned, source

from pulumi_poetry_layer import ContainerBuilder, LocalBuilder, WheelBuilder
from pulumi_poetry_layer.builders import make_builder
from pulumi_poetry_layer.builders.poetry import index_access as index_access_module
from pulumi_poetry_layer.builders.poetry.index_access import index_access
from pulumi_poetry_layer.builders.poetry.pinned_lock import pin_lock
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project

WITH_LOGIN = "https://me:p%40ssword@index.invalid/simple"


def test_a_project_without_logins_is_taken_as_it_is() -> None:
    """A rewritten pyproject.toml could mean something else to Poetry."""
    pyproject = PROJECT + source()
    access = access_of({"POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "p"}, pyproject, [package()])

    assert access.pyproject == pyproject
    assert access.lock("text") == "text"
    assert access.settings == ""
    assert access.variables == {
        "POETRY_HTTP_BASIC_MY_INDEX_USERNAME": "",
        "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "p",
    }


def test_logins_in_addresses_go_into_the_environment_and_out_of_the_files() -> None:
    """A build that is killed leaves its folder behind, and the passwords in it."""
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


def test_a_package_from_pypi_is_installed_from_there_though_a_source_replaces_it() -> None:
    """A lock of Poetry 1 may say so, and Poetry 2 would take the package from the private index."""
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
def test_only_sources_that_are_asked_for_something_are_looked_up(packages: list[Package], names: set[str]) -> None:
    """A keyring would ask its user for the passwords of indexes that nothing comes from."""
    pyproject = PROJECT + source() + source("other") + source("main", "https://main.invalid/simple", "primary")
    plan, files = planned(pyproject, packages)
    asked: list[str] = []
    index_access(plan, files, Credentials(PoetryConfiguration({}), keyring=lambda found, _: asked.append(found.name)))

    assert set(asked) == names


def test_certificates_are_named_and_switched_off_where_poetry_looks(tmp_path: Path) -> None:
    """Poetry would take `false` for the name of a file."""
    bundle = tmp_path / "company.pem"
    bundle.touch()
    pyproject = PROJECT + source() + source("main", "https://main.invalid/simple")
    variables = {"POETRY_CERTIFICATES_MY_INDEX_CERT": "false", "POETRY_CERTIFICATES_MAIN_CERT": str(bundle)}
    access = access_of(variables, pyproject, [package(), package("other", "main")])

    assert tomli.loads(access.settings) == {"certificates": {"my-index": {"cert": False}}}
    assert access.certificate_variables() == {"POETRY_CERTIFICATES_MAIN_CERT": str(bundle)}
    assert access.unset(variables) == {"POETRY_CERTIFICATES_MAIN_CERT": str(bundle)}


@pytest.mark.parametrize("kind", ["wheels", "local", "container"])
def test_credentials_of_a_builder_are_no_options_of_it(kind: str) -> None:
    """Options are inputs of a resource: the password would lie in the stack's state."""
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
def test_poetry_asks_the_keyring_where_this_package_cannot(
    monkeypatch: pytest.MonkeyPatch, installed: bool, variables: dict[str, str], asks: bool
) -> None:
    """`poetry config http-basic.my-index me` works for `poetry install`, and would not here without an extra."""
    monkeypatch.setattr(index_access_module, "keyring_is_installed", lambda: installed)

    assert access_of(variables, PROJECT + source(), [package()]).asks_keyring is asks
    assert not access_of({"POETRY_PYPI_MIRROR_URL": URL, **variables}).asks_keyring
