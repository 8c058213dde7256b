"""Files of a path dependency that git does not track, but that the settings of its build backend name.

Generated code is often ignored by git and named in ``include``. The build packs it, so it belongs to the content of the
dependency.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tomli

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
_VERSION_FILE = re.compile(r"_?(scm_)?version(_info)?\.py")
"""Files that tools such as setuptools-scm write in each build."""


def included_files(folder: Path) -> Iterator[Path]:
    """The files in a folder that the settings in its pyproject.toml name.

    Args:
        folder: the folder of the project.
    """
    try:
        document = tomli.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return  # the build reports it
    for pattern in _patterns(document):
        if not pattern or pattern.startswith("/") or ".." in pattern.split("/"):
            continue
        for path in sorted(folder.glob(pattern)):
            if path.is_dir():
                yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
            elif path.is_file():
                yield path


def _patterns(document: dict[str, Any]) -> Iterator[str]:
    for keys in _LISTS:
        value: Any = document
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        for entry in value if isinstance(value, (list, dict)) else ():
            pattern = entry.get("path") if isinstance(entry, dict) else entry
            if isinstance(pattern, str):
                yield pattern.strip("/") if keys[1] == "hatch" else pattern


def missing_modules(ignored: Iterable[str], tracked: Iterable[str]) -> list[str]:
    """The modules that git ignores in a folder with tracked modules, and that a build may pack.

    Args:
        ignored: paths of the files that git ignores.
        tracked: paths of the files that belong to the dependency.
    """
    packages = {name.rpartition("/")[0] for name in tracked if name.endswith(".py")} - {""}
    return sorted(
        name
        for name in ignored
        if name.endswith(".py")
        and not _VERSION_FILE.fullmatch(name.rpartition("/")[2])
        and any(name.startswith(f"{package}/") for package in packages)
    )
