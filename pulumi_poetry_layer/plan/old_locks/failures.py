"""Why the locked packages do not fit together, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.plan.old_locks.requirements import Because, Incompatibility, Node, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.plan.old_locks.locked_packages import LockedPackages

_MOST_REASONS = 12


def no_solution(
    causes: Iterable[Incompatibility], packages: LockedPackages, *, node: Node | None = None
) -> LockFileError:
    """That no choice of locked packages meets all requirements.

    Args:
        causes: the incompatibilities that together leave no choice.
        packages: the candidates.
        node: what they are about, if that is known.
    """
    reasons = list(dict.fromkeys(reason for cause in causes for reason in _reasons(cause, packages)))
    listed = reasons[:_MOST_REASONS]
    if len(reasons) > len(listed):
        listed.append(f"and {len(reasons) - len(listed)} more")
    about = f" ({node.label})" if node else ""
    return LockFileError(
        f"the locked packages do not fit together on the target{about}: {'; '.join(listed)}",
        where="poetry.lock",
        hint="run `poetry lock` with Poetry 2: it writes locks that say which package is for which target",
    )


def _reasons(cause: Incompatibility, packages: LockedPackages) -> Iterator[str]:
    if cause.cause is Because.DEPENDENCY:
        yield _need(cause, packages)
    elif cause.cause is Because.NO_VERSIONS:
        (term,) = cause.terms
        yield f"no {term.requirement.label} is locked{_versions(term, packages)}"
    elif cause.cause is Because.PYTHON:
        (term,) = cause.terms
        python = next((p.python for p in packages.named(term.node.name) if packages.meets(p, term.requirement)), "")
        yield f"{_label(term)} needs Python {python}"


def _need(cause: Incompatibility, packages: LockedPackages) -> str:
    terms = cause.terms
    needing, needed = terms[0], terms[-1]
    if needing is needed:
        return f"{_label(needing)} needs another version of itself"
    name = "pyproject.toml" if needing.requirement.is_project else _label(needing)
    reason = f"{name} needs {needed.requirement.label}"
    if needed.node.name == packages.project.name:
        reason += f", and the project is {packages.project.label}"
    return reason


def _label(term: Term) -> str:
    return f"{term.node.label} {term.requirement.text}"


def _versions(term: Term, packages: LockedPackages) -> str:
    versions = ", ".join(dict.fromkeys(package.version for package in packages.named(term.node.name)))
    return f" (locked: {versions})" if versions else ""
