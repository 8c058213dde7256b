"""Makes the virtual environment of the project: ``.venv`` with the package (editable) and a dependency group."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from dev_setup.common import REPOSITORY, make_venv, python_key, python_of, run, say

FOLDER = REPOSITORY / ".venv"
_STAMP = FOLDER / ".setup-stamp"
_OLDEST_PIP = "25.1"  # the first one that can install dependency groups


def ensure(group: str = "dev") -> None:
    """Make the environment, or update it after a change of ``pyproject.toml``.

    Args:
        group: The dependency group to install. ``dev`` contains all other groups. If it is installed, it stays.
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
    # pip does this for packages that are not editable. Without it, and with PYTHONDONTWRITEBYTECODE, every start of
    # the package would compile its modules.
    run([_python(), "-m", "compileall", "-q", REPOSITORY / "pulumi_poetry_layer"])


def _install(python: Path, group: str) -> None:
    say(f"installing the project with its group {group!r} into {FOLDER.name} (Python {sys.version.split()[0]})")
    _STAMP.unlink(missing_ok=True)
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, f"pip>={_OLDEST_PIP}"])
    run([*pip, "-e", ".", "--group", group], cwd=REPOSITORY)


def is_ready() -> bool:
    """Whether the environment is completely installed."""
    return _STAMP.is_file() and _python().exists()


def _python() -> Path:
    return python_of(FOLDER)


def _python_line() -> str:
    return f"{python_key()} {REPOSITORY}"
