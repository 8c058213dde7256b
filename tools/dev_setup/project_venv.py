"""The project's own virtual environment: ``.venv`` with the package installed editable and everything for tests."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from dev_setup.common import REPOSITORY, make_venv, python_key, run, say

FOLDER = REPOSITORY / ".venv"
_STAMP = FOLDER / ".setup-stamp"


def ensure() -> None:
    """Make the environment, or bring it up to date after a change of ``pyproject.toml``."""
    wanted = _fingerprint()
    if not (_STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == wanted and _python().exists()):
        _install(wanted)
    # As pip does for packages that are not editable; without it, they are compiled at every start where
    # PYTHONDONTWRITEBYTECODE is set.
    run([_python(), "-m", "compileall", "-q", REPOSITORY / "pulumi_poetry_layer"])


def _install(wanted: str) -> None:
    python = _python() if _same_python(wanted) else make_venv(FOLDER)
    say(f"installing the project and its dev dependencies into {FOLDER.name} (Python {sys.version.split()[0]})")
    _STAMP.unlink(missing_ok=True)
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", f"{REPOSITORY}[dev]"])
    _STAMP.write_text(wanted, encoding="utf-8")


def is_ready() -> bool:
    """Whether the environment was once installed to the end."""
    return _STAMP.is_file() and _python().exists()


def _python() -> Path:
    return FOLDER / "bin" / "python"


def _same_python(wanted: str) -> bool:
    if not is_ready():
        return False
    return _STAMP.read_text(encoding="utf-8").splitlines()[0] == wanted.splitlines()[0]


def _fingerprint() -> str:
    project = hashlib.sha256((REPOSITORY / "pyproject.toml").read_bytes()).hexdigest()
    return f"{python_key()} {REPOSITORY}\n{project}\n"
