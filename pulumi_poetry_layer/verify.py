"""What was built loads on the target: the right processor, and no newer C library than the runtime has."""

from __future__ import annotations

from pulumi_poetry_layer.archive import FileContent, Member
from pulumi_poetry_layer.errors import VerificationError, raise_problems

TYPE_CHECKING = False
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
        from elftools.common.exceptions import ELFError
        from elftools.elf.elffile import ELFFile

        try:
            elf = ELFFile(file)
            machine = elf["e_machine"]
            newest = max(_glibc_versions(elf), default=(0, 0))
        except ELFError:
            return  # test data of some packages is broken ELF on purpose
    if machine != _ELF_MACHINES[target.machine]:
        return  # data, such as another processor's launcher; what is imported is held by the wheel's tag
    if newest > target.glibc:
        needed, offered = ".".join(map(str, newest)), ".".join(map(str, target.glibc))
        yield f"needs glibc {needed}, {target} has {offered} ({target.operating_system})"


def _glibc_versions(elf: object) -> Iterator[tuple[int, ...]]:
    """The versions of GLIBC_x.y symbols that a file needs (section .gnu.version_r)."""
    section = elf.get_section_by_name(".gnu.version_r")  # type: ignore[attr-defined]
    if section is None:
        return
    for _, auxiliaries in section.iter_versions():
        for auxiliary in auxiliaries:
            library, _, version = auxiliary.name.partition("_")
            if library == "GLIBC" and version.replace(".", "").isdigit():
                yield tuple(map(int, version.split(".")))
