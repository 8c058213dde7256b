"""Reads ``[tool.poetry-layer]`` of pyproject.toml: what applies to a layer that has no such argument.

The keys are the arguments that decide what is in a layer, with hyphens. How a layer is published belongs to a stack,
not to the project, so it has no keys here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import ProjectError, raise_problems
from pulumi_poetry_layer.poetry.pyproject import FILE_NAME
from pulumi_poetry_layer.poetry.toml_tables import Table
from pulumi_poetry_layer.units import parse_size
from pulumi_poetry_layer.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from pulumi_poetry_layer.errors import InputError

SECTION = "tool.poetry-layer"

_FULL_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


@dataclass(frozen=True, kw_only=True)
class LayerDefaults:
    """The keys of ``[tool.poetry-layer]``; None for a key that is missing.

    Attributes:
        runtime: Lambda runtime.
        architecture: ``x86_64`` or ``arm64``.
        groups: dependency groups.
        extras: extras of the project.
        exclude: distributions to leave out.
        builder: the name of a builder.
        on_conflict: ``warn`` or ``error``.
        python_patch: full versions of Python, at most one of each runtime.
        system_libraries: file names of shared libraries that the function has besides those of the runtime.
        bytecode: whether the modules are compiled, or the only release of Python that may compile them.
        exclude_runtime: whether to leave out what the runtime has.
        strip: kinds of files to leave out.
        max_unzipped_size: the most bytes that the layer may have, unzipped.
    """

    runtime: str | None = None
    architecture: str | None = None
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    builder: str | None = None
    on_conflict: str | None = None
    python_patch: tuple[str, ...] = ()
    system_libraries: tuple[str, ...] | None = None
    bytecode: bool | str | None = None
    exclude_runtime: bool | None = None
    strip: tuple[str, ...] | None = None
    max_unzipped_size: int | None = None


def key_of(argument: str) -> str:
    """The full key of an argument in pyproject.toml, such as ``tool.poetry-layer.python-patch``."""
    return f"{SECTION}.{argument.replace('_', '-')}"


def parse_layer_defaults(text: str) -> LayerDefaults:
    """Read the section in the text of a pyproject.toml.

    Raises:
        ProjectError: the text is not TOML, a key is unknown, or a key has the wrong type or value.
        MultipleInputError: there are several of these problems.
    """
    defaults, problems = read_layer_defaults(text)
    raise_problems(problems)
    return defaults


@lru_cache(maxsize=4)  # a program can declare many layers of one project
def read_layer_defaults(text: str) -> tuple[LayerDefaults, tuple[InputError, ...]]:
    """Read the section in the text of a pyproject.toml as far as it is right.

    Returns:
        The keys that are right, and what is wrong with the others.

    Raises:
        ProjectError: the text is not TOML, or the section is not a table.
    """
    tools = Table.of_text(text, file=FILE_NAME, error=ProjectError).table("tool")
    table = tools.table("poetry-layer")
    problems: list[InputError] = [*_misspelled_sections(tools), *_unknown_keys(table)]
    values: dict[str, Any] = {}
    for argument, read in _READERS.items():
        key = argument.replace("_", "-")
        if key in table:
            try:
                values[argument] = read(table, key)
            except ProjectError as error:
                problems.append(error)
    return LayerDefaults(**values), tuple(problems)


def _misspelled_sections(tools: Table) -> Iterator[InputError]:
    for name in ("poetry_layer", "poetrylayer", "pulumi-poetry-layer", "pulumi_poetry_layer"):
        if name in tools:
            yield tools.problem(name, "is not read", hint=f"call the section [{SECTION}]")


def _unknown_keys(table: Table) -> Iterator[InputError]:
    known = [argument.replace("_", "-") for argument in _READERS]
    for key in table:
        if key not in known:
            yield table.problem(key, "unknown key", hint=suggestion(key, known, "known keys"))


def _texts(table: Table, key: str) -> tuple[str, ...]:
    return tuple(table.texts(key))


def _flag_or_text(table: Table, key: str) -> bool | str:
    value = table.values[key]
    if isinstance(value, bool | str):
        return value
    raise table.problem(key, "must be true, false or a string")


def _size(table: Table, key: str) -> int:
    value = table.values[key]
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return parse_size(table.text(key))
    except ValueError as error:
        raise table.problem(key, str(error)) from error


def _python_patch(table: Table, key: str) -> tuple[str, ...]:
    is_single = isinstance(table.values.get(key), str)
    versions = [table.text(key)] if is_single else table.texts(key)
    for index, version in enumerate(versions):
        if not _FULL_VERSION.fullmatch(version):
            raise table.problem(
                key if is_single else f"{key}[{index}]", f"{version!r} is not a full version of Python such as '3.12.4'"
            )
    return tuple(versions)


_READERS: Mapping[str, Callable[[Table, str], Any]] = MappingProxyType(
    {
        "runtime": Table.text,
        "architecture": Table.text,
        "groups": _texts,
        "extras": _texts,
        "exclude": _texts,
        "builder": Table.text,
        "on_conflict": Table.text,
        "python_patch": _python_patch,
        "system_libraries": _texts,
        "bytecode": _flag_or_text,
        "exclude_runtime": Table.flag,
        "strip": _texts,
        "max_unzipped_size": _size,
    }
)
"""Argument → the function that reads its key."""
