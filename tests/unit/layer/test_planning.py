"""Tests of what a plan takes from this host: Poetry's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import PROJECT, PROJECTS, Package, lock_text

from pulumi_poetry_layer.builders.registry import make_builder
from pulumi_poetry_layer.bytecode.compiler import find_compiler
from pulumi_poetry_layer.errors import HostError, InputError
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest


@pytest.mark.parametrize(
    ("users", "own", "variable", "suffix"),
    [
        ("", "", None, ".whl"),
        ('no-binary = ["app"]', "", None, ".tar.gz"),
        ('no-binary = ["app"]', 'no-binary = ["other"]', None, ".whl"),
        ("", 'no-binary = ["app"]', None, ".tar.gz"),
        ("", 'no-binary = ["app"]', ":none:", ".whl"),
        ("", "", "app", ".tar.gz"),
    ],
)
def test_settings_of_poetry_decide_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, users: str, own: str, variable: str | None, suffix: str
) -> None:
    """The layer would contain a wheel that the user or the project does not want."""
    project, configuration = tmp_path / "project", tmp_path / "configuration"
    project.mkdir()
    configuration.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    (project / "poetry.lock").write_text(lock_text(PROJECT, [Package(name="app")]))
    (project / "poetry.toml").write_text(f"[installer]\n{own}\n")
    (configuration / "config.toml").write_text(f"[installer]\n{users}\n")
    monkeypatch.setenv("POETRY_CONFIG_DIR", str(configuration))
    monkeypatch.delenv("POETRY_INSTALLER_NO_BINARY", raising=False)
    if variable is not None:
        monkeypatch.setenv("POETRY_INSTALLER_NO_BINARY", variable)

    (package,) = plan_request(LayerRequest(project_dir=project, runtime="python3.12"))[0].packages

    assert package.file is not None
    assert package.file.name.endswith(suffix)


def bytecode_request(bytecode: object, runtime: str = "python3.12", builder: str = "wheels") -> LayerRequest:
    """A request for the base project."""
    return LayerRequest(
        project_dir=PROJECTS / "base",
        runtime=runtime,
        builder=make_builder(builder),
        bytecode=bytecode,  # type: ignore[arg-type]
    )


@pytest.fixture
def any_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with every Python."""
    monkeypatch.setattr("pulumi_poetry_layer.bytecode.compiler.find_compiler", lambda _: None)


@pytest.mark.usefixtures("any_compiler")
def test_bytecode_is_in_the_fingerprint_with_the_version_or_the_pinned_release() -> None:
    """A runner with another patch release would publish a new layer version, or a pin would publish none."""
    plans = {value: plan_request(bytecode_request(value))[0] for value in (False, True, "3.12.1", "3.12.4")}
    assert (
        plans[False].fingerprint
        == plan_request(LayerRequest(project_dir=PROJECTS / "base", runtime="python3.12"))[0].fingerprint
    )
    assert {value: plan.bytecode for value, plan in plans.items()} == {
        False: None,
        True: "3.12",
        "3.12.1": "3.12.1",
        "3.12.4": "3.12.4",
    }
    assert len({plan.fingerprint for plan in plans.values()}) == 4


@pytest.mark.parametrize("value", ["3.13.1", "3.12", "", "yes", 3.12, 1])
def test_bytecode_that_is_no_release_of_the_runtime_is_refused(value: object) -> None:
    """Python would ignore the compiled modules of another version."""
    with pytest.raises(InputError, match="bytecode: ") as caught:
        plan_request(bytecode_request(value))
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(("value", "wanted"), [(True, "3.12"), ("3.12.99", "3.12.99")])
def test_plan_fails_with_the_command_that_brings_the_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: object, wanted: str
) -> None:
    """Otherwise the update fails after everything was downloaded, and the user does not know what to install."""
    monkeypatch.setattr("pulumi_poetry_layer.bytecode.compiler.find_python", lambda _: None)
    find_compiler.cache_clear()
    with pytest.raises(HostError) as caught:
        plan_request(bytecode_request(value))
    assert f"bytecode: needs CPython {wanted}, and this machine has none" in str(caught.value)
    assert f"uv python install {wanted}" in str(caught.value)


def test_container_builder_needs_no_python_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It compiles with the Python of its image."""
    monkeypatch.setattr("pulumi_poetry_layer.bytecode.compiler.find_python", lambda _: None)
    find_compiler.cache_clear()
    assert plan_request(bytecode_request(True, builder="container"))[0].bytecode == "3.12"
