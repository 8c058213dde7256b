"""Credentials for indexes from the configuration of a stack."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config
from samples import PROJECT
from samples.access import source

from pulumi_poetry_layer import LocalBuilder, WheelBuilder, provider
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.layer.stack_credentials import credentials_problems, stack_credentials, with_stack_credentials
from pulumi_poetry_layer.provider import LayerBuildProvider

EMPTY: Mapping[str, Any] = {}
CONFIGURED: Mapping[str, Any] = {"httpBasic.inner.password": "p"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two sources."""
    (tmp_path / "pyproject.toml").write_text(PROJECT + source("inner") + source("my.index"))
    return tmp_path


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider process that is not configured yet."""
    monkeypatch.setattr(provider, "_configurations", [])


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ({}, {}),
        ({"httpBasic.inner.username": "me", "httpBasic.inner.password": "p"}, {"inner": ("me", "p")}),
        ({"httpBasic.inner.password": "token"}, {"inner": ("", "token")}),
        ({"httpBasic.my.index.password": "p"}, {"my.index": ("", "p")}),
        ({"httpBasic.pypi.username": "me", "httpBasic.pypi.password": "p"}, {"pypi": ("me", "p")}),
        ({"httpBasic": '{"inner": {"username": "me", "password": "p"}, "other": 1}'}, {"inner": ("me", "p")}),
        ({"httpBasic": {"inner": {"password": 123456}}}, {"inner": ("", "123456")}),
        ({"httpBasic": '{"inner": {"username": "me"}}', "httpBasic.inner.password": "p"}, {"inner": ("me", "p")}),
        ({"httpBasic.unlisted.password": "p"}, {}),
    ],
)
def test_credentials_are_found_by_the_name_of_the_source(
    project: Path, configured: Mapping[str, Any], expected: Mapping[str, tuple[str, str]]
) -> None:
    """Credentials that `pulumi config set` wrote, with or without `--path`, would not be used."""
    assert stack_credentials(configured.get, project) == expected


@pytest.mark.parametrize(
    "configured", [{"httpBasic": "hunter22"}, {"httpBasic": '["hunter22"]'}, {"httpBasic": '{"inner": "hunter22"}'}]
)
def test_value_that_is_not_an_object_is_refused_and_not_shown(project: Path, configured: Mapping[str, Any]) -> None:
    """A user who set the password one level too high would be told that it is missing, or the log would show it."""
    with pytest.raises(InputError, match="must be an object") as caught:
        stack_credentials(configured.get, project)
    assert "poetry-layer:httpBasic" in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_project_that_cannot_be_read_gives_no_credentials_and_no_error(tmp_path: Path) -> None:
    """The same problem would be reported twice, the second time as a traceback."""
    assert stack_credentials(EMPTY.get, tmp_path) == {}


def test_builder_with_credentials_of_the_stack_keeps_its_options(project: Path) -> None:
    """With credentials in the configuration, another Poetry would build the layer."""
    request = LayerRequest(project_dir=project, runtime="python3.12", builder=LocalBuilder(poetry="/opt/poetry"))
    found = with_stack_credentials(request, CONFIGURED.get).builder

    assert isinstance(found, LocalBuilder)
    assert (found.poetry, found.credentials) == ("/opt/poetry", {"inner": ("", "p")})
    assert with_stack_credentials(request, EMPTY.get) is request


def test_provider_gets_the_credentials_and_does_not_pickle_them(project: Path) -> None:
    """The state, which contains the pickled provider, would contain the password."""
    found = LayerBuildProvider()
    before = pickle.dumps(found)
    found.configure(ConfigureRequest(Config({"poetry-layer:httpBasic.inner.password": "hunter22"}, "program")))
    request = provider._request(
        {
            "project_dir": str(project),
            "runtime": "python3.12",
            "architecture": "x86_64",
            "groups": ["main"],
            "extras": [],
            "exclude": [],
            "builder": "wheels",
            "builder_options": {},
        }
    )

    assert isinstance(request.builder, WheelBuilder)
    assert request.builder.credentials == {"inner": ("", "hunter22")}
    assert vars(found) == {}
    assert pickle.dumps(found) == before


def test_builder_with_credentials_is_refused_with_the_command_for_the_stack() -> None:
    """The password would be written into the state, or would be missing in the provider's process."""
    (problem,) = credentials_problems(WheelBuilder(credentials={"my-index": ("me", "hunter22")}))

    assert "pulumi config set --secret poetry-layer:httpBasic.my-index.password" in str(problem.hint)
    assert "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD" in str(problem.hint)
    assert "hunter22" not in str(problem)
    assert list(credentials_problems("wheels")) == list(credentials_problems(LocalBuilder())) == []
