"""Plan a layer: read the two project files, Poetry's settings, and the content of path dependencies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.builders.registry import BRING_THEIR_PYTHON
from pulumi_poetry_layer.errors import InputError, PoetryLayerError, problems_of, raise_problems
from pulumi_poetry_layer.index.poetry_config import read_configuration
from pulumi_poetry_layer.layer.completion import (
    complete_values,
    missing_runtime,
    request_of,
    target_of,
    value_problems,
    written_places,
)
from pulumi_poetry_layer.layer.request import read_lock, read_pyproject
from pulumi_poetry_layer.plan.build_constraints import build_constraints
from pulumi_poetry_layer.plan.build_plan import BuildPlan, Choice
from pulumi_poetry_layer.plan.file_policy import FilePolicy
from pulumi_poetry_layer.plan.planner import plan_selection, select_layer, selection_problems
from pulumi_poetry_layer.plan.python_patch import with_python_patch
from pulumi_poetry_layer.poetry.layer_defaults import LayerDefaults, parse_layer_defaults, read_layer_defaults
from pulumi_poetry_layer.poetry.lockfile import LockFile, parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import Project, parse_project
from pulumi_poetry_layer.wheels.path_dependencies import content_digests
from pulumi_poetry_layer.wording import written_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any, TypeVar

    from pulumi_poetry_layer.layer.request import GivenArguments, LayerRequest
    from pulumi_poetry_layer.plan.selection import Selection
    from pulumi_poetry_layer.plan.target import Target

    Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class PlannedLayer:
    """A layer that can be built.

    Attributes:
        request: what the arguments and the defaults of the project ask for.
        plan: what lands in the layer.
        files: the project files that were planned.
    """

    request: LayerRequest
    plan: BuildPlan
    files: ProjectFiles

    @property
    def packages(self) -> dict[str, str]:
        """Distribution → readable version."""
        return {package.name: package.readable_version for package in self.plan.packages}


@dataclass(frozen=True, kw_only=True)
class ParsedRequest:
    """The inputs of a plan, read and parsed.

    Attributes:
        request: what the arguments and the defaults of the project ask for.
        places: argument → where its value is written, for messages.
        target: the runtime and architecture of the layer.
        files: the two project files.
        project: the content of pyproject.toml.
        lock: the content of poetry.lock.
    """

    request: LayerRequest
    places: Mapping[str, str]
    target: Target
    files: ProjectFiles
    project: Project
    lock: LockFile


def plan_layer(given: GivenArguments) -> PlannedLayer:
    """Plan a layer; what the arguments leave out comes from the defaults of the project.

    Raises:
        InputError: the input is wrong; all problems are reported together.
        HostError: the layer is to have compiled modules, and this machine has no Python that compiles them.
    """
    return plan_and_inputs(given)[0]


def plan_and_inputs(given: GivenArguments) -> tuple[PlannedLayer, ParsedRequest]:
    """Plan a layer, and keep the parsed inputs of the plan.

    Raises:
        InputError: the input is wrong; all problems are reported together.
        HostError: the layer is to have compiled modules, and this machine has no Python that compiles them.
    """
    parsed = parse_request(given)
    plan = plan_parsed(parsed)
    with written_at(parsed.places):
        check_compiler(plan)
    return PlannedLayer(request=parsed.request, plan=plan, files=parsed.files), parsed


def check_compiler(plan: BuildPlan) -> None:
    """Look for the Python that compiles, unless it comes with the builder.

    Raises:
        HostError: this machine does not have it.
    """
    if plan.bytecode is None or plan.builder.kind in BRING_THEIR_PYTHON:
        return
    from pulumi_poetry_layer.bytecode.compiler import find_compiler  # most layers have no bytecode

    find_compiler(plan.bytecode)


def plan_request(request: LayerRequest) -> tuple[BuildPlan, ProjectFiles]:
    """Plan a layer, with nothing left out.

    Raises:
        InputError: the input is wrong; all problems are reported together.
    """
    planned = plan_layer(request)
    return planned.plan, planned.files


def read_defaults(project_dir: Path, shown_dir: Path | None = None) -> LayerDefaults:
    """Read the defaults of a project.

    Raises:
        ProjectError: pyproject.toml is missing or unreadable, or the defaults are wrong.
    """
    return parse_layer_defaults(read_pyproject(project_dir, shown_dir))


def parse_request(given: GivenArguments) -> ParsedRequest:
    """Read and parse the inputs of a plan.

    Raises:
        InputError: the input is wrong; all problems are reported together.
    """
    problems: list[PoetryLayerError] = []

    def attempt(step: Callable[[], Result]) -> Result | None:
        try:
            return step()
        except InputError as error:
            known = set(map(str, problems))  # a file that is not TOML fails twice
            problems.extend(problem for problem in problems_of(error) if str(problem) not in known)
            return None

    pyproject = attempt(lambda: read_pyproject(given.project_dir, given.where))
    lock_text = attempt(lambda: read_lock(given.project_dir, given.where))
    project = attempt(lambda: parse_project(pyproject)) if pyproject is not None else None
    section = attempt(lambda: read_layer_defaults(pyproject)) if pyproject is not None else None
    defaults, wrong_defaults = section or (None, ())
    problems.extend(wrong_defaults)
    lock = attempt(lambda: parse_lockfile(lock_text)) if lock_text is not None else None
    places = written_places(given, defaults)
    with written_at(places):
        values = complete_values(given, defaults)
        found = [single for problem in value_problems(values) for single in problems_of(problem)]
        if "runtime" not in values and defaults and not wrong_defaults:  # else it may be one of these
            found.append(missing_runtime())
        problems[:0] = found
        is_known = "runtime" in values and not found
        target = _target(values, project, defaults) if project and defaults and is_known else None
        if problems and project and lock:  # else `plan_parsed` looks for these
            problems.extend(selection_problems(project, lock, target=target, choice=_choice_of(values)))
    if problems or pyproject is None or lock_text is None or not (project and lock and target):
        raise_problems(problems)
        raise AssertionError("a step gave no result and no problem")
    files = ProjectFiles(pyproject=pyproject, lock=lock_text, folder=given.project_dir)
    return ParsedRequest(
        request=request_of(values), places=places, target=target, files=files, project=project, lock=lock
    )


def _choice_of(values: dict[str, Any]) -> Choice:
    return Choice.of(values["groups"], values["extras"], values["exclude"], exclude_runtime=values["exclude_runtime"])


def _target(values: dict[str, Any], project: Project, defaults: LayerDefaults) -> Target:
    return with_python_patch(target_of(values), project, defaults.python_patch)


def plan_parsed(parsed: ParsedRequest) -> BuildPlan:
    """Plan a request whose inputs are parsed.

    Raises:
        InputError: the input is wrong.
    """
    request, target, choice = parsed.request, parsed.target, parsed.request.choice
    with written_at(parsed.places):
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
            strip=request.strip,
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
