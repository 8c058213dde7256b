"""The oldest releases of Pulumi's SDK and pulumi-aws that pyproject.toml allows; the other tests use the newest."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tomli
from packaging.requirements import Requirement
from uv import find_uv_bin

from .harness import LocalAws, Machine, Program, Toolchain
from .harness.toolchain import REPOSITORY
from .test_lifecycle import project_files
from .test_options import TRANSFORMED, check_transforms

NewProgram = Callable[..., Program]


def oldest(name: str) -> str:
    """A requirement for the oldest release of a dependency that pyproject.toml allows."""
    project = tomli.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (requirement,) = (found for text in project["dependencies"] if (found := Requirement(text)).name == name)
    (version,) = (specifier.version for specifier in requirement.specifier if specifier.operator == ">=")
    return f"{name}=={version}"


@pytest.fixture(scope="module")
def old_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Python with this package and the oldest releases."""
    folder = tmp_path_factory.mktemp("oldest") / "venv"
    environment = {**os.environ, "VIRTUAL_ENV": str(folder)}
    wanted = [
        oldest("pulumi"),
        oldest("pulumi-aws"),
        "boto3",
        "--editable",
        str(REPOSITORY),
    ]  # boto3: for the AWS stand-in
    for arguments in (["venv", str(folder)], ["pip", "install", *wanted]):
        subprocess.run([find_uv_bin(), "--quiet", *arguments], env=environment, check=True)
    return folder / "bin"


def test_oldest_releases_keep_the_hash_in_a_program_with_transforms(
    old_python: Path, toolchain: Toolchain, new_program: NewProgram, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise every fresh runner with an older SDK publishes all layers again, with the wrong zips."""
    tools = replace(toolchain, python=old_python)
    laptop, runner = (Machine(root=tmp_path / name, toolchain=tools, aws=aws) for name in ("laptop", "runner"))
    stack = new_program({"__main__.py": TRANSFORMED, **project_files("base")}, machine=laptop).stack()
    check_transforms(stack, runner, tmp_path / "checkout", aws)
