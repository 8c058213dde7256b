"""The tutorial, followed as a reader does: its files, its commands, and what they print."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from .harness import LocalAws, Machine
from .harness.emulator import require_emulator
from .harness.invocations import invocations_on_the_emulator
from .harness.one_layer import RUNTIME
from .harness.walkthrough import Walkthrough

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
INSTALLATION = """\
python3 -m venv .venv
. .venv/bin/activate
pip install pulumi-poetry-layer
"""


@pytest.fixture
def reader(tmp_path: Path, new_machine: Callable[[str], Machine], emulator_cache: Path) -> Machine:
    """A machine with AWS's command line, on which Pulumi has already downloaded its AWS plugin."""
    variables = {
        "PULUMI_POETRY_LAYER_CACHE_DIR": str(emulator_cache),
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",  # or else Pulumi warns of those that lie beside this Python
    }
    machine = replace(new_machine("laptop"), variables=variables)
    require_emulator(machine)
    plugins = machine.pulumi_home / "plugins" / f"resource-aws-v{version('pulumi-aws')}"
    plugins.mkdir(parents=True)
    (plugins / "pulumi-resource-aws").symlink_to(machine.toolchain.aws_stand_in / "pulumi-resource-aws")
    path = f"{machine.toolchain.path}:{aws_command(tmp_path / 'aws', machine)}"
    return replace(machine, variables={**variables, "PATH": path})


def aws_command(folder: Path, machine: Machine) -> Path:
    """A folder with AWS's command line: that of this machine, or else the one of the package index."""
    if found := shutil.which("aws"):
        return Path(found).parent
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "modules"), "awscli"]
    folder.mkdir()
    done = machine.run(install, cwd=folder)
    assert done.returncode == 0, done.stderr
    program = folder / "aws"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={folder}/modules exec {sys.executable} -m awscli "$@"\n', "utf-8")
    program.chmod(0o755)
    return folder


@pytest.mark.own_aws_plugin
def test_tutorial_leads_to_a_function_that_answers(tmp_path: Path, reader: Machine, aws: LocalAws) -> None:
    """Otherwise the first page that a new user reads does not work, or does not show what happens."""
    folder, backend = tmp_path / "reader", tmp_path / "backend"
    folder.mkdir()
    backend.mkdir()
    replaced = {
        INSTALLATION: "",  # the package is not on the index before its first release
        "pulumi login --local": f"pulumi login {backend.as_uri()}",  # --local is the user's home, whatever HOME is
        "python3.13": RUNTIME,  # the Python that this machine certainly has
        "x86_64": "arm64" if platform.machine() == "aarch64" else "x86_64",
    }

    with invocations_on_the_emulator(reader):
        Walkthrough(machine=reader, folder=folder, replaced=replaced).follow(TUTORIAL)

    assert aws.layer_versions("deps-dev") == []
