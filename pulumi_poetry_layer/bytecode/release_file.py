"""The file in a layer that says which Python has compiled a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import Segment, content_bytes
from pulumi_poetry_layer.archive.record import is_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_poetry_layer.archive.members import Member

RELEASE_FILE = "BYTECODE"
"""Its name in a .dist-info folder. Its content is, for example, ``cpython 3.13.2``."""

_IMPLEMENTATION = "cpython "
_LONGEST = 20  # characters of a release


def release_text(release: str) -> bytes:
    """The content of the file for a release such as ``3.13.2``."""
    return f"{_IMPLEMENTATION}{release}\n".encode()


def release_in(content: bytes) -> str:
    """The release in the content of the file."""
    return content.decode("ascii", "replace").strip().removeprefix(_IMPLEMENTATION)[:_LONGEST]


def is_release_file(name: str) -> bool:
    """Whether a file of a layer is the one that says which Python has compiled a distribution."""
    return name.endswith(f"/{RELEASE_FILE}") and is_record(f"{name.removesuffix(RELEASE_FILE)}RECORD")


def compiled_by(parts: Iterable[Member | Segment]) -> str | None:
    """The release of Python that has compiled the modules in the parts of a layer; None if none are compiled."""
    for part in parts:
        names = (name.decode() for name in part.names) if isinstance(part, Segment) else [part.name]
        for index, name in enumerate(names):
            if is_release_file(name):
                member = part.member(index) if isinstance(part, Segment) else part
                return release_in(content_bytes(member.content))
    return None
