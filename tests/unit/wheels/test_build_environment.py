"""Which environment variables of the user pip, build backends and git get."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from samples.git_repository import repository

from pulumi_poetry_layer.errors import PackageFileError
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Address, Sources
from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedSource
from pulumi_poetry_layer.wheels.build_environment import build_variables, constraint_variables, git_variables
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
NO_PIP_CONFIGURATION = {"PIP_CONFIG_FILE": os.devnull}


def variables(pyproject: str, **more: str) -> dict[str, str]:
    """The environment variables of a build, for a user with these variables."""
    environment = {**HARMLESS, **SECRETS, **NO_PIP_CONFIGURATION, **more}
    return build_variables(environment, Sources.of(pyproject), Credentials(PoetryConfiguration(environment)))


def test_build_backend_and_git_get_no_logins_or_secrets() -> None:
    """Otherwise the author of an sdist can read the passwords of everyone who builds it."""
    assert variables("") == {**HARMLESS, **NO_PIP_CONFIGURATION}
    git = git_variables({**HARMLESS, **SECRETS}, Address("https://host.invalid/app.git"))
    assert git == {**HARMLESS, "GIT_TERMINAL_PROMPT": "0"}


def test_build_constraints_are_written_for_pip(tmp_path: Path) -> None:
    """A build would use the newest setuptools, although the project limits it."""
    package = PlannedPackage(
        name="app", version="1", file=None, source=None, build_constraints=("a ^1.2", "b *", "c >=1, !=1.5")
    )
    file = tmp_path / "with space" / "constraints.txt"
    file.parent.mkdir()

    assert constraint_variables(package, file) == {"PIP_CONSTRAINT": file.as_uri()}
    assert file.read_text() == "a>=1.2,<2\nb\nc>=1,!=1.5\n"


@pytest.mark.parametrize("constraint", ["a <1 || >3", "a @ git https://git.invalid/a"])
def test_build_constraint_that_pip_cannot_express_is_an_error(tmp_path: Path, constraint: str) -> None:
    """A package would be built with other requirements than with Poetry."""
    package = PlannedPackage(name="app", version="1", file=None, source=None, build_constraints=(constraint,))

    with pytest.raises(PackageFileError, match="pip cannot express its build constraint") as caught:
        constraint_variables(package, tmp_path / "constraints.txt")

    assert "the local or the container builder" in (caught.value.hint or "")


def test_build_requirements_come_from_the_primary_source_that_replaces_pypi() -> None:
    """Otherwise they come from PyPI, where anyone can register the name of a company's private package."""
    built = variables(PRIMARY, POETRY_PYPI_MIRROR_URL="https://mirror.invalid/simple/", SSL_CERT_FILE="/bundle.pem")

    assert built == {
        **HARMLESS,
        **NO_PIP_CONFIGURATION,
        "SSL_CERT_FILE": "/bundle.pem",
        "PIP_INDEX_URL": "https://me:hunter22@host.invalid/simple",
        "PIP_CERT": "/bundle.pem",
    }


def test_build_requirements_come_from_the_mirror_if_no_source_replaces_pypi() -> None:
    """Otherwise the build fails behind a proxy that allows only the mirror."""
    mirror = "https://m:mp@mirror.invalid/simple/"
    off = {"POETRY_CERTIFICATES_PYPI_CERT": "false"}
    built = variables(PRIMARY + 'priority = "supplemental"\n', POETRY_PYPI_MIRROR_URL=mirror, **off)

    assert built["PIP_INDEX_URL"] == "https://m:mp@mirror.invalid/simple"
    assert built["PIP_TRUSTED_HOST"] == "mirror.invalid"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_login_in_a_repository_address_is_used_but_is_in_no_argument_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise every user of the host can read the password from the process list or from .git/config."""
    real, arguments = shutil.which("git"), tmp_path / "arguments"
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho "$@" >> {arguments}\nexec {real} "$@"\n')
    shim.chmod(0o755)
    with repository(tmp_path / "repository", "me:p@ss/word", {"pyproject.toml": b"[project]\n"}) as (address, commit):
        monkeypatch.setenv("PATH", str(shim.parent), prepend=os.pathsep)
        monkeypatch.setenv("NO_PROXY", "*")
        source = LockedSource(type="git", url=f"http://me:p%40ss%2Fword@{address}", resolved_reference=commit)
        package = PlannedPackage(name="app", version="1.0", file=None, source=source)

        tree = check_out(package, tmp_path / "tree")

    assert (tree / "pyproject.toml").exists()
    assert "p%40ss%2Fword" not in package.readable_version
    for text in (arguments.read_text(), (tree / ".git" / "config").read_text()):
        assert address in text
        assert "p@ss" not in text
        assert "p%40ss" not in text


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_checkout_inside_a_git_hook_does_not_touch_the_users_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise `pulumi up` in a git hook checks the dependency out into the repository of the hook."""
    with repository(tmp_path / "repository", "me:pw", {"pyproject.toml": b"[project]\n"}) as (address, commit):
        (tmp_path / "users_repository").mkdir()
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "users_repository"))
        monkeypatch.setenv("NO_PROXY", "*")
        source = LockedSource(type="git", url=f"http://me:pw@{address}", resolved_reference=commit)

        tree = check_out(PlannedPackage(name="app", version="1.0", file=None, source=source), tmp_path / "tree")

    assert (tree / "pyproject.toml").exists()
    assert (tree / ".git").is_dir()
    assert list((tmp_path / "users_repository").iterdir()) == []
