"""The settings in pip's configuration files that builds use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.wheels.build_environment import build_variables
from pulumi_poetry_layer.wheels.pip_config import pip_settings

CONFIGURATION = """\
[global]
index-url = https://global.invalid/simple
user = true
no-binary = :all:
[install]
index_url = https://install.invalid/simple
extra-index-url =
    https://one.invalid/simple
    https://two.invalid/simple
"""
SETTINGS = {
    "PIP_INDEX_URL": "https://install.invalid/simple",
    "PIP_EXTRA_INDEX_URL": "https://one.invalid/simple https://two.invalid/simple",
}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The variables of a user with a pip.conf."""
    path = tmp_path / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True)
    path.write_text(CONFIGURATION)
    return {"HOME": str(tmp_path)}


def test_only_settings_that_say_where_packages_come_from_are_used(home: dict[str, str]) -> None:
    """`user = true` would break every build, and `no-binary` would compile the build backends."""
    found = pip_settings(home)
    assert SETTINGS.items() <= found.items()
    assert not {"PIP_USER", "PIP_NO_BINARY"} & found.keys()


def test_file_that_pip_config_file_names_has_precedence(tmp_path: Path, home: dict[str, str]) -> None:
    """Pip in a build would use another index than pip in the shell."""
    (tmp_path / "other").write_text("[global]\nindex-url = https://other.invalid/simple\n[install]\n")
    found = pip_settings({**home, "PIP_CONFIG_FILE": str(tmp_path / "other")})
    assert found["PIP_INDEX_URL"] == "https://other.invalid/simple"
    assert pip_settings({**home, "PIP_CONFIG_FILE": os.devnull}) == {}


def test_broken_file_is_skipped(tmp_path: Path, home: dict[str, str]) -> None:
    """A build would end with a traceback."""
    (tmp_path / "broken").write_bytes(b"index-url = \xff")
    assert pip_settings({**home, "PIP_CONFIG_FILE": str(tmp_path / "broken")}) == pip_settings(home)


def test_build_heeds_no_other_settings_of_pip(home: dict[str, str]) -> None:
    """A build would fail, or give another wheel, because of the settings of one developer."""
    settings = ("USER", "NO_BINARY", "TARGET", "PREFIX", "CONSTRAINT", "REQUIRE_VIRTUALENV", "NO_DEPS")
    variables = {**home, **{f"PIP_{name}": "1" for name in settings}, "PIP_INDEX_URL": "https://env.invalid/simple"}

    built = build_variables(variables, Sources(), Credentials(PoetryConfiguration(variables)))

    assert built["PIP_CONFIG_FILE"] == os.devnull
    assert built["PIP_INDEX_URL"] == "https://env.invalid/simple"
    assert built["PIP_EXTRA_INDEX_URL"] == SETTINGS["PIP_EXTRA_INDEX_URL"]
    assert not [name for name in settings if f"PIP_{name}" in built]
