"""Logins for indexes in the configuration of a stack."""

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

NOTHING: Mapping[str, Any] = {}
CONFIGURED: Mapping[str, Any] = {"httpBasic.inner.password": "p"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two sources."""
    (tmp_path / "pyproject.toml").write_text(PROJECT + source("inner") + source("my.index"))
    return tmp_path


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider process that was not configured yet."""
    monkeypatch.setattr(provider, "_STACK", [])


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
        ({"httpBasic.stranger.password": "p"}, {}),
    ],
)
def test_logins_are_found_by_the_names_of_sources(
    project: Path, configured: Mapping[str, Any], expected: Mapping[str, tuple[str, str]]
) -> None:
    """`pulumi config set` writes the key as it is, and with `--path` a nested object."""
    assert stack_credentials(configured.get, project) == expected


@pytest.mark.parametrize(
    "configured", [{"httpBasic": "hunter22"}, {"httpBasic": '["hunter22"]'}, {"httpBasic": '{"inner": "hunter22"}'}]
)
def test_what_is_no_login_is_told_without_showing_it(project: Path, configured: Mapping[str, Any]) -> None:
    """A user would look for a missing password that is there, one level too high."""
    with pytest.raises(InputError, match="must be an object") as caught:
        stack_credentials(configured.get, project)
    assert "poetry-layer:httpBasic" in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_a_project_that_cannot_be_read_is_left_to_the_plan(tmp_path: Path) -> None:
    """The same problem would be told twice, the second time as a traceback."""
    assert stack_credentials(NOTHING.get, tmp_path) == {}


def test_a_builder_keeps_its_options(project: Path) -> None:
    """A login in the configuration would have another Poetry build the layer."""
    request = LayerRequest(project_dir=project, runtime="python3.12", builder=LocalBuilder(poetry="/opt/poetry"))
    found = with_stack_credentials(request, CONFIGURED.get).builder

    assert isinstance(found, LocalBuilder)
    assert (found.poetry, found.credentials) == ("/opt/poetry", {"inner": ("", "p")})
    assert with_stack_credentials(request, NOTHING.get) is request


def test_the_provider_has_the_login_in_its_process_and_never_in_itself(project: Path) -> None:
    """The provider is pickled into the stack's state."""
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


def test_a_builder_with_credentials_is_told_where_they_go() -> None:
    """The process that builds would not have them, and Pulumi could bring them there through the state alone."""
    (problem,) = credentials_problems(WheelBuilder(credentials={"my-index": ("me", "hunter22")}))

    assert "pulumi config set --secret poetry-layer:httpBasic.my-index.password" in str(problem.hint)
    assert "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD" in str(problem.hint)
    assert "hunter22" not in str(problem)
    assert list(credentials_problems("wheels")) == list(credentials_problems(LocalBuilder())) == []
