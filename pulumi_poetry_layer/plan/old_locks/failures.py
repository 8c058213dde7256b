"""The error for locked packages that do not fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.plan.old_locks.requirements import Because, Incompatibility, Node, Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_poetry_layer.plan.old_locks.locked_packages import LockedPackages

_PROJECT = "pyproject.toml"
_MOST_NEEDS = 12


def no_solution(
    causes: Iterable[Incompatibility], packages: LockedPackages, *, node: Node | None = None
) -> LockFileError:
    """The error that no choice of locked packages meets all requirements.

    Args:
        causes: the incompatibilities that exclude every choice.
        packages: the candidates.
        node: the node that needs itself, if there is one.
    """
    reasons: dict[str, None] = {}
    ends: dict[str, None] = {}
    for cause in causes:
        if cause.cause is Because.DEPENDENCY:
            reasons[_need(cause, packages)] = None
        elif end := _end(cause, packages):
            ends[end] = None
    if not reasons and node:
        reasons[f"{node.label} needs itself"] = None
    needs = sorted(reasons, key=lambda reason: not reason.startswith(_PROJECT))
    listed = "; ".join([*_shortened(needs), *ends])
    return LockFileError(
        f"the locked packages do not fit together on the target: {listed}",
        where="poetry.lock",
        hint="run `poetry lock` with Poetry 2: it writes locks that say which package is for which target",
    )


def _shortened(needs: list[str]) -> list[str]:
    """The first one, which is the project's, and the last ones, which are closest to the conflict."""
    left_out = len(needs) - _MOST_NEEDS
    return [needs[0], f"... {left_out} more ...", *needs[left_out + 1 :]] if left_out > 0 else needs


def _need(cause: Incompatibility, packages: LockedPackages) -> str:
    """The text for a package that needs another one."""
    terms = cause.terms
    needing, needed = terms[0], terms[-1]
    if needing is needed:
        return f"{_label(needing)} needs another version of itself"
    name = _PROJECT if needing.requirement.is_project else _label(needing)
    reason = f"{name} needs {needed.requirement.label}"
    if needed.node.name == packages.project.name:
        reason += f", and the project is {packages.project.label}"
    return reason


def _end(cause: Incompatibility, packages: LockedPackages) -> str | None:
    """The text for a package that is not available: it is for another Python, or its version is not locked."""
    if cause.cause not in {Because.PYTHON, Because.NO_VERSIONS}:
        return None
    (term,) = cause.terms
    locked = packages.named(term.node.name)
    if cause.cause is Because.PYTHON:
        python = next((p.python for p in locked if packages.meets(p, term.requirement)), "")
        return f"{_label(term)} needs Python {python}"
    if any(term.requirement.written.allows(packages.version(package)) for package in locked):
        return None
    versions = " and ".join(dict.fromkeys(package.version for package in locked))
    return f"{term.node.name} is locked in version {versions} only" if versions else f"no {term.node.name} is locked"


def _label(term: Term) -> str:
    return f"{term.node.label} {term.requirement.text}"
