"""A request compared with an older lock file or another project folder: reads both, then asks ``explanation``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_poetry_layer.compare.comparison import Comparison, compare
from pulumi_poetry_layer.compare.reasons import PlannedProject
from pulumi_poetry_layer.errors import InputError, LockFileError
from pulumi_poetry_layer.layer.planning import ParsedRequest, parse_request, plan_parsed
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.planner import plan_selection
from pulumi_poetry_layer.plan.selection import Selection
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_poetry_layer.layer.request import LayerRequest


def compare_request(request: LayerRequest, old: Path) -> Comparison:
    """What changes in the layer since an older state.

    Args:
        request: what to compare.
        old: an older poetry.lock, taken together with the present pyproject.toml, or another project folder.

    Raises:
        InputError: one of the two cannot be planned.
    """
    new = parse_request(request)
    new_side = PlannedProject(project=new.project, lock=new.lock, plan=plan_parsed(new, request))
    try:
        return compare(_old_side(request, new, old), new_side)
    except InputError as error:
        raise InputError(f"cannot be compared with: {error}", where=str(old), hint=_hint(old)) from error


def _hint(old: Path) -> str | None:
    if old.is_dir():
        return None
    return "give the old project's folder in place of its poetry.lock: then its own pyproject.toml counts"


def _old_side(request: LayerRequest, new: ParsedRequest, old: Path) -> PlannedProject:
    if old.is_dir():
        parsed = parse_request(replace(request, project_dir=old))
    else:
        lock = parse_lockfile(_text(old))
        # An old lock file does not fit the present pyproject.toml as a rule; what it would give is asked here.
        parsed = replace(new, lock=replace(lock, content_hash=new.project.content_hash))
    asked = _known(request, parsed)
    if not asked.groups:
        plan = plan_selection(
            Selection(packages=(), excluded=()),
            target=parsed.target,
            choice=Choice(groups=frozenset()),
            builder=request.builder.identity,
        )
    else:
        plan = plan_parsed(parsed, asked)
    return PlannedProject(project=parsed.project, lock=parsed.lock, plan=plan)


def _known(request: LayerRequest, parsed: ParsedRequest) -> LayerRequest:
    """The request without the groups, extras and distributions that the old state does not know."""
    choice = Choice.of(request.groups, request.extras, request.exclude)
    return replace(
        request,
        groups=tuple(choice.groups & parsed.project.groups.keys()),
        extras=tuple(choice.extras & parsed.project.extras.keys() & parsed.lock.extras),
        exclude=tuple(choice.exclude & {package.name for package in parsed.lock.packages}),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise LockFileError("no such file or folder", where=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise LockFileError(f"cannot be read: {error}", where=str(path)) from error
