"""Where files go that an installer puts outside of site-packages: scripts, headers and data.

A Lambda function finds shared libraries in ``lib/`` and programs in ``bin/`` of a layer. So libraries from the ``lib``
folder and programs from the ``bin`` folder of an environment go there. All others stay out: console scripts start with
the path of an interpreter on the build host, and nothing on Lambda looks for headers, manuals or settings in a layer.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LIBRARY_FOLDER, PROGRAM_FOLDER
from pulumi_poetry_layer.wheels.native import is_library, machine_of

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


class FileKind(Enum):
    """What a file outside of site-packages is, by its first bytes."""

    NATIVE = "an ELF file"
    SCRIPT = "a script for a program of the system, such as /bin/sh"
    INSTALLED_SCRIPT = "a script for the interpreter of an environment"
    OTHER = "anything else"


def kind_of(start: bytes) -> FileKind:
    """The kind of a file in a wheel or an environment.

    Args:
        start: its first 512 bytes.
    """
    if machine_of(start) is not None:
        return FileKind.NATIVE
    if not start.startswith(b"#!"):
        return FileKind.OTHER
    is_installed = start.startswith(b"#!python") or f"/{ENVIRONMENT_FOLDER}/bin/python".encode() in start
    return FileKind.INSTALLED_SCRIPT if is_installed else FileKind.SCRIPT


def place_outside(path: str, kind: FileKind) -> str | None:
    """The name in the layer of a file outside of site-packages, or None if it is left out.

    Args:
        path: path of the file, relative to the environment.
        kind: what it is.
    """
    is_native_library = kind is FileKind.NATIVE and path.startswith(LIBRARY_FOLDER) and is_library(path)
    is_program = kind in {FileKind.NATIVE, FileKind.SCRIPT} and path.startswith(PROGRAM_FOLDER)
    return path if is_native_library or is_program else None


def is_expected_to_be_left_out(path: str, kind: FileKind) -> bool:
    """Whether no user expects this file in a layer: a header, or a script for the interpreter of the build host.

    Args:
        path: path of the file, relative to the environment.
        kind: what it is.
    """
    return path.startswith(_HEADERS) or kind is FileKind.INSTALLED_SCRIPT


def left_out_note(paths: Names) -> str:
    """What to say about files that are left out; empty for none.

    Args:
        paths: paths of the files, relative to the environment.
    """
    return f"the layer does not have {paths}: on Lambda nothing looks there" if paths else ""
