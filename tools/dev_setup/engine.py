"""Provides the Pulumi engine: the one on PATH, else from the official installer, else built from its Go modules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from dev_setup import go
from dev_setup.common import REPOSITORY, SetupError, cache_folder, created_atomically, run
from dev_setup.signs_of_life import say

VERSION = "3.259.0"
LANGUAGE_HOST_VERSION = "3.79.0"
EXECUTABLES = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")

_OLDEST_USABLE = (3, 200, 0)
_INSTALLER = "https://get.pulumi.com"
_INSTALLER_CONNECT_SECONDS = 5
_MODULES = REPOSITORY / "tools" / "pulumi"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_ENGINE_FLAGS = ("-tags", "osusergo,grpcnotrace", "-ldflags", f"-s -w -X {_SDK}/go/common/version.Version=v{VERSION}")


def ensure() -> None:
    """Install or build an engine if there is none."""
    if executable_folder() is not None:
        return
    with created_atomically(_folder()) as building:
        if not _install_official(building):
            _build(building / "bin")
    say(f"Pulumi {VERSION} is in {_folder()}")


def executable_folder() -> Path | None:
    """Return the folder with the engine and its programs for Python, or ``None`` if there is none."""
    on_path = shutil.which("pulumi")
    if on_path is not None and _is_usable(Path(on_path).resolve().parent):
        return Path(on_path).resolve().parent
    cached = _folder() / "bin"
    return cached if _is_complete(cached) else None


def _folder() -> Path:
    return cache_folder() / f"pulumi-{VERSION}-python-host-{LANGUAGE_HOST_VERSION}"


def _is_complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in EXECUTABLES)


def _is_usable(folder: Path) -> bool:
    return _is_complete(folder) and _version_of([str(folder / "pulumi"), "version"]) >= _OLDEST_USABLE


def _version_of(command: list[str]) -> tuple[int, ...]:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", result.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _install_official(target: Path) -> bool:
    """Run the official installer. Return ``False`` if it cannot be reached, or fails."""
    curl = shutil.which("curl")
    if curl is None:
        return False
    with tempfile.TemporaryDirectory() as temporary:
        script = Path(temporary) / "install.sh"
        limits = ["--connect-timeout", str(_INSTALLER_CONNECT_SECONDS), "--max-time", "30"]
        fetched = subprocess.run([curl, "-fsSL", *limits, "-o", script, _INSTALLER], capture_output=True, check=False)
        if fetched.returncode != 0:
            say(f"the official installer ({_INSTALLER}) cannot be reached")
            return False
        say(f"installing Pulumi {VERSION} with the official installer")
        try:
            run(["sh", script, "--version", VERSION, "--install-root", target, "--no-edit-path"])
        except SetupError as error:
            say(f"the official installer failed: {error}")
            return False
    if not _is_complete(target / "bin"):
        return False
    for program in (target / "bin").iterdir():
        if program.name not in EXECUTABLES:  # hosts of other languages, which take hundreds of megabytes
            program.unlink()
    return True


def _build(target: Path) -> None:
    """Build the engine and its Python language host. The parts in Python are in the module of the SDK."""
    target.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    say(f"building Pulumi {VERSION} from its Go modules; this takes some minutes, but only once")
    go.build(_MODULES / "engine", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", target / "pulumi", _ENGINE_FLAGS)
    say(f"building its Python language host {LANGUAGE_HOST_VERSION}")
    host = target / "pulumi-language-python"
    go.build(_MODULES / "language", f"{_SDK}/python/cmd/pulumi-language-python", host, ("-ldflags", "-s -w"))
    sdk = go.module_folder(_MODULES / "engine", _SDK)
    for part in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        copied = shutil.copyfile(sdk / "python" / part, target / Path(part).name)
        copied.chmod(0o755)
    say(f"finished in {time.monotonic() - started:.0f} s")
