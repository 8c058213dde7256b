"""What the parts of the setup share: places, messages, subprocesses, a lock, and results that appear whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

if sys.platform != "win32":
    import fcntl

REPOSITORY = Path(__file__).resolve().parents[2]
_PYTHON_CONTEXT = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")


class SetupError(Exception):
    """The setup cannot go on; the text says what would help."""


def cache_folder() -> Path:
    """Return where tools are kept between checkouts; every entry is named after what decides it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pulumi-poetry-layer" / "tools"


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"setup: {text}", flush=True)


def run(command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
    """Run a command outside any virtual environment; its output is shown only when it fails.

    Raises:
        SetupError: When the command fails; with its output.
    """
    clean = {name: value for name, value in os.environ.items() if name not in _PYTHON_CONTEXT}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **(env or {})},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode != 0:
        shown = " ".join(str(part) for part in command)
        raise SetupError(f"`{shown}` ended with exit code {result.returncode}:\n{result.stdout.rstrip()}")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that keeps two runs from working on the same folders; Windows has none."""
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
def appearing_whole(target: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes ``target`` only when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
        building = Path(temporary) / target.name
        building.mkdir()
        yield building
        if target.exists():
            shutil.rmtree(target)
        building.rename(target)


def python_key() -> str:
    """Name the running Python, so that an environment made with it is not used with another one."""
    return f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


def make_venv(folder: Path) -> Path:
    """Make a new virtual environment with the running Python and return its interpreter."""
    run([sys.executable, "-m", "venv", "--clear", folder])
    return python_of(folder)


def python_of(venv: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return scripts_of(venv) / ("python.exe" if sys.platform == "win32" else "python")


def scripts_of(venv: Path) -> Path:
    """Return the folder of a virtual environment that has its programs."""
    return venv / ("Scripts" if sys.platform == "win32" else "bin")


def may_apt() -> bool:
    """Whether packages of the system can be installed: root on Debian or a relative."""
    return sys.platform != "win32" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> None:
    """Install packages of the system."""
    say(f"apt-get install {' '.join(packages)}")
    run(["apt-get", "update", "-q"])
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "install", "-qy", "--no-install-recommends", *packages], env=quiet)
