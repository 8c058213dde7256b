"""How LocalBuilder checks its host. tests/e2e/test_local_builder.py runs the real Poetry."""

from __future__ import annotations

import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from samples import PROJECTS
from samples.access import access_of

from pulumi_poetry_layer.builders.local import (
    LocalBuilder,
    check_host,
    find_interpreter,
    poetry_environment,
)
from pulumi_poetry_layer.builders.poetry.install import install_arguments
from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.errors import HostError, SubprocessError
from pulumi_poetry_layer.host.cache import cache_folder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.plan.build_plan import BuildPlan
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


def test_host_that_matches_the_target_is_accepted(linux: pytest.MonkeyPatch) -> None:
    """Otherwise the local builder cannot build anything."""
    check_host(Target("python3.12", "x86_64"))


@pytest.mark.parametrize(
    ("function", "answer", "message"),
    [
        ("system", "Darwin", "for python3.12 on x86_64 on Darwin"),
        ("libc_ver", ("", ""), "on Linux without glibc"),
        ("machine", "aarch64", "which is aarch64, not x86_64"),
    ],
)
def test_other_host_is_refused_with_a_hint_to_another_builder(
    linux: pytest.MonkeyPatch, function: str, answer: object, message: str
) -> None:
    """Otherwise a layer built on a Mac is published and fails to import in AWS."""
    linux.setattr(platform, function, lambda: answer)
    with pytest.raises(HostError) as caught:
        check_host(Target("python3.12", "x86_64"))
    assert message in str(caught.value)
    assert "wheels builder" in str(caught.value)


@pytest.mark.skipif(RUNTIME not in RUNTIMES, reason="no such runtime")
def test_running_python_is_used_if_it_has_the_targets_version() -> None:
    """Otherwise a virtual environment without another Python on PATH cannot build."""
    assert find_interpreter(Target(RUNTIME, "x86_64")).path == sys.executable


def test_python_on_path_is_used_only_if_it_has_the_targets_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a python3.9 that is another version makes a layer with native files that do not load."""
    missing = "python3.9"
    monkeypatch.setenv("PATH", str(tmp_path))
    message = r"needs python3\.9; this host runs .* has no python3\.9 on PATH"
    with pytest.raises(HostError, match=message) as caught:
        find_interpreter(Target(missing, "x86_64"))
    assert "install python3.9, or use the wheels builder" in str(caught.value.hint)
    fake = tmp_path / missing
    fake.write_text("#!/bin/sh\necho python3.8\n")
    fake.chmod(0o755)
    with pytest.raises(HostError):
        find_interpreter(Target(missing, "x86_64"))
    fake.write_text("#!/bin/sh\necho python3.9\n")
    assert find_interpreter(Target(missing, "x86_64")).path == str(fake)


def plan_of_project() -> BuildPlan:
    """A plan for the local builder."""
    return plan_request(LayerRequest(project_dir=PROJECT, runtime="python3.12", builder=LocalBuilder()))[0]


def test_poetry_has_a_cache_for_each_set_of_build_constraints(tmp_path: Path) -> None:
    """Poetry would use a wheel again that it has built with other requirements."""
    plan = plan_of_project()
    limited = replace(plan, packages=(replace(plan.packages[0], build_constraints=("a <2",)), *plan.packages[1:]))
    caches = {
        poetry_environment({}, tmp_path, cache_folder("poetry"), access_of({}), each)["POETRY_CACHE_DIR"]
        for each in (plan, limited, limited)
    }

    assert len(caches) == 2
    assert min(caches) == str(cache_folder("poetry"))


def test_poetry_gets_credentials_and_network_settings_but_no_other_configuration(tmp_path: Path) -> None:
    """Otherwise the build depends on the user's configuration, or installs into the active environment."""
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
    environment = poetry_environment(kept | dropped, tmp_path, tmp_path / "cache", access_of({}), plan_of_project())
    assert kept.items() <= environment.items()
    assert not dropped.keys() & environment.keys()
    assert environment["POETRY_VIRTUALENVS_IN_PROJECT"] == "true"
    assert environment["POETRY_CONFIG_DIR"].startswith(str(tmp_path))
    assert environment["POETRY_KEYRING_ENABLED"] == "false"
    assert environment["REQUESTS_CA_BUNDLE"] == "s"


def test_poetry_installs_the_chosen_groups_and_extras_without_the_project() -> None:
    """Otherwise the layer contains the project itself, or packages of other groups."""
    request = LayerRequest(
        project_dir=PROJECT, runtime="python3.12", groups=("main", "debug"), extras=("yaml",), builder=LocalBuilder()
    )
    plan, _ = plan_request(request)
    assert install_arguments(plan)[:4] == ["install", "--no-root", "--only=debug,main", "--extras=yaml"]


def test_options_make_the_same_builder_again() -> None:
    """Otherwise Pulumi's provider process builds with another Poetry than the user chose."""
    assert LocalBuilder().options() == {}
    builder = LocalBuilder(poetry="/opt/poetry/bin/poetry")
    again = make_builder("local", builder.options())
    assert isinstance(again, LocalBuilder)
    assert again.poetry == builder.poetry


@pytest.mark.skipif(
    (platform.system(), platform.libc_ver()[0]) != ("Linux", "glibc"),
    reason="the local builder needs a Linux with glibc",
)
@pytest.mark.skipif(RUNTIME not in RUNTIMES, reason="no such runtime")
@pytest.mark.parametrize("is_usable", [True, False])
def test_poetry_gets_a_temporary_cache_if_the_cache_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_usable: bool
) -> None:
    """A build with a cache folder of another user would fail, but one with the wheels builder would not."""
    cache, poetry, seen = tmp_path / "cache", tmp_path / "poetry", tmp_path / "seen"
    if not is_usable:
        cache.write_bytes(b"a file")
    poetry.write_text(f'#!/bin/sh\nmkdir -p "$POETRY_CACHE_DIR" && echo "$POETRY_CACHE_DIR" > {seen}; exit 1\n')
    poetry.chmod(0o755)
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(cache))
    architecture = "arm64" if platform.machine() == "aarch64" else "x86_64"
    request = LayerRequest(
        project_dir=PROJECT, runtime=RUNTIME, architecture=architecture, builder=LocalBuilder(poetry=str(poetry))
    )
    with pytest.raises(SubprocessError, match="ended with exit code 1"):
        build_request(request, tmp_path / "layer.zip")

    used = Path(seen.read_text().strip())
    assert used.is_relative_to(cache) is is_usable
    assert used.exists() is is_usable
    warned = "the cache of Poetry cannot be used, so this build keeps nothing" in caplog.text
    assert warned is not is_usable
