"""Finds the Pythons of this machine: the running one, those on PATH, and those of uv, pyenv, asdf and Rye."""

from __future__ import annotations

import sys

import findpython

from pulumi_poetry_layer.host.process import Program


def find_python(version: tuple[int, int]) -> Program | None:
    """A CPython with this major and minor version; None if this machine has none."""
    name = "python{}.{}".format(*version)
    if sys.version_info[:2] == version and sys.implementation.name == "cpython":
        return Program(name, sys.executable)
    found = findpython.find(*version, implementation="cpython")
    return Program(name, str(found.executable)) if found else None
