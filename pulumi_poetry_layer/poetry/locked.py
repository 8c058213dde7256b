"""Small types for what a lock file contains: locked files and sources; and the name of the main group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MAIN_GROUP = "main"
"""Poetry's name for the group of the project's own dependencies."""


class LockedFile(NamedTuple):
    """A locked file of a package: its name and its hash, ``<algorithm>:<hex>``."""

    name: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class LockedSource:
    """The source of a package that does not come from PyPI.

    Attributes:
        type: ``legacy`` (an index), ``git``, ``url``, ``file`` or ``directory``.
        url: URL or path, as locked.
        reference: name of the source in pyproject.toml, or the requested git branch, tag or commit.
        resolved_reference: the locked git commit.
        subdirectory: folder in the git repository or archive.
    """

    type: str
    url: str
    reference: str | None = None
    resolved_reference: str | None = None
    subdirectory: str | None = None
