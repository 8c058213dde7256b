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

from .harness import LocalAws, Machine, Toolchain
from .harness.one_layer import PROGRAM, RUNTIME, UNREACHABLE, NewProgram, project_files
from .harness.toolchain import REPOSITORY
from .test_build_folder import check_inline_program
from .test_lifecycle import STILL_RUNNING
from .test_options import TRANSFORMED, check_transforms
from .test_plugin import TRANSFORMED as TRANSFORMED_ELSEWHERE

pytestmark = pytest.mark.thorough
NewMachine = Callable[[str], Machine]


IN_REGION = """\
from pulumi_poetry_layer import PoetryLayer

PoetryLayer("deps", project_dir="service", runtime="{runtime}", region="eu-west-1")
"""


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
    # boto3: for the AWS stand-in
    wanted = [oldest("pulumi"), oldest("pulumi-aws"), "boto3", "--editable", str(REPOSITORY)]
    for arguments in (["venv", str(folder)], ["pip", "install", *wanted]):
        subprocess.run([find_uv_bin(), "--quiet", *arguments], env=environment, check=True)
    return folder / "bin"


@pytest.fixture
def old_machine(old_python: Path, toolchain: Toolchain, aws: LocalAws, tmp_path: Path) -> NewMachine:
    """Make a machine with the oldest releases."""
    return lambda name: Machine(root=tmp_path / name, toolchain=replace(toolchain, python=old_python), aws=aws)


def test_oldest_releases_keep_the_hash_in_a_program_with_transforms(
    old_machine: NewMachine, new_program: NewProgram, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise every fresh runner with an older SDK publishes all layers again, with the wrong zips."""
    files = {"__main__.py": TRANSFORMED, **project_files("base")}
    stack = new_program(files, machine=old_machine("laptop")).stack()
    check_transforms(stack, old_machine("runner"), tmp_path / "checkout", aws)


def test_oldest_releases_serve_a_program_in_another_language(
    old_machine: NewMachine, new_program: NewProgram, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise the plugin fails where it is installed with an older SDK."""
    files = {"__main__.py": TRANSFORMED_ELSEWHERE, **project_files("base")}
    stack = new_program(files, machine=old_machine("laptop")).stack()
    check_transforms(stack, old_machine("runner"), tmp_path / "checkout", aws)


def test_oldest_releases_build_while_the_program_is_still_running(
    old_machine: NewMachine, new_program: NewProgram
) -> None:
    """Otherwise previews with an older SDK take longer."""
    files = {"__main__.py": STILL_RUNNING, **project_files("base")}
    stack = new_program(files, machine=old_machine("laptop")).stack()
    stack.up(skip_preview=True)
    assert stack.outputs()["built_meanwhile"] is True


def test_oldest_releases_report_a_failed_build_without_a_traceback(
    old_machine: NewMachine, new_program: NewProgram
) -> None:
    """Otherwise users of an older SDK have to look for the message below the frames of Pulumi."""
    program = new_program({"__main__.py": PROGRAM, **project_files("base")}, machine=old_machine("laptop"))
    failed = program.stack().up(skip_preview=True, check=False, POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    assert failed.exit_code != 0
    assert "cannot be reached" in failed.text
    assert "Traceback" not in failed.text


def test_oldest_releases_find_the_folder_of_an_inline_program(
    old_machine: NewMachine, old_python: Path, new_program: NewProgram
) -> None:
    """Otherwise a program of the Automation API with an older SDK does not find its project, or its zip."""
    check_inline_program(new_program({}, machine=old_machine("laptop")), old_python / "python")


def test_region_is_refused_with_pulumi_aws_6(old_machine: NewMachine, new_program: NewProgram) -> None:
    """Otherwise the layer is published in the region of the provider, or the error does not say what to do."""
    files = {"__main__.py": IN_REGION.format(runtime=RUNTIME), **project_files("base")}
    preview = new_program(files, machine=old_machine("laptop")).stack().preview(check=False)
    assert preview.exit_code != 0
    assert "region: needs pulumi-aws 7 or newer; version 6." in preview.text
    assert "Traceback" not in preview.text
