"""Reads ``[tool.poetry-layer]`` of pyproject.toml: what applies to a layer that has no such argument."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pulumi_poetry_layer.errors import ProjectError
from pulumi_poetry_layer.poetry.pyproject import FILE_NAME
from pulumi_poetry_layer.poetry.toml_tables import Table

_FULL_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


@dataclass(frozen=True, kw_only=True)
class LayerDefaults:
    """The keys of ``[tool.poetry-layer]``.

    Attributes:
        python_patch: ``python-patch``: full versions of Python, at most one of each runtime.
    """

    python_patch: tuple[str, ...] = ()


@lru_cache(maxsize=4)  # a program can declare many layers of one project
def parse_layer_defaults(text: str) -> LayerDefaults:
    """Read the section in the text of a pyproject.toml.

    Raises:
        ProjectError: the text is not TOML, or a key has the wrong type or value.
    """
    table = Table.of_text(text, file=FILE_NAME, error=ProjectError).table("tool").table("poetry-layer")
    return LayerDefaults(python_patch=_python_patch(table))


def _python_patch(table: Table) -> tuple[str, ...]:
    key = "python-patch"
    is_single = isinstance(table.values.get(key), str)
    versions = [table.text(key)] if is_single else table.texts(key)
    for index, version in enumerate(versions):
        if not _FULL_VERSION.fullmatch(version):
            raise table.problem(
                key if is_single else f"{key}[{index}]", f"{version!r} is not a full version of Python such as '3.12.4'"
            )
    return tuple(versions)
