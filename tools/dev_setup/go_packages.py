"""Keeps what the Go programs in the tests import, downloaded and compiled, because compiling it takes minutes."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from dev_setup import go
from dev_setup.common import REPOSITORY, cache_folder, created_atomically, digest_of, run
from dev_setup.signs_of_life import say

_EXAMPLE = REPOSITORY / "examples" / "go"
_PINNED = ("go.mod", "go.sum")
_IMPORT = re.compile(r'^\t"(github\.com/pulumi/.+)"$', re.MULTILINE)
_FLAGS = "-mod=readonly -modcacherw -buildvcs=false -trimpath -gcflags=all=-dwarf=false '-ldflags=-s -w'"
"""With ``-trimpath``, compiled packages do not depend on their folder. The rest makes the cache and programs small."""


def ensure() -> None:
    """Download and compile the packages that the example imports, if they are missing."""
    if folder() is not None:
        return
    say("compiling what Go programs in the tests import; this takes some minutes, but only once")
    with created_atomically(_folder()) as building:
        (building / "bin").mkdir()
        (building / "bin" / "go").symlink_to(go.kept_executable(_EXAMPLE))
        program = building / "program"
        program.mkdir()
        for name in _PINNED:
            shutil.copy(_EXAMPLE / name, program)
        (program / "main.go").write_text(_stub(), encoding="utf-8")
        executable, env = building / "bin" / "go", settings(building)
        run([executable, "build", "-v", "-o", "program", "."], cwd=program, env=env)
        run([executable, "vet", "."], cwd=program, env=env)
        shutil.rmtree(program)
        for archive in (building / "modules" / "cache" / "download").rglob("*.zip"):
            archive.unlink()


def folder() -> Path | None:
    """Return the folder with ``bin``, ``modules`` and ``compiled``, or ``None`` if it is missing."""
    return _folder() if os.access(_folder() / "bin" / "go", os.X_OK) else None


def settings(kept: Path) -> dict[str, str]:
    """Return the environment variables that make ``go`` use such a folder."""
    return {
        "CGO_ENABLED": "0",
        "GOCACHE": str(kept / "compiled"),
        "GOFLAGS": _FLAGS,
        "GOMODCACHE": str(kept / "modules"),
        "GOTOOLCHAIN": "local",
    }


def _stub() -> str:
    """A program that imports what the example imports, without the SDK, which the tests generate."""
    imported = _IMPORT.findall((_EXAMPLE / "main.go").read_text(encoding="utf-8"))
    lines = "".join(f'import _ "{package}"\n' for package in sorted(imported))
    return f"package main\n\n{lines}\nfunc main() {{}}\n"


def _folder() -> Path:
    pinned = [(_EXAMPLE / name).read_bytes() for name in _PINNED]
    return cache_folder() / f"go-packages-{digest_of(_stub().encode(), *pinned)}"
