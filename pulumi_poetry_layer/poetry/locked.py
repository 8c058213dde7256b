"""What both readers of Poetry's files share: locked files, where packages come from, and the main group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MAIN_GROUP = "main"
"""The group of the dependencies that are in no group of their own."""


class LockedFile(NamedTuple):
    """A file of a package in the index: its name and its digest, ``<algorithm>:<hex>``."""

    name: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class LockedSource:
    """Where a package comes from when that is not PyPI.

    Attributes:
        type: ``legacy`` (an index), ``git``, ``url``, ``file`` or ``directory``.
        url: address or path, as locked.
        reference: name of the source in pyproject.toml, or the git reference asked for.
        resolved_reference: the git commit.
        subdirectory: folder inside a git repository or archive.
    """

    type: str
    url: str
    reference: str | None = None
    resolved_reference: str | None = None
    subdirectory: str | None = None
