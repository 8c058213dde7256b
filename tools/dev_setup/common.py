"""Shared functions of the setup: folders, messages, subprocesses, a lock, and atomic creation of folders."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dev_setup.signs_of_life import Progress, run_watched, say

if sys.platform != "win32":
    import fcntl

REPOSITORY = Path(__file__).resolve().parents[2]
_PYTHON_CONTEXT = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")


class SetupError(Exception):
    """The setup cannot continue. The message says why."""


def cache_folder() -> Path:
    """Return the folder for tools that all checkouts share. The name of each entry has the versions of the tool."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pulumi-poetry-layer" / "tools"


def digest_of(*contents: bytes) -> str:
    """Return a short digest of these contents, for the name of an entry that depends on more than a version."""
    digests = [hashlib.sha256(content).digest() for content in contents]
    return hashlib.sha256(b"".join(digests)).hexdigest()[:12]


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> None:
    """Run a command outside of any virtual environment. Its output is only shown if it fails.

    Args:
        command: The program and its arguments.
        cwd: The working directory.
        env: Environment variables besides those of this process.
        progress: What the signs of life say; by default the last line that the command printed.

    Raises:
        SetupError: The command failed. The message has the end of its output.
    """
    clean = {name: value for name, value in os.environ.items() if name not in _PYTHON_CONTEXT}
    exit_code, output = run_watched(command, cwd=cwd, env={**clean, **(env or {})}, progress=progress)
    if exit_code != 0:
        shown = " ".join(str(part) for part in command)
        raise SetupError(f"`{shown}` ended with exit code {exit_code}:\n{output}")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock, so that only one setup runs at a time. Does nothing on Windows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        if sys.platform != "win32":
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting for another setup to finish")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def created_atomically(target: Path) -> Iterator[Path]:
    """Create a temporary folder that is renamed to ``target`` if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
        building = Path(temporary) / target.name
        building.mkdir()
        yield building
        if target.exists():
            shutil.rmtree(target)
        building.rename(target)


def remove_leftovers() -> None:
    """Remove the temporary folders of setups that were killed. Only call it while the lock is held."""
    for folder in cache_folder().glob(".*-*"):
        shutil.rmtree(folder, ignore_errors=True)


def python_key() -> str:
    """Return a text for the running Python, so that another Python does not use an environment made with this one."""
    return f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


def pip_install(python: Path, *arguments: str | Path, cwd: Path | None = None) -> None:
    """Install packages with pip. Nothing is left in the user's cache of pip."""
    command: list[str | Path] = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-cache-dir"]
    run([*command, *arguments], cwd=cwd)


def make_venv(folder: Path) -> Path:
    """Make a new virtual environment with the running Python, and return its interpreter."""
    run([sys.executable, "-m", "venv", "--clear", folder])
    return python_of(folder)


def python_of(venv: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return scripts_of(venv) / ("python.exe" if sys.platform == "win32" else "python")


def scripts_of(venv: Path) -> Path:
    """Return the folder with the programs of a virtual environment."""
    return venv / ("Scripts" if sys.platform == "win32" else "bin")


def may_apt() -> bool:
    """Whether this user can install system packages: root on Debian or a derivative."""
    return sys.platform != "win32" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> None:
    """Install system packages."""
    say(f"apt-get install {' '.join(packages)}")
    run(["apt-get", "update", "-q"])
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "install", "-qy", "--no-install-recommends", *packages], env=quiet)
