"""What was built loads on the target: the right processor, and no newer C library than the runtime has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive import FileContent, Member
from pulumi_poetry_layer.errors import VerificationError, raise_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pulumi_poetry_layer.archive import Segment
    from pulumi_poetry_layer.target import Target

_ELF_MAGIC = b"\x7fELF"
_ELF_MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}
_BUILDER_HINT = "build it with the container builder, inside the build image of the runtime"


def verify_loads(members: Iterable[Member | Segment], target: Target) -> None:
    """Check every native file among the members that lie on disk; segments were checked when they were made.

    Raises:
        VerificationError: a file for another processor, or one that needs a newer glibc than the target's.
    """
    raise_problems(
        VerificationError(problem, where=f"{member.distribution}: {member.name}", hint=_BUILDER_HINT)
        for member in members
        if isinstance(member, Member) and isinstance(member.content, FileContent)
        for problem in _problems(member.content.path, target)
    )


def _problems(path: Path, target: Target) -> Iterator[str]:
    with path.open("rb") as file:
        if file.read(len(_ELF_MAGIC)) != _ELF_MAGIC:
            return
        from pulumi_poetry_layer.native_library import needs_of

        needs = needs_of(file)
    if needs is None or needs.machine != _ELF_MACHINES[target.machine]:
        return  # data, such as another processor's launcher; what is imported is held by the wheel's tag
    if problem := glibc_problem(needs.glibc, target):
        yield problem


def glibc_problem(needed: tuple[int, ...], target: Target) -> str | None:
    """What is wrong with a library that needs a glibc as new as that, None when the target has it."""
    if needed <= target.glibc:
        return None
    newest, offered = ".".join(map(str, needed)), ".".join(map(str, target.glibc))
    return f"needs glibc {newest}, {target} has {offered} ({target.operating_system})"
