"""The project's own virtual environment: ``.venv`` with the package installed editable, and a dependency group."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from dev_setup.common import REPOSITORY, make_venv, python_key, python_of, run, say

FOLDER = REPOSITORY / ".venv"
_STAMP = FOLDER / ".setup-stamp"
_OLDEST_PIP = "25.1"  # the first that installs dependency groups


def ensure(group: str = "dev") -> None:
    """Make the environment, or bring it up to date after a change of ``pyproject.toml``.

    Args:
        group: the dependency group that must be there. ``dev`` has all others, and is kept once it is installed.
    """
    stamp = _STAMP.read_text(encoding="utf-8").splitlines() if is_ready() else []
    same_python = stamp[:1] == [_python_line()]
    if same_python and stamp[-1] == "dev":
        group = "dev"
    wanted = [_python_line(), hashlib.sha256((REPOSITORY / "pyproject.toml").read_bytes()).hexdigest(), group]
    if stamp != wanted:
        python = _python() if same_python else make_venv(FOLDER)
        _install(python, group)
        _STAMP.write_text("\n".join(wanted) + "\n", encoding="utf-8")
    # As pip does for packages that are not editable; without it, they are compiled at every start where
    # PYTHONDONTWRITEBYTECODE is set.
    run([_python(), "-m", "compileall", "-q", REPOSITORY / "pulumi_poetry_layer"])


def _install(python: Path, group: str) -> None:
    say(f"installing the project and its group {group} into {FOLDER.name} (Python {sys.version.split()[0]})")
    _STAMP.unlink(missing_ok=True)
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, f"pip>={_OLDEST_PIP}"])
    run([*pip, "-e", ".", "--group", group], cwd=REPOSITORY)


def is_ready() -> bool:
    """Whether the environment was once installed to the end."""
    return _STAMP.is_file() and _python().exists()


def _python() -> Path:
    return python_of(FOLDER)


def _python_line() -> str:
    return f"{python_key()} {REPOSITORY}"
