"""Where files go that an installer puts outside of site-packages: scripts, headers and data.

A Lambda function finds shared libraries in ``lib/`` and programs in ``bin/`` of a layer. So native files from the
``lib`` and ``bin`` folders of an environment go there. All others stay out: console scripts start with the path of an
interpreter on the build host, and nothing on Lambda looks for headers, manuals or settings in a layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LIBRARY_FOLDER, PROGRAM_FOLDER
from pulumi_poetry_layer.wheels.native import is_library

if TYPE_CHECKING:
    from pulumi_poetry_layer.wheels.notes import Names

ENVIRONMENT_FOLDER = ".venv"
"""The folder of the virtual environments into which Poetry installs."""

_SCHEMES = {"data": "", "scripts": PROGRAM_FOLDER, "headers": "include/"}
_HEADERS = "include/"


def environment_path(scheme: str, path: str) -> str:
    """The path in an environment of a file in a ``.data`` folder.

    Args:
        scheme: ``data``, ``scripts`` or ``headers``.
        path: path of the file below that folder.
    """
    return _SCHEMES[scheme] + path


def place_outside(path: str, machine: int | None) -> str | None:
    """The name in the layer of a file outside of site-packages, or None if it is left out.

    Args:
        path: path of the file, relative to the environment.
        machine: ELF machine number of the file; None if it is not native.
    """
    if machine is None:
        return None
    is_placed = path.startswith(PROGRAM_FOLDER) or (path.startswith(LIBRARY_FOLDER) and is_library(path))
    return path if is_placed else None


def is_expected_to_be_left_out(path: str, *, is_script: bool) -> bool:
    """Whether no user expects this file in a layer: a header, or a script for the interpreter of the build host.

    Args:
        path: path of the file, relative to the environment.
        is_script: whether the file is a script for that interpreter.
    """
    return path.startswith(_HEADERS) or is_script


def is_installed_script(start: bytes) -> bool:
    """Whether a file in an environment starts with the path of the environment's interpreter.

    Args:
        start: the first bytes of the file.
    """
    return start.startswith(b"#!python") or (
        start.startswith(b"#!") and f"/{ENVIRONMENT_FOLDER}/bin/python".encode() in start
    )


def left_out_note(paths: Names) -> str:
    """What to say about files that are left out; empty for none.

    Args:
        paths: paths of the files, relative to the environment.
    """
    return f"the layer does not have {paths}: on Lambda nothing looks there" if paths else ""
