"""What pip, build backends and git get of this user's environment variables."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from samples.git_repository import repository

from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Address, Sources
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedSource
from pulumi_poetry_layer.wheels.build_environment import build_variables, git_variables
from pulumi_poetry_layer.wheels.from_source import check_out

PRIMARY = '[[tool.poetry.source]]\nname = "inner"\nurl = "https://host.invalid/simple"\n'
SECRETS = {
    "POETRY_HTTP_BASIC_INNER_USERNAME": "me",
    "POETRY_HTTP_BASIC_INNER_PASSWORD": "hunter22",
    "POETRY_PYPI_TOKEN_INNER": "hunter22",
    "PULUMI_CONFIG": "hunter22",
    "PULUMI_CONFIG_PASSPHRASE": "hunter22",
    "PULUMI_ACCESS_TOKEN": "hunter22",
    "PULUMI_BACKEND_URL": "postgres://me:hunter22@host.invalid/state",
    "POETRY_REPOSITORIES_INNER_URL": "https://me:hunter22@host.invalid/simple",
}
HARMLESS = {"PATH": "/bin", "HOME": "/home/me", "CC": "clang"}


def variables(pyproject: str, **more: str) -> dict[str, str]:
    """The environment of a build, for a user who has these variables."""
    environment = {**HARMLESS, **SECRETS, **more}
    return build_variables(environment, Sources.of(pyproject), Credentials(PoetryConfiguration(environment)))


def test_a_build_backend_sees_no_login() -> None:
    """Whoever publishes an sdist could read the passwords of everybody who builds it."""
    assert variables("") == HARMLESS
    git = git_variables({**HARMLESS, **SECRETS}, Address("https://host.invalid/app.git"))
    assert git == {**HARMLESS, "GIT_TERMINAL_PROMPT": "0"}


def test_build_requirements_come_from_the_index_that_replaces_pypi() -> None:
    """They would come from PyPI, which a company may not allow, and whoever takes a name there would be run."""
    built = variables(PRIMARY, POETRY_PYPI_MIRROR_URL="https://mirror.invalid/simple/", SSL_CERT_FILE="/bundle.pem")

    assert built == {
        **HARMLESS,
        "SSL_CERT_FILE": "/bundle.pem",
        "PIP_INDEX_URL": "https://me:hunter22@host.invalid/simple",
        "PIP_CERT": "/bundle.pem",
    }


def test_build_requirements_come_from_the_mirror_of_pypi_where_pypi_stands() -> None:
    """The build would fail behind a proxy that lets nothing but the mirror through."""
    mirror = "https://m:mp@mirror.invalid/simple/"
    off = {"POETRY_CERTIFICATES_PYPI_CERT": "false"}
    built = variables(PRIMARY + 'priority = "supplemental"\n', POETRY_PYPI_MIRROR_URL=mirror, **off)

    assert built["PIP_INDEX_URL"] == "https://m:mp@mirror.invalid/simple"
    assert built["PIP_TRUSTED_HOST"] == "mirror.invalid"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_login_in_the_address_of_a_repository_works_and_is_no_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody on the host can read the arguments of a process, and .git/config keeps the address."""
    real, said = shutil.which("git"), tmp_path / "arguments"
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho "$@" >> {said}\nexec {real} "$@"\n')
    shim.chmod(0o755)
    with repository(tmp_path / "repository", "me:p@ss/word", {"pyproject.toml": b"[project]\n"}) as (address, commit):
        monkeypatch.setenv("PATH", str(shim.parent), prepend=os.pathsep)
        monkeypatch.setenv("NO_PROXY", "*")
        source = LockedSource(type="git", url=f"http://me:p%40ss%2Fword@{address}", resolved_reference=commit)
        package = PlannedPackage(name="app", version="1.0", file=None, source=source)

        tree = check_out(package, tmp_path / "tree")

    assert (tree / "pyproject.toml").exists()
    assert "p%40ss%2Fword" not in package.readable_version
    for text in (said.read_text(), (tree / ".git" / "config").read_text()):
        assert address in text
        assert "p@ss" not in text
        assert "p%40ss" not in text


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_checkout_in_a_hook_of_git_leaves_the_users_repository_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pulumi up` in a git hook would check the dependency out into the repository of the hook."""
    with repository(tmp_path / "repository", "me:pw", {"pyproject.toml": b"[project]\n"}) as (address, commit):
        (tmp_path / "theirs").mkdir()
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "theirs"))
        monkeypatch.setenv("NO_PROXY", "*")
        source = LockedSource(type="git", url=f"http://me:pw@{address}", resolved_reference=commit)

        tree = check_out(PlannedPackage(name="app", version="1.0", file=None, source=source), tmp_path / "tree")

    assert (tree / "pyproject.toml").exists()
    assert (tree / ".git").is_dir()
    assert list((tmp_path / "theirs").iterdir()) == []
