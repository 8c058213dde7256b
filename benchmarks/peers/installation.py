"""Install peers with the ordinary clients: pip, npm and git. What is there already stays."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.peer import NotHereError, Workplace

POETRY = ("poetry==2.5.1", "poetry-plugin-export==1.10.1", "poetry-plugin-pypi-mirror==0.6.5")
"""Poetry as the peers use it: with ``poetry export``, and with the plugin for mirrors of PyPI."""

INSTALL_SECONDS = 600


def virtual_environment(here: Workplace, name: str, requirements: Sequence[str]) -> Path:
    """A virtual environment with these requirements. Returns the folder of its programs.

    Raises:
        NotHereError: pip cannot install them.
    """
    folder = here.tools / name
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        run(here, here.python, "-m", "venv", folder)
        run(here, folder / "bin" / "python", "-m", "pip", "install", "--quiet", *requirements)
        (folder / "installed").touch()
    return folder / "bin"


def poetry(here: Workplace, *plugins: str) -> None:
    """Install Poetry; ``here.tools / "bin"``, which is on the peer's PATH, then has the program."""
    programs = virtual_environment(here, "poetry", (*POETRY, *plugins))
    link(here, programs / "poetry")


def link(here: Workplace, program: Path) -> None:
    """Put a program, and nothing that is beside it, on the peer's PATH."""
    (here.tools / "bin").mkdir(parents=True, exist_ok=True)
    target = here.tools / "bin" / program.name
    target.unlink(missing_ok=True)
    target.symlink_to(program)


def node_modules(here: Workplace, *packages: str) -> Path:
    """A folder with npm packages. Returns its ``node_modules``.

    Raises:
        NotHereError: there is no npm, or it cannot install them.
    """
    folder = here.tools / "npm"
    if not (folder / "installed").exists():
        if shutil.which("npm") is None:
            raise NotHereError("npm is not installed")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true}')
        run(here, "npm", "install", "--silent", "--no-fund", "--no-audit", *packages, folder=folder)
        (folder / "installed").touch()
    return folder / "node_modules"


def repository(here: Workplace, url: str, tag: str) -> Path:
    """A clone of a git repository at a tag.

    Raises:
        NotHereError: git cannot reach it.
    """
    folder = here.tools / "repository"
    if not folder.exists():
        run(here, "git", "clone", "--quiet", "--depth", "1", "--branch", tag, url, folder)
    return folder


def run(here: Workplace, *arguments: str | Path, folder: Path | None = None) -> str:
    """Run a command of the installation. Returns its output.

    Raises:
        NotHereError: it fails.
    """
    here.tools.mkdir(parents=True, exist_ok=True)
    here.home.mkdir(parents=True, exist_ok=True)
    command = [str(argument) for argument in arguments]
    try:
        ended = subprocess.run(
            command,
            cwd=folder or here.tools,
            env=dict(here.variables),
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHereError(f"`{command[0]}` fails: {error}") from error
    if ended.returncode:
        last = (ended.stderr or ended.stdout).strip().splitlines()[-1:]
        raise NotHereError(f"`{' '.join(command[:2])}` fails: {' '.join(last)[:200]}")
    return ended.stdout
