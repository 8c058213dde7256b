"""What LocalBuilder makes of its host; the real Poetry is run in tests/e2e/test_local_builder.py."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
from samples import PROJECTS
from samples.access import access_of

from pulumi_poetry_layer.builders import make_builder
from pulumi_poetry_layer.builders.local import (
    LocalBuilder,
    check_host,
    find_interpreter,
    poetry_environment,
)
from pulumi_poetry_layer.builders.poetry.install import install_arguments
from pulumi_poetry_layer.errors import HostError
from pulumi_poetry_layer.layer.build import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.plan.target import RUNTIMES, Target

PROJECT = PROJECTS / "base"
RUNTIME = "python{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A host that can build x86_64."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    return monkeypatch


def test_host_of_the_targets_kind_is_taken(linux: pytest.MonkeyPatch) -> None:
    """Otherwise the builder is of no use at all."""
    check_host(Target("python3.12", "x86_64"))


@pytest.mark.parametrize(
    ("function", "answer", "message"),
    [
        ("system", "Darwin", "for python3.12 on x86_64 on Darwin"),
        ("libc_ver", ("", ""), "on a Linux without glibc"),
        ("machine", "aarch64", "which is aarch64, not x86_64"),
    ],
)
def test_other_host_is_refused_and_another_builder_named(
    linux: pytest.MonkeyPatch, function: str, answer: object, message: str
) -> None:
    """Otherwise a layer built on a Mac is published and fails to import in AWS."""
    linux.setattr(platform, function, lambda: answer)
    with pytest.raises(HostError) as caught:
        check_host(Target("python3.12", "x86_64"))
    assert message in str(caught.value)
    assert "wheels builder" in str(caught.value)


@pytest.mark.skipif(RUNTIME not in RUNTIMES, reason="no such runtime")
def test_running_python_is_used_when_it_is_of_the_targets_version() -> None:
    """Otherwise a virtual environment without other Pythons on PATH cannot build."""
    assert find_interpreter(Target(RUNTIME, "x86_64")).path == sys.executable


def test_python_on_path_is_found_and_asked_for_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a python3.9 that is something else makes a layer full of wrong native files."""
    missing = "python3.9"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match=r"needs python3\.9; this host runs .* has no python3\.9 on PATH"):
        find_interpreter(Target(missing, "x86_64"))
    fake = tmp_path / missing
    fake.write_text("#!/bin/sh\necho python3.8\n")
    fake.chmod(0o755)
    with pytest.raises(HostError):
        find_interpreter(Target(missing, "x86_64"))
    fake.write_text("#!/bin/sh\necho python3.9\n")
    assert find_interpreter(Target(missing, "x86_64")).path == str(fake)


def test_poetry_sees_credentials_and_network_settings_but_no_configuration(tmp_path: Path) -> None:
    """Otherwise the build depends on who runs it, or writes into the environment that is active."""
    kept = {
        "POETRY_HTTP_BASIC_PRIVATE_USERNAME": "u",
        "POETRY_HTTP_BASIC_PRIVATE_PASSWORD": "p",
        "POETRY_CERTIFICATES_PRIVATE_CERT": "c",
        "POETRY_PYPI_MIRROR_URL": "m",
        "HTTPS_PROXY": "x",
        "SSL_CERT_FILE": "s",
        "HOME": "h",
        "PATH": "/bin",
    }
    dropped = {
        "VIRTUAL_ENV": "v",
        "VIRTUAL_ENV_PROMPT": "v",
        "CONDA_PREFIX": "c",
        "PYTHONPATH": "p",
        "PYTHONHOME": "p",
        "PIP_INDEX_URL": "i",
        "POETRY_VIRTUALENVS_PATH": "q",
        "POETRY_INSTALLER_NO_BINARY": ":all:",
        "POETRY_HOME": "z",
        "PULUMI_CONFIG": '{"poetry-layer:httpBasic.private.password": "p"}',
        "PULUMI_CONFIG_PASSPHRASE": "p",
    }
    environment = poetry_environment(kept | dropped, tmp_path, access_of({}))
    assert kept.items() <= environment.items()
    assert not dropped.keys() & environment.keys()
    assert environment["POETRY_VIRTUALENVS_IN_PROJECT"] == "true"
    assert environment["POETRY_CONFIG_DIR"].startswith(str(tmp_path))
    assert environment["POETRY_KEYRING_ENABLED"] == "false"
    assert environment["REQUESTS_CA_BUNDLE"] == "s"


def test_poetry_is_asked_for_the_chosen_groups_and_extras_without_the_project() -> None:
    """Otherwise the layer holds the project itself, or packages nobody asked for."""
    request = LayerRequest(
        project_dir=PROJECT, runtime="python3.12", groups=("main", "debug"), extras=("yaml",), builder=LocalBuilder()
    )
    plan, _ = plan_request(request)
    assert install_arguments(plan)[:6] == ["install", "--no-root", "--only", "debug,main", "--extras", "yaml"]


def test_options_make_the_same_builder_again() -> None:
    """Otherwise Pulumi's provider process builds with another Poetry than the user named."""
    assert LocalBuilder().options() == {}
    builder = LocalBuilder(poetry="/opt/poetry/bin/poetry")
    again = make_builder("local", builder.options())
    assert isinstance(again, LocalBuilder)
    assert again.poetry == builder.poetry
