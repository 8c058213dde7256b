"""What the processes of a deployment load. Loading pulumi_aws takes longer than planning a layer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from samples import PROJECT, Package, lock_text
from samples.index import Index, serve
from samples.wheels import WheelSample

from .harness import Machine, Program

PROGRAM = """\
from pulumi_poetry_layer import PoetryLayer

PoetryLayer("deps", project_dir="service", runtime="python3.12")
"""


def python_that_lists_its_imports(folder: Path) -> Path:
    """A folder for PATH. Each ``python`` there writes its arguments and its imports to a file beside the folder."""
    programs = folder / "programs"
    programs.mkdir(parents=True)
    for name in ("python", "python3"):
        script = programs / name
        script.write_text(
            f'#!/bin/sh\nexec 2> "{folder}/imports-$$"\necho "$*" >&2\nexec "{sys.executable}" -X importtime "$@"\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
    return programs


def imports(folder: Path, argument: str) -> list[set[str]]:
    """The modules that each process with this argument has imported."""
    texts = [file.read_text(encoding="utf-8").splitlines() for file in folder.glob("imports-*")]
    return [{line.rpartition("|")[2].strip() for line in lines} for lines in texts if argument in lines[0]]


def test_providers_process_of_a_deployment_does_not_load_pulumi_aws(
    tmp_path: Path, new_machine: Callable[[str], Machine], new_program: Callable[..., Program]
) -> None:
    """Each preview and each update would take seconds longer."""
    wrappers = python_that_lists_its_imports(tmp_path / "python")
    machine = new_machine("laptop")
    path = f"{wrappers}:{machine.toolchain.path}"
    machine = replace(machine, variables={**machine.variables, "PATH": path})
    wheel = WheelSample(name="app", files={"app/data": b"42"})
    package = Package(name="app", other_keys={"files": [{"file": wheel.file_name, "hash": wheel.hash}]})
    service = {"service/pyproject.toml": PROJECT, "service/poetry.lock": lock_text(PROJECT, [package])}
    with serve(Index(files={wheel.file_name: wheel.data()})) as index:
        new_program({"__main__.py": PROGRAM, **service}, machine=machine).stack().up(POETRY_PYPI_MIRROR_URL=index.url)

    providers = imports(tmp_path / "python", "pulumi.dynamic")
    assert providers
    assert all("pulumi_poetry_layer.provider" in loaded for loaded in providers)
    assert not {module for loaded in providers for module in loaded if module.split(".")[0] == "pulumi_aws"}
    programs = imports(tmp_path / "python", "pulumi-language-python-exec")
    assert programs
    assert all("pulumi_aws" in loaded for loaded in programs)  # so a module that is loaded is seen
