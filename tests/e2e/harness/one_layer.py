"""The program with one layer that most tests start from, its project, and the types of its resources."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from .program import Program, Stack
from .toolchain import REPOSITORY

NewProgram = Callable[..., Program]
"""What the fixture ``new_program`` is."""

PROJECTS = REPOSITORY / "tests" / "projects"
RUNTIME = "python{}.{}".format(*sys.version_info[:2])
UNREACHABLE = "http://127.0.0.1:9/simple/"
"""The address of an index that does not answer."""

BUILD = "pulumi-python:dynamic/poetry-layer:LayerBuild"
COMPONENT = "poetry-layer:index:PoetryLayer"
LAYER = "aws:lambda/layerVersion:LayerVersion"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"

PROGRAM = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()
deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="{RUNTIME}",
    groups=config.get_object("groups") or ["main"],
    layer_name=f"deps-{{pulumi.get_stack()}}",
    description=config.get("description"),
    builder=config.get("builder") or "wheels",
)
pulumi.export("arn", deps.arn)
pulumi.export("version", deps.version)
pulumi.export("fingerprint", deps.fingerprint)
pulumi.export("packages", deps.packages)
pulumi.export("size", deps.size)
"""


def project_files(name: str) -> dict[str, str]:
    """The two files of a project of ``tests/projects``, in the folder ``service`` of the program."""
    return {f"service/{file}": (PROJECTS / name / file).read_text() for file in ("pyproject.toml", "poetry.lock")}


def build_folder(stack: Stack) -> list[str]:
    """Names of the files in the stack's part of the build folder."""
    return sorted(path.name for path in (stack.program.folder / ".poetry-layer" / stack.name).glob("*"))


def without_poetry(stack: Stack) -> str:
    """The PATH of the machine without the folders that contain Poetry."""
    path = stack.program.machine.environment["PATH"].split(":")
    kept = [folder for folder in path if not (Path(folder) / "poetry").exists()]
    assert len(kept) < len(path)
    return ":".join(kept)
