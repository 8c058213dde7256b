"""LocalBuilder with the real Poetry."""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli
import tomli_w

from .harness import Machine
from .harness.one_layer import PROJECTS, RUNTIME

HISTORY = PROJECTS.parent / "data" / "lock_history" / "powertools.tar.xz"

NewMachine = Callable[[str], Machine]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the base project."""
    return Path(shutil.copytree(PROJECTS / "base", tmp_path / "project"))


def build(
    machine: Machine,
    project: Path,
    output: Path,
    *,
    cwd: Path,
    extra: str | None = "yaml",
    builder: str = "local",
    **env: str,
) -> dict[str, Any]:
    """Build with the command line, and return its JSON output."""
    arguments = ["--project-dir", str(project), "--runtime", RUNTIME, "--builder", builder]
    arguments += ["--extra", extra] if extra else []
    command = ["python", "-m", "pulumi_poetry_layer", "build", *arguments, "--output", str(output), "--json"]
    done = machine.run(command, cwd=cwd, env=env)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_builds_by_other_users_in_other_folders_are_byte_identical(
    new_machine: NewMachine, project: Path, tmp_path: Path
) -> None:
    """Otherwise laptop and CI publish different layers from one lock file."""
    elsewhere = Path(shutil.copytree(project, tmp_path / "deep" / "er" / "checkout"))
    first = build(new_machine("first"), project, tmp_path / "1.zip", cwd=tmp_path)
    second = build(
        new_machine("second"), elsewhere, tmp_path / "2.zip", cwd=elsewhere, TZ="Asia/Tokyo", LC_ALL="C", USER="other"
    )
    assert first["sha256"] == second["sha256"]
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_layer_has_the_packages_and_nothing_else_of_the_virtual_environment(
    new_machine: NewMachine, project: Path, tmp_path: Path
) -> None:
    """Otherwise pip, bytecode and paths of the build machine are published to AWS."""
    build(new_machine("laptop"), project, tmp_path / "layer.zip", cwd=tmp_path)
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        names = archive.namelist()
        content = b"".join(archive.read(name) for name in names)
    assert {name.split("/")[1] for name in names} == {
        "PyYAML-6.0.2.dist-info",
        "_yaml",
        "idna",
        "idna-3.10.dist-info",
        "six-1.16.0.dist-info",
        "six.py",
        "yaml",
    }
    assert not [name for name in names if name.endswith(".pyc") or "__pycache__" in name]
    assert str(tmp_path).encode() not in content


def test_users_environment_and_configuration_are_neither_used_nor_changed(
    new_machine: NewMachine, project: Path, tmp_path: Path
) -> None:
    """Otherwise a build installs into the active virtual environment, or depends on the user's settings."""
    machine = new_machine("laptop")
    active = tmp_path / "active"
    machine.run([sys.executable, "-m", "venv", "--without-pip", active], cwd=tmp_path)
    settings = machine.home / ".config" / "pypoetry" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[virtualenvs]\ncreate = false\nin-project = false\n")
    before = {path: path.stat().st_mtime_ns for path in (*active.rglob("*"), settings, *project.rglob("*"))}

    build(
        machine,
        project,
        tmp_path / "layer.zip",
        cwd=project,
        VIRTUAL_ENV=str(active),
        PYTHONPATH=str(tmp_path),
        POETRY_VIRTUALENVS_PATH=str(tmp_path / "venvs"),
        POETRY_VIRTUALENVS_CREATE="false",
        XDG_CONFIG_HOME=str(machine.home / ".config"),
    )

    after = {path: path.stat().st_mtime_ns for path in (*active.rglob("*"), settings, *project.rglob("*"))}
    assert after == before
    assert not (tmp_path / "venvs").exists()


def test_layer_with_path_dependencies_is_the_same_as_with_the_wheels_builder(
    new_machine: NewMachine, tmp_path: Path
) -> None:
    """Otherwise path dependencies cannot be used, are installed as links to this host, or differ."""
    project = Path(shutil.copytree(PROJECTS / "paths", tmp_path / "checkout")) / "service"
    machine = new_machine("laptop")
    contents = []
    for builder in ("local", "wheels"):
        build(machine, project, tmp_path / "layer.zip", cwd=tmp_path, extra=None, builder=builder)
        with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
            contents.append({name: archive.read(name) for name in archive.namelist()})
    assert contents[0] == contents[1]
    assert {"python/shared/__init__.py", "python/base_lib/__init__.py", "python/vendored.py"} < contents[0].keys()
    assert not [name for name, data in contents[0].items() if b"file:" in data or str(tmp_path).encode() in data]


def old_lock(project: Path) -> None:
    """Rewrite a project's lock file in lock version 1.1, which has neither groups nor markers."""
    path = project / "poetry.lock"
    document = tomli.loads(path.read_text())
    files = {}
    for package in document["package"]:
        files[package["name"]] = package.pop("files")
        del package["groups"]
        package.pop("markers", None)
    document["metadata"] |= {"lock-version": "1.1", "files": files}
    path.write_text(f"{path.read_text().splitlines()[0]}\n\n{tomli_w.dumps(document)}")


def test_lock_version_1_1_makes_the_same_layer_as_lock_version_2_1(
    new_machine: NewMachine, project: Path, tmp_path: Path
) -> None:
    """Otherwise projects that were locked years ago cannot be built, or get other packages."""
    new = build(new_machine("laptop"), project, tmp_path / "new.zip", cwd=tmp_path)
    old_lock(project)
    old = build(new_machine("laptop"), project, tmp_path / "old.zip", cwd=tmp_path)
    assert old["sha256"] == new["sha256"]
    assert old["fingerprint"] == new["fingerprint"]


def test_real_project_with_lock_version_2_0_is_built(new_machine: NewMachine, tmp_path: Path) -> None:
    """Otherwise Poetry solves such a lock file again, and misses the packages that were removed from it."""
    project = tmp_path / "powertools"
    project.mkdir()
    with tarfile.open(HISTORY) as archive:
        for name in ("toml", "lock"):
            file = archive.extractfile(f"./0399.{name}")
            assert file is not None
            (project / ("pyproject.toml" if name == "toml" else "poetry.lock")).write_bytes(file.read())
    built = build(new_machine("laptop"), project, tmp_path / "layer.zip", cwd=tmp_path, extra="parser")
    assert {"pydantic", "pydantic-core", "typing-extensions"} < {package["name"] for package in built["packages"]}
