"""What the build of a path dependency reads outside of its folder: files beside or above it, and git.

Poetry builds a path dependency in place. So its pyproject.toml may name ``../../README.md``, its setup.py may read
``../../VERSION``, and its version may come from git. A build from a copy needs these things too, and they decide the
content of the layer.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.wheels.git_files import described, listed_by_git, work_tree_of
from pulumi_poetry_layer.wheels.plain_folders import all_files

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = ("pyproject.toml", "setup.cfg")
_SCRIPTS = ("setup.py", "hatch_build.py", "build.py", "pdm_build.py")
_PATH_ABOVE = re.compile(r"(?:\.\./)+[^\s\"'`,;<>|*?\[\]{}()#]*")
_LOOKS_ABOVE = re.compile(r"\.\.[\"'/]|parents\[[1-9]|\.parent\.parent|dirname\([\w.\s]*dirname|\bpardir\b")
_NAME = re.compile(r"[\"']((?:[\w-][\w.-]*/)*[\w-][\w.-]*)[\"']")
_PARENTS_WITHOUT_GIT = 4
_VERSION_FROM_GIT = re.compile(
    r"setuptools[-_]scm|hatch[-_]vcs|poetry[-_]dynamic[-_]versioning|uv[-_]dynamic[-_]versioning|versioningit|versioneer"
    r"|setuptools[-_]git[-_]versioning|flit[-_]scm|dunamai|\bpbr\b|source\s*=\s*[\"']scm[\"']",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Surroundings:
    """What a build reads outside of the folder.

    Attributes:
        root: the folder that contains everything.
        files: the other files, relative to the root.
        version: what git says about the commit and its tags; empty if the build does not read git.
    """

    root: Path
    files: tuple[str, ...]
    version: str


def surroundings_of(folder: Path) -> Surroundings | None:
    """What the build of a path dependency reads outside of its folder; None if it reads nothing there.

    Args:
        folder: the folder of the dependency.
    """
    folder = folder.resolve()
    settings = "\n".join(_texts(folder, _SETTINGS))
    scripts = "\n".join(_texts(folder, _SCRIPTS))
    repository = work_tree_of(folder)
    if repository and _VERSION_FROM_GIT.search(settings + scripts) and (version := described(repository)):
        others = (name for name in listed_by_git(repository, "--cached") if (repository / name).is_file())
        prefix = f"{folder.relative_to(repository).as_posix()}/"
        kept = sorted(name for name in others if prefix == "./" or not name.startswith(prefix))
        return Surroundings(repository, () if prefix == "./" else tuple(kept), version)
    found = {path.resolve() for path in _files_above(folder, settings + scripts)}
    if _LOOKS_ABOVE.search(scripts):
        found |= set(_files_named_in_parents(folder, repository, scripts))
        found = found or set(_tracked_files_in_parents(folder, repository))
    outside = sorted(path for path in found if folder not in path.parents)
    if not outside:
        return None
    root = Path(os.path.commonpath([folder, *(path.parent for path in outside)]))
    return Surroundings(root, tuple(path.relative_to(root).as_posix() for path in outside), "")


def takes_version_from_git(folder: Path) -> bool:
    """Whether the build of a folder takes its version from git."""
    return _VERSION_FROM_GIT.search("\n".join(_texts(folder, _SETTINGS + _SCRIPTS))) is not None


def _texts(folder: Path, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if (folder / name).is_file():
            yield (folder / name).read_text(encoding="utf-8", errors="replace")


def _files_above(folder: Path, text: str) -> Iterator[Path]:
    """The files that a text names by a path with ``../``; for a folder, its files, or those that git tracks in it."""
    for match in set(_PATH_ABOVE.findall(text)):
        path = folder / match
        if not os.path.exists(path):  # noqa: PTH110 - the method of Path raises an error for a path that is too long
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and path.resolve() not in folder.parents:
            tracked = listed_by_git(path, "--cached") if work_tree_of(path) else []
            files = (path / name for name in tracked) if tracked else all_files(path)
            yield from filter(Path.is_file, files)


def _files_named_in_parents(folder: Path, repository: Path | None, scripts: str) -> Iterator[Path]:
    """The files in the folders above of which the build scripts contain the name, such as ``"VERSION"``."""
    names = set(_NAME.findall(scripts))
    for parent in _parents(folder, repository):
        yield from (path for name in names if (path := parent / name).is_file() and folder not in path.parents)


def _tracked_files_in_parents(folder: Path, repository: Path | None) -> Iterator[Path]:
    """The tracked files that lie directly in a folder above. For scripts that put names of files together."""
    for parent in _parents(folder, repository) if repository else ():
        yield from (
            parent / name
            for name in listed_by_git(parent, "--cached")
            if "/" not in name and not name.endswith(".lock") and (parent / name).is_file()
        )


def _parents(folder: Path, repository: Path | None) -> list[Path]:
    """The folders above that belong to the same repository; without git, the next ones."""
    parents = [parent for parent in folder.parents if parent != Path(parent.anchor)]
    if repository is None:
        return parents[:_PARENTS_WITHOUT_GIT]
    return [parent for parent in parents if parent == repository or repository in parent.parents]
