"""The patch release of a runtime's Python, and whether the project allows it.

AWS decides which patch release a runtime has, and updates it without notice. Markers and ``requires-python`` can name
one all the same. Without a wish of the user, the newest known one is assumed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import Version

from pulumi_poetry_layer.errors import ProjectError
from pulumi_poetry_layer.plan.target import is_patch_of
from pulumi_poetry_layer.poetry.constraints import InvalidConstraint, allows
from pulumi_poetry_layer.wording import setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.errors import PoetryLayerError
    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.poetry.pyproject import Project

_PATCHES = 100
"""No version of Python has had as many patch releases."""


def with_python_patch(target: Target, project: Project, defaults: Iterable[str]) -> Target:
    """The target with the patch release that the plan assumes.

    That is the one that the user has chosen. Otherwise it is the newest known one, or the first later one that the
    project allows: the runtime may have it before this package knows it.

    Args:
        target: the target, with the patch release that the user has chosen.
        project: the project.
        defaults: the patch releases in ``[tool.poetry-layer]``.
    """
    if target.python_patch is not None:
        return target
    if default := next((patch for patch in defaults if is_patch_of(patch, target.runtime)), None):
        return replace(target, python_patch=default)
    newest = Version(target.python_full_version)
    if _is_allowed(project, newest):
        return target
    later = next((patch for patch in _patches(newest) if patch > newest and _is_allowed(project, patch)), None)
    return replace(target, python_patch=str(later)) if later else target


def python_problems(project: Project, target: Target) -> Iterator[PoetryLayerError]:
    """An error for each constraint of the project that does not allow the runtime, as in Poetry."""
    python = Version(target.python_full_version)
    for key, constraint in project.python.items():
        where = f"pyproject.toml: {key}"
        try:
            if not allows(constraint, python):
                yield ProjectError(
                    f"{constraint!r} does not allow the runtime {target.runtime} (Python {python})",
                    where=where,
                    hint=_hint(project, python),
                )
        except InvalidConstraint as error:
            yield ProjectError(str(error), where=where, hint='write a constraint such as ">=3.10"')


def allows_all_patches(project: Project, target: Target) -> bool:
    """Whether the project allows every patch release of the runtime's Python."""
    return all(_is_allowed(project, patch) for patch in _patches(Version(target.python_full_version)))


def _hint(project: Project, python: Version) -> str:
    """What to do if the project does not allow the Python of the target."""
    fitting = [patch for patch in _patches(python) if _is_allowed(project, patch)]
    if not fitting:
        return "choose another runtime, or widen the constraint and run `poetry lock`"
    nearest = max((patch for patch in fitting if patch < python), default=fitting[0])
    wanted = setting("python_patch", str(nearest))
    return (
        f"AWS decides the patch release of a runtime. To plan for {nearest}, set {wanted} "
        "(or python-patch in [tool.poetry-layer]), or widen the constraint and run `poetry lock`"
    )


def _patches(python: Version) -> Iterator[Version]:
    """All patch releases that a version of Python can have, the oldest first."""
    return (Version(f"{python.major}.{python.minor}.{patch}") for patch in range(_PATCHES))


def _is_allowed(project: Project, python: Version) -> bool:
    try:
        return all(allows(constraint, python) for constraint in project.python.values())
    except InvalidConstraint:
        return False
