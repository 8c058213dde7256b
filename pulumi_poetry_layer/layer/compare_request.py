"""Compare a request with an older lock file or another project folder."""

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

    from pulumi_poetry_layer.layer.request import GivenArguments, LayerRequest


def compare_request(given: GivenArguments, old: Path) -> Comparison:
    """Compare the layer of a request with the layer of an older lock file or of another project folder.

    Args:
        given: the new layer.
        old: an older poetry.lock, to be used with the current pyproject.toml, or another project folder.

    Raises:
        InputError: one of the two layers cannot be planned.
    """
    new = parse_request(given)
    new_side = PlannedProject(project=new.project, lock=new.lock, plan=plan_parsed(new))
    try:
        return compare(_old_side(new, old), new_side)
    except InputError as error:
        raise InputError(f"cannot be used for a comparison: {error}", where=str(old), hint=_hint(old)) from error


def _hint(old: Path) -> str | None:
    if old.is_dir():
        return None
    return "pass the folder of the old project instead of its poetry.lock, so that its own pyproject.toml is used"


def _old_side(new: ParsedRequest, old: Path) -> PlannedProject:
    if old.is_dir():
        parsed = parse_request(replace(new.request, project_dir=old, shown_dir=None))
    else:
        lock = parse_lockfile(_read_lock(old))
        # An old lock file is usually stale for the current pyproject.toml; the comparison is about its content.
        parsed = replace(new, lock=replace(lock, content_hash=new.project.content_hash))
    known = replace(parsed, request=_known_request(new.request, parsed))
    if not known.request.groups:
        plan = plan_selection(
            Selection(packages=(), excluded=()),
            target=parsed.target,
            choice=Choice(groups=frozenset()),
            builder=known.request.builder.identity,
        )
    else:
        plan = plan_parsed(known)
    return PlannedProject(project=parsed.project, lock=parsed.lock, plan=plan)


def _known_request(request: LayerRequest, parsed: ParsedRequest) -> LayerRequest:
    """The request without the groups, extras and distributions that the old project does not have."""
    choice = request.choice
    return replace(
        request,
        groups=tuple(choice.groups & parsed.project.groups.keys()),
        extras=tuple(choice.extras & parsed.project.extras.keys() & parsed.lock.extras),
        exclude=tuple(choice.exclude & {package.name for package in parsed.lock.packages}),
    )


def _read_lock(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise LockFileError("no such file or folder", where=str(path)) from error
    except (OSError, ValueError) as error:
        raise LockFileError(f"cannot be read: {error}", where=str(path)) from error
