"""Tests of what a plan takes from this host: Poetry's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import PROJECT, Package, lock_text

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
