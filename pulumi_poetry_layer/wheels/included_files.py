"""Files of a path dependency that git does not track, but that its build packs.

Poetry builds a path dependency in place, so generated code that git ignores gets into the wheel, unless the build
backend leaves out what git ignores. Such files belong to the content of the dependency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.poetry.toml_tables import parse_toml
from pulumi_poetry_layer.wheels.git_files import listed_by_git
from pulumi_poetry_layer.wheels.surroundings import takes_version_from_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LISTS = (
    ("tool", "poetry", "include"),  # https://python-poetry.org/docs/pyproject/#include-and-exclude
    ("tool", "hatch", "build", "artifacts"),  # https://hatch.pypa.io/latest/config/build/#artifacts
    ("tool", "hatch", "build", "targets", "wheel", "artifacts"),
    ("tool", "hatch", "build", "force-include"),
    ("tool", "hatch", "build", "targets", "wheel", "force-include"),
    ("tool", "pdm", "build", "includes"),  # https://backend.pdm-project.org/build_config/
)
_HEEDING_GIT = re.compile(r"poetry|hatchling")  # the start of the names of backends that leave out what git ignores
_SETUPTOOLS = "setuptools.build_meta"  # the default: https://peps.python.org/pep-0517/#source-trees
_VERSION_FILE = re.compile(r"_?(scm_)?version(_info)?\.py")
"""Files that tools such as setuptools-scm write in each build."""
_LARGE_FOLDERS = ("--exclude=.venv", "--exclude=node_modules")  # that are never part of a package, and slow to list
_COMPILED = re.compile(r".*\.(so|pyd|dll|dylib|o|obj|a)")


def included_files(folder: Path, tracked: Iterable[str]) -> list[str]:
    """The files that the build of a folder packs although git does not track them, relative to the folder.

    Args:
        folder: the folder of the project, in a git work tree.
        tracked: the files that git tracks in it.

    Raises:
        SubprocessError: git is missing or failed.
    """
    project = _Project.of(folder)
    ignored = ("--exclude-standard",) if project.heeds_git else _LARGE_FOLDERS
    untracked = listed_by_git(folder, "--others", *ignored)
    packages = _packages(tracked) | project.found_packages(untracked)
    packed = [name for name in untracked if project.packs(name, packages)]
    return list(dict.fromkeys([*packed, *_named_files(folder, project.document)]))


def _packages(tracked: Iterable[str]) -> frozenset[str]:
    """The folders with Python files, and ``src`` if it contains one of them. The root is none of them."""
    folders = {name.rpartition("/")[0] for name in tracked if name.endswith(".py")} - {""}
    return frozenset(folders | {"src" for folder in folders if folder.startswith("src/")})


@dataclass(frozen=True)
class _Project:
    """How a project is built.

    Attributes:
        document: its pyproject.toml.
        backend: its build backend.
        settings: the text of all files with settings of the backend.
        writes_version: whether the build writes a module with the version from git.
    """

    document: dict[str, Any]
    backend: str
    settings: str
    writes_version: bool

    @classmethod
    def of(cls, folder: Path) -> _Project:
        names = ("pyproject.toml", "setup.cfg", "setup.py", "MANIFEST.in")
        texts = {name: _text(folder / name) for name in names}
        try:
            document = parse_toml(texts["pyproject.toml"])
        except ValueError:
            document = {}  # the build reports it
        backend = _value(document, "build-system", "build-backend")
        return cls(
            document,
            backend if isinstance(backend, str) else _SETUPTOOLS,
            "\n".join(texts.values()),
            takes_version_from_git(folder),
        )

    @property
    def heeds_git(self) -> bool:
        """Whether the build leaves out what git ignores."""
        return bool(_HEEDING_GIT.match(self.backend)) and not _value(
            self.document, "tool", "hatch", "build", "ignore-vcs"
        )

    def found_packages(self, untracked: Iterable[str]) -> frozenset[str]:
        """The untracked packages at the root that setuptools finds, if it looks for packages."""
        if not (self.backend.startswith("setuptools") and "find" in self.settings):
            return frozenset()
        return frozenset(name.partition("/")[0] for name in untracked if re.fullmatch(r"[^/]+/__init__\.py", name))

    def packs(self, name: str, packages: Iterable[str]) -> bool:
        """Whether the build packs an untracked file.

        Args:
            name: path of the file, relative to the project.
            packages: the folders with tracked Python files.
        """
        file = name.rpartition("/")[2]
        if _COMPILED.fullmatch(file) or (self.writes_version and _VERSION_FILE.fullmatch(file)):
            return False
        if any(name.startswith(f"{package}/") for package in packages):
            return file.endswith(".py") or self._packs_data(file)
        # A module or package at the root: only if the settings name it, and not a script that is there by chance.
        top = name.partition("/")[0].removesuffix(".py")
        return file.endswith(".py") and re.search(rf"[\"'\s=,]{re.escape(top)}[\"'\s,.]", self.settings) is not None

    def _packs_data(self, file: str) -> bool:
        """Whether a file in a package that is not a module is packed. With setuptools, settings name patterns."""
        if not self.backend.startswith("setuptools"):
            return True
        suffix = file.rpartition(".")[2]
        return (
            re.search(rf"\*\.{re.escape(suffix)}\b|[\"'/\s]\*+(?![.\w])|{re.escape(file)}", self.settings) is not None
        )


def _named_files(folder: Path, document: dict[str, Any]) -> Iterator[str]:
    """The files that the settings of build backends name."""
    for pattern in _patterns(document):
        if not pattern or pattern.startswith("/") or ".." in pattern.split("/"):
            continue
        for path in _matching(folder, pattern):
            files = sorted(inner for inner in path.rglob("*") if inner.is_file()) if path.is_dir() else [path]
            yield from (file.relative_to(folder).as_posix() for file in files)


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except (OSError, ValueError):  # a name that no file can have, or no valid pattern; the build reports it
        return []


def _patterns(document: dict[str, Any]) -> Iterator[str]:
    for keys in _LISTS:
        value = _value(document, *keys)
        for entry in value if isinstance(value, (list, dict)) else ():
            pattern = entry.get("path") if isinstance(entry, dict) else entry
            if isinstance(pattern, str):
                yield pattern.strip("/") if keys[1] == "hatch" else pattern


def _value(document: dict[str, Any], *keys: str) -> Any:
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
