"""Finds the locked source of a git, URL or path dependency.

The rules are those of ``is_same_source_as`` in ``poetry/core/packages/specification.py``. Poetry compares paths on
disk. Here, both paths are relative to the folder of the lock file.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pulumi_poetry_layer.poetry.direct_references import plain_git_address
from pulumi_poetry_layer.poetry.locked import LockedSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage

_DEFAULT_BRANCH = "HEAD"


def find_origin(dependency: Dependency, locked: Sequence[LockedPackage], of: LockedPackage | None) -> LockedSource:
    """The locked source of a dependency; if there is none, a source as the dependency names it.

    Args:
        dependency: a git, URL or path dependency.
        locked: the locked packages with its name.
        of: the package that has the dependency; None for the project.
    """
    wanted = LockedSource(
        type=dependency.origin or "",
        url=_path(dependency, of) if dependency.origin == "path" else dependency.address or "",
        reference=dependency.reference,
        subdirectory=dependency.subdirectory,
    )
    sources = [package.source for package in locked if package.source and _kind(package.source) == wanted.type]
    same = next((source for source in sources if _is_same(source, wanted)), None)
    return same or _only(sources, wanted) or wanted


def _only(sources: Sequence[LockedSource], wanted: LockedSource) -> LockedSource | None:
    """The only similar source, although it is written differently.

    A path can be absolute or contain a link, and a repository can be locked with the name of its default branch.
    """
    if wanted.type == "git":
        similar = [source for source in sources if not wanted.reference and _is_same_place(source, wanted)]
    elif wanted.type == "path":
        last = posixpath.basename(wanted.url)
        similar = [source for source in sources if posixpath.basename(_normalized(source.url)) == last]
    else:
        return None
    return similar[0] if len(set(similar)) == 1 else None


def _kind(source: LockedSource) -> str:
    return "path" if source.type in {"file", "directory"} else source.type


def _is_same(source: LockedSource, wanted: LockedSource) -> bool:
    if wanted.type == "path":
        return _normalized(source.url) == wanted.url
    if not _is_same_place(source, wanted):
        return False
    if wanted.type != "git":
        return True
    locked, asked = source.reference or _DEFAULT_BRANCH, wanted.reference or _DEFAULT_BRANCH
    return locked.startswith(asked) or asked.startswith(locked)


def _is_same_place(source: LockedSource, wanted: LockedSource) -> bool:
    if (source.subdirectory or "") != (wanted.subdirectory or ""):
        return False
    if wanted.type == "git":
        return plain_git_address(source.url) == plain_git_address(wanted.url)
    return source.url == wanted.url


def _path(dependency: Dependency, of: LockedPackage | None) -> str:
    """The path of a dependency, relative to the folder of the lock file."""
    folder = of.source.url if of and of.source and of.source.type == "directory" else ""
    path = (dependency.address or "").removeprefix("file://")
    is_archive = path.endswith((".whl", ".gz", ".zip", ".bz2", ".xz"))
    inner = dependency.subdirectory if dependency.subdirectory and not is_archive else ""
    return _normalized(posixpath.join(folder, path.replace("\\", "/"), inner))


def _normalized(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/"))
