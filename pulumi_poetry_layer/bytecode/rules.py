"""Which files of a distribution are compiled, and the names of what they become (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.layout import LONGEST_PART, MOUNT_POINT, PATH_MAX
from pulumi_poetry_layer.archive.members import LAYER_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_SOURCE = 8 << 20
"""Bytes of the largest file that is compiled. Larger ones are data, and compiling them takes gigabytes of memory."""

_TEST_FOLDERS = frozenset({"test", "tests"})
_LONGER = len("/__pycache__") + len(".cpython-3xxx")  # the path of a compiled module than that of its source


def sources_of(names: Iterable[str]) -> list[str]:
    """The files of a distribution that are compiled: all Python files in site-packages but those of tests, sorted.

    A name that would be too long for a file is left out, too.

    Args:
        names: the names of all its files in the layer.
    """
    sources = sorted(n for n in names if n.startswith(LAYER_FOLDER) and n.endswith(".py") and _is_short(n))
    tests = _test_folders(sources)
    return [name for name in sources if tests.isdisjoint(_folders(name))]


def _test_folders(sources: Iterable[str]) -> set[str]:
    """The folders named ``test`` or ``tests`` that contain tests, at any depth.

    A package with that name can be part of a library: ``django.test`` has no file that a test runner would collect.
    """
    return {
        folder
        for name in sources
        if _is_test(name.rpartition("/")[2])
        for folder in _folders(name)
        if folder.rpartition("/")[2] in _TEST_FOLDERS
    }


def _is_short(name: str) -> bool:
    path, file = name.encode(), name.rpartition("/")[2].encode()
    return len(file) + _LONGER <= LONGEST_PART and len(MOUNT_POINT) + len(path) + _LONGER < PATH_MAX


def _is_test(file: str) -> bool:
    return file == "conftest.py" or file.startswith("test_") or file.endswith("_test.py")


def _folders(name: str) -> list[str]:
    """All folders that contain a file."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def compiled_name(source: str, python_version: tuple[int, int]) -> str:
    """The name of the compiled module of a source, as Python looks for it (PEP 3147)."""
    folder, _, file = source.rpartition("/")
    return f"{folder}/__pycache__/{file.removesuffix('.py')}.cpython-{python_version[0]}{python_version[1]}.pyc"
