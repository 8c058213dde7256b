"""Finds the Pythons of this machine: the running one, those on PATH, and those of uv, pyenv, asdf and Rye."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import findpython
from findpython.providers import ALL_PROVIDERS

from pulumi_poetry_layer.host.process import Program

if TYPE_CHECKING:
    from findpython import PythonVersion


def find_python(version: tuple[int, ...]) -> Program | None:
    """A CPython with this version; None if this machine has none.

    Args:
        version: major and minor version, and the patch release if it must be a certain one.
    """
    name = "python{}.{}".format(*version)
    if sys.version_info[: len(version)] == version and sys.implementation.name == "cpython":
        return Program(name, sys.executable)
    found = _newest_with_name(name, version) or findpython.find(*version, implementation="cpython")
    return Program(name, str(found.executable)) if found else None


def _newest_with_name(name: str, version: tuple[int, ...]) -> PythonVersion | None:
    """Of the Pythons whose executable has this name, the newest one with this version.

    To ask only these is much faster than :func:`findpython.find`, which starts every Python of the machine.
    """
    providers = filter(None, (provider.create() for provider in ALL_PROVIDERS.values()))
    named = {
        python.real_path: python
        for provider in providers
        for python in provider.find_pythons()
        if python.name.removesuffix(".exe") == name
    }
    fitting = [python for python in named.values() if python.is_valid() and _has_version(python, version)]
    fitting.sort(key=lambda python: (python.version, str(python.executable)), reverse=True)
    return next((python for python in fitting if python.implementation == "cpython" and not python.freethreaded), None)


def _has_version(python: PythonVersion, version: tuple[int, ...]) -> bool:
    return python.version.release[: len(version)] == version and not python.version.is_prerelease
