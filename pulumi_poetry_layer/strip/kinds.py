"""Which files of a distribution may be tests, type stubs, or sources of native modules. Pure."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

KINDS = ("tests", "stubs", "sources")
"""The kinds of files that can be left out."""

TEST_FOLDERS = frozenset({"test", "tests", "_tests", "selftest", "testsuite"})
"""Names of folders with tests, in lower case."""

_STUB = ".pyi"
_SOURCES = frozenset(
    {".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".pxd", ".pxi", ".pyx", ".rs", ".f", ".f90"}
)


def is_stub(name: str) -> bool:
    """Whether a file contains types for type checkers only. ``py.typed`` is none: it is empty."""
    return name.endswith(_STUB)


def is_test_configuration(name: str) -> bool:
    """Whether only pytest loads a file."""
    return name.startswith(LAYER_FOLDER) and posixpath.basename(name) == "conftest.py"


def is_source(name: str) -> bool:
    """Whether a file is a source or a header of C, C++, Cython, Rust or Fortran."""
    return posixpath.splitext(name)[1].lower() in _SOURCES


def test_folders(names: Iterable[str]) -> set[str]:
    """The folders with tests: those with such a name that contain a file that a test runner would collect.

    ``django.test`` is a part of Django, and contains no such file. Of nested folders, the outermost one is returned.

    Args:
        names: the paths of a distribution's files in the layer.
    """
    found: set[str] = set()
    for name in names:
        if _is_collected(posixpath.basename(name)):
            found.update(outermost_test_folder(name))
    return found


def outermost_test_folder(name: str) -> Iterator[str]:
    """The outermost folder with the name of a test folder that contains a file, if there is one."""
    parts = name.split("/")[:-1]
    if not name.startswith(LAYER_FOLDER):
        return
    for count, part in enumerate(parts[1:], start=2):
        if part.lower() in TEST_FOLDERS:
            yield "/".join(parts[:count])
            return


def _is_collected(file: str) -> bool:
    return file.endswith(".py") and (file == "conftest.py" or file.startswith("test_") or file.endswith("_test.py"))


def strippable_size(sizes: Mapping[str, int], kinds: Collection[str]) -> int:
    """Bytes of the files of a distribution that may be of these kinds; the distribution may need some of them.

    Args:
        sizes: path in the layer → size in bytes, of all its files.
        kinds: the kinds.
    """
    folders = tuple(f"{folder}/" for folder in test_folders(sizes))
    return sum(
        size
        for name, size in sizes.items()
        if ("tests" in kinds and (name.startswith(folders) or is_test_configuration(name)))
        or ("stubs" in kinds and is_stub(name))
        or ("sources" in kinds and is_source(name))
    )
