"""Makes the virtual environment of the project: ``.venv`` with the package (editable) and a dependency group."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection
from pathlib import Path

from dev_setup.common import REPOSITORY, make_venv, pip_install, python_key, python_of, run
from dev_setup.signs_of_life import say

FOLDER = REPOSITORY / ".venv"
_STAMP = FOLDER / ".setup-stamp"
_OLDEST_PIP = "25.1"  # the first one that can install dependency groups


def ensure(group: str = "dev") -> None:
    """Make the environment, or update it after a change of ``pyproject.toml``.

    Args:
        group: The dependency group to install. Groups that are installed stay. ``dev`` contains all other groups.
    """
    stamp = _STAMP.read_text(encoding="utf-8").splitlines() if is_ready() else []
    same_python = stamp[:1] == [_python_line()]
    groups = {group, *(stamp[-1].split() if same_python else ())}
    groups = {"dev"} if "dev" in groups else groups
    wanted = [_python_line(), hashlib.sha256((REPOSITORY / "pyproject.toml").read_bytes()).hexdigest()]
    wanted.append(" ".join(sorted(groups)))
    if stamp != wanted:
        python = _python() if same_python else make_venv(FOLDER)
        _install(python, groups)
        _STAMP.write_text("\n".join(wanted) + "\n", encoding="utf-8")
    # pip does this for packages that are not editable. Without it, and with PYTHONDONTWRITEBYTECODE, every start of
    # the package would compile its modules.
    run([_python(), "-m", "compileall", "-q", REPOSITORY / "pulumi_poetry_layer"])


def _install(python: Path, groups: Collection[str]) -> None:
    named = " and ".join(map(repr, sorted(groups)))
    say(f"installing the project with its group {named} into {FOLDER.name} (Python {sys.version.split()[0]})")
    _STAMP.unlink(missing_ok=True)
    pip_install(python, f"pip>={_OLDEST_PIP}")
    options = [part for group in sorted(groups) for part in ("--group", group)]
    if groups == {"demo"}:
        options.append("--no-compile")  # compiled modules nobody imports: half a minute, and 170 MB on the disk
    pip_install(python, "-e", ".", *options, cwd=REPOSITORY)


def is_ready() -> bool:
    """Whether the environment is completely installed."""
    return _STAMP.is_file() and _python().exists()


def has(group: str) -> bool:
    """Whether the environment has the packages of a dependency group."""
    return is_ready() and not {group, "dev"}.isdisjoint(_STAMP.read_text(encoding="utf-8").splitlines()[-1].split())


def _python() -> Path:
    return python_of(FOLDER)


def _python_line() -> str:
    return f"{python_key()} {REPOSITORY}"
