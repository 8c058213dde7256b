"""The Python that compiles: one of this machine with the target's version, found before anything is built.

Its patch release decides the bytes, but every patch release of a version loads what another one has compiled.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pulumi_poetry_layer.bytecode import compile_sources
from pulumi_poetry_layer.errors import HostError, SubprocessError
from pulumi_poetry_layer.host.cache import cache_folder, make_cache_folder
from pulumi_poetry_layer.host.files import write_atomically
from pulumi_poetry_layer.host.interpreters import find_python
from pulumi_poetry_layer.host.process import Program, run
from pulumi_poetry_layer.wording import argument, place, setting

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPT = Path(compile_sources.__file__)
"""The program that compiles."""

OPTIONS = ("-S", "-s", "-B", "-X", "utf8")
"""Options of the interpreter: without the packages of the user, because what is loaded must not decide the bytes."""

VARIABLES = {"PYTHONHASHSEED": "0", "PYTHONSAFEPATH": "1"}
"""Environment variables of the interpreter."""

RELEASE_QUERY = """\
import platform, sysconfig
print(platform.python_version(), bool(sysconfig.get_config_var("Py_GIL_DISABLED")))
"""
"""Prints the release of an interpreter, and whether it is one without the global lock, whose bytecode differs."""

_INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
_SECONDS = 900.0  # for the share of one processor
_FINAL_RELEASE = re.compile(r"(?P<release>\d+\.\d+\.\d+) False\s*")
_HINT = "it compiles the modules of the layer, and nothing of them is run: build again without bytecode"


class Compiler(Protocol):
    """A Python that compiles."""

    @property
    def release(self) -> str:
        """Its full version, such as ``3.13.2``."""

    @property
    def processors(self) -> int:
        """How many processes may run at the same time."""

    def run(self, folder: Path, arguments: Sequence[Sequence[str]]) -> None:
        """Run :mod:`compile_sources` in several processes at the same time.

        Args:
            folder: the folder with the sources, where the compiled modules are then.
            arguments: for each process, its arguments after the folder.

        Raises:
            BuildError: a process failed or took too long.
        """


class HostCompiler:
    """A Python of this machine.

    Args:
        program: the interpreter.
        release: its full version.
    """

    def __init__(self, program: Program, release: str) -> None:
        self._program = program
        self.release = release

    @property
    def processors(self) -> int:
        """The processors of this machine."""
        return os.cpu_count() or 1

    def run(self, folder: Path, arguments: Sequence[Sequence[str]]) -> None:
        """Run one process per list of arguments; see :class:`Compiler`."""
        from concurrent.futures import ThreadPoolExecutor  # most commands do not compile

        def run_one(own: Sequence[str]) -> None:
            command = [*OPTIONS, str(SCRIPT), str(folder), *own]
            run(self._program, command, environment=_variables(), folder=folder, hint=_HINT, seconds=_SECONDS)

        with ThreadPoolExecutor(len(arguments)) as threads:
            list(threads.map(run_one, arguments))


def release_in(output: str) -> str | None:
    """The release in what :data:`RELEASE_QUERY` prints; None if that is not a usual, final release."""
    match = _FINAL_RELEASE.fullmatch(output)
    return match["release"] if match else None


@cache
def find_compiler(wanted: str) -> HostCompiler:
    """A Python of this machine that compiles for a version.

    Args:
        wanted: the version, such as ``3.13``, or the only release that is accepted, such as ``3.13.2``.

    Raises:
        HostError: this machine has none; the hint is the command that installs it.
    """
    if remembered := _remembered(wanted):
        return remembered
    program = find_python(tuple(map(int, wanted.split("."))))
    release = _release(program) if program else None
    if program is None or release is None or not f"{release}.".startswith(f"{wanted}."):
        raise HostError(
            f"needs CPython {wanted}, and this machine has none",
            where=place("bytecode"),
            hint=f"run `uv python install {wanted}` or `pyenv install {wanted}`, use the container builder "
            f"({setting('builder', 'container')}), or build without {argument('bytecode')}",
        )
    with suppress(OSError):
        _remember(wanted, program, release)
    return HostCompiler(program, release)


def _note_of(wanted: str) -> Path:
    return cache_folder("pythons") / f"{wanted}-for-{sys.version_info[0]}.{sys.version_info[1]}.json"


def _remembered(wanted: str) -> HostCompiler | None:
    """The Python that was found before, if its file has not changed since: to look for it takes longer than a build."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        note = json.loads(_note_of(wanted).read_text(encoding="utf-8"))
        release, path = str(note["release"]), str(note["path"])
        if note["file"] == _file_state(path) and f"{release}.".startswith(f"{wanted}."):
            return HostCompiler(Program(str(note["name"]), path), release)
    return None


def _remember(wanted: str, program: Program, release: str) -> None:
    if state := _file_state(program.path):
        note = {"name": program.name, "path": program.path, "release": release, "file": state}
        make_cache_folder(_note_of(wanted).parent)
        write_atomically(_note_of(wanted), json.dumps(note).encode())


def _file_state(path: str) -> list[int] | None:
    """What changes when another Python is installed at a path; None for a script, which may start any Python."""
    with Path(path).open("rb") as file:
        is_script = file.read(2) == b"#!"
    found = Path(path).stat()
    return None if is_script else [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns]


def _release(program: Program) -> str | None:
    command = [*OPTIONS, "-c", RELEASE_QUERY]
    try:
        return release_in(run(program, command, environment=_variables(), folder=Path("/"), errors_apart=True))
    except SubprocessError:
        return None


def _variables() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | VARIABLES
