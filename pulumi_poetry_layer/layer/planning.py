"""Plan a request: read the two project files, Poetry's settings, and the content of path dependencies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.registry import BRING_THEIR_PYTHON
from pulumi_poetry_layer.errors import InputError, PoetryLayerError, raise_problems
from pulumi_poetry_layer.index.poetry_config import read_configuration
from pulumi_poetry_layer.layer.request import (
    bytecode_problems,
    conflict_rule_problems,
    read_project_files,
    size_problems,
    system_library_problems,
)
from pulumi_poetry_layer.plan.build_constraints import build_constraints
from pulumi_poetry_layer.plan.build_plan import BuildPlan
from pulumi_poetry_layer.plan.file_policy import FilePolicy
from pulumi_poetry_layer.plan.planner import plan_selection, select_layer
from pulumi_poetry_layer.plan.python_patch import with_python_patch
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.layer_defaults import parse_layer_defaults
from pulumi_poetry_layer.poetry.lockfile import LockFile, parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import Project, parse_project
from pulumi_poetry_layer.wheels.path_dependencies import content_digests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.layer.request import LayerRequest
    from pulumi_poetry_layer.plan.selection import Selection

    Parsed = TypeVar("Parsed")


@dataclass(frozen=True, kw_only=True)
class ParsedRequest:
    """The inputs of a plan, read and parsed."""

    target: Target
    files: ProjectFiles
    project: Project
    lock: LockFile


def plan_request(request: LayerRequest) -> tuple[BuildPlan, ProjectFiles]:
    """Plan a layer.

    Raises:
        InputError: the input is wrong; all problems are reported together.
        HostError: the layer is to have compiled modules, and this machine has no Python that compiles them.
    """
    parsed = parse_request(request)
    plan = plan_parsed(parsed, request)
    _check_compiler(plan)
    return plan, parsed.files


def _check_compiler(plan: BuildPlan) -> None:
    """Look for the Python that compiles, unless it comes with the builder.

    Raises:
        HostError: this machine does not have it.
    """
    if plan.bytecode is None or plan.builder.kind in BRING_THEIR_PYTHON:
        return
    from pulumi_poetry_layer.bytecode.compiler import find_compiler  # most layers have no bytecode

    find_compiler(plan.bytecode)


def parse_request(request: LayerRequest) -> ParsedRequest:
    """Read and parse the inputs of a plan.

    Raises:
        InputError: the input is wrong; all problems are reported together.
    """
    problems: list[PoetryLayerError] = [
        *conflict_rule_problems(request.on_conflict),
        *system_library_problems(request.system_libraries),
        *bytecode_problems(request.bytecode, request.runtime),
        *size_problems(request.max_unzipped_size),
    ]

    def attempt(step: Callable[[], Parsed]) -> Parsed | None:
        try:
            return step()
        except InputError as error:
            problems.append(error)
            return None

    target = attempt(lambda: Target(request.runtime, request.architecture, request.python_patch))
    files = attempt(lambda: read_project_files(request.project_dir, request.where))
    project = attempt(lambda: parse_project(files.pyproject)) if files else None
    defaults = attempt(lambda: parse_layer_defaults(files.pyproject)) if project and files else None
    lock = attempt(lambda: parse_lockfile(files.lock)) if files else None
    if problems or target is None or files is None or project is None or lock is None or defaults is None:
        raise_problems(problems)
        raise AssertionError("a step gave no result and no problem")
    target = with_python_patch(target, project, defaults.python_patch)
    return ParsedRequest(target=target, files=files, project=project, lock=lock)


def plan_parsed(parsed: ParsedRequest, request: LayerRequest) -> BuildPlan:
    """Plan a request whose inputs are parsed.

    Raises:
        InputError: the input is wrong.
    """
    target, choice = parsed.target, request.choice
    selection = select_layer(parsed.project, parsed.lock, target=target, choice=choice)
    return plan_selection(
        selection,
        target=target,
        choice=choice,
        builder=request.builder.identity,
        digests=_path_digests(selection, parsed.files.folder),
        policy=_file_policy(parsed.files.folder),
        build_constraints=build_constraints(parsed.project, target),
        bytecode=request.compiled_for,
    )


def _file_policy(folder: Path) -> FilePolicy:
    """The settings of this user and this project, as Poetry reads them."""
    configuration = read_configuration(os.environ, folder)
    return FilePolicy.of(configuration.get("installer", "no-binary"), configuration.get("installer", "only-binary"))


def _path_digests(selection: Selection, folder: Path) -> dict[str, str]:
    packages = [package for package in selection.packages if package.is_path]
    if not packages:
        return {}
    return content_digests(packages, folder)
