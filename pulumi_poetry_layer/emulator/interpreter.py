"""The Python that a function runs on, and the shared libraries that it needs."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import HostError
from pulumi_poetry_layer.host.interpreters import find_python
from pulumi_poetry_layer.host.process import Program, find_program, run
from pulumi_poetry_layer.host.variables import Audience, seen_by
from pulumi_poetry_layer.verify.libraries import system_libraries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

    from pulumi_poetry_layer.plan.target import Target

_QUERY = """\
import json, os, sys
executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
print(json.dumps({"executable": executable, "prefix": sys.base_prefix, "modules": os.path.dirname(os.__file__)}))
"""
_LINKED = re.compile(r"\s+(?P<name>[^\s/]+) => (?P<path>/\S+) \(0x[0-9a-f]+\)")
_LOADER = re.compile(r"\s+(?P<path>/\S+) \(0x[0-9a-f]+\)")
_NOT_IN_LAMBDA = ("_curses", "_dbm", "_gdbm", "_tkinter", "nis", "ossaudiodev", "readline")
"""Extension modules of the standard library whose libraries Lambda does not have: those for terminals and windows."""


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python of this machine.

    Attributes:
        program: how to run it.
        executable: its executable file, not that of a virtual environment.
        prefix: the folder in which it is installed.
        modules: the folder of its standard library, below the prefix.
        loader: the dynamic loader that it names.
        libraries: file name → path of the shared libraries that it and the standard library need, and of those that
            every Lambda has.
    """

    program: Program
    executable: PurePath
    prefix: PurePath
    modules: PurePath
    loader: PurePath
    libraries: Mapping[str, PurePath]


def find_interpreter(target: Target) -> Interpreter:
    """The Python of this machine with the target's version.

    Raises:
        HostError: this machine cannot run programs of the target, or has no such Python.
        SubprocessError: the Python or ``ldd`` does not run.
    """
    _check_machine(target)
    program = find_python(target.python_version)
    if program is None:
        version = target.runtime.removeprefix("python")
        raise HostError(
            f"this machine has no {target.runtime}",
            where="emulator",
            hint=f"install it, for example with `uv python install {version}` or `pyenv install {version}`",
        )
    found = json.loads(_output(program, "-I", "-c", _QUERY))
    executable, modules = Path(found["executable"]), Path(found["modules"])
    linked = [
        str(file)
        for file in sorted((modules / "lib-dynload").glob("*.so"))
        if not file.name.partition(".")[0].startswith(_NOT_IN_LAMBDA)
    ]
    ldd = find_program("ldd", hint="install it; it belongs to glibc")
    loader, libraries = linked_libraries(_output(ldd, str(executable), *linked))
    if loader is None:
        raise HostError(
            f"{executable} is not linked to glibc", where="emulator", hint="use a Python that is linked to glibc"
        )
    return Interpreter(
        program=program,
        executable=executable,
        prefix=Path(found["prefix"]),
        modules=modules,
        loader=loader,
        libraries=_of_system(target, libraries) | libraries,
    )


def _check_machine(target: Target) -> None:
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or platform.libc_ver()[0] != "glibc":
        raise HostError(
            f"needs Linux with glibc, and this is {system if system != 'Linux' else 'Linux without glibc'}",
            where="emulator",
            hint="run the command on Linux, for example in WSL 2 or in a virtual machine",
        )
    if machine != target.machine:
        raise HostError(
            f"cannot run {target} on this machine, which is {machine}",
            where="emulator",
            hint=f"run the command on a machine with {target.machine}",
        )


def _output(program: Program, *arguments: str) -> str:
    return run(program, arguments, environment=seen_by(Audience.BUILDS, os.environ), folder=Path("/"))


def linked_libraries(output: str) -> tuple[Path | None, dict[str, Path]]:
    """The dynamic loader and the libraries (file name → path) in the output of ``ldd``."""
    loader = None
    libraries = {}
    for line in output.splitlines():
        if match := _LINKED.fullmatch(line):
            libraries[match["name"]] = Path(match["path"])
        elif match := _LOADER.fullmatch(line):
            loader = Path(match["path"])
    return loader, libraries


def _of_system(target: Target, libraries: Mapping[str, Path]) -> dict[str, Path]:
    """The libraries that every Lambda has, as far as they lie where the libraries of the interpreter lie."""
    folders = {path.parent for path in libraries.values()}
    found = (folder / name for folder in sorted(folders) for name in sorted(system_libraries(target)))
    return {path.name: path for path in found if path.is_file()}
