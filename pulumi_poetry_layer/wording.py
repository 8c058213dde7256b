"""What messages call an argument, and what they suggest for a misspelled name. Pure.

A message uses the words of the place where the user wrote the value: ``--project-dir`` on the command line,
``project_dir`` in Python, ``pyproject.toml: tool.poetry-layer.groups`` for a default of the project. The rooms below
call an argument by its name in Python; the command line says once that it is a command line, with
:func:`on_command_line`.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_OPTIONS = {"groups": "--group", "extras": "--extra", "system_libraries": "--system-library"}
"""Argument → its option, if that is not the argument's name with hyphens."""

_is_command_line: ContextVar[bool] = ContextVar("_is_command_line", default=False)
_places: ContextVar[Mapping[str, str]] = ContextVar("_places", default=MappingProxyType({}))


@contextmanager
def on_command_line() -> Iterator[None]:
    """Let messages in the block call arguments as options."""
    token = _is_command_line.set(True)
    try:
        yield
    finally:
        _is_command_line.reset(token)


@contextmanager
def written_at(places: Mapping[str, str]) -> Iterator[None]:
    """Let messages in the block name other places for the values of some arguments.

    Args:
        places: argument → where its value is written, such as ``pyproject.toml: tool.poetry-layer.groups``.
    """
    token = _places.set(places)
    try:
        yield
    finally:
        _places.reset(token)


def argument(name: str) -> str:
    """What a user calls an argument: ``--project-dir`` or ``project_dir``."""
    return _OPTIONS.get(name, f"--{name.replace('_', '-')}") if _is_command_line.get() else name


def setting(name: str, value: str) -> str:
    """What a user writes to set an argument: ``--python-patch 3.12.4`` or ``python_patch="3.12.4"``."""
    return f"{argument(name)} {value}" if _is_command_line.get() else f'{name}="{value}"'


def place(name: str) -> str:
    """Where the value of an argument is written, for the ``where`` of an error."""
    return _places.get().get(name) or argument(name)


def similar_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most similar to a misspelled one; None if none is similar."""
    from difflib import get_close_matches  # only a mistake needs it

    return next(iter(get_close_matches(name.lower(), sorted(known), n=1)), None)


def suggestion(name: str, known: Iterable[str], others: str) -> str:
    """The hint for an unknown name: a known one that is similar, and all known ones.

    Args:
        name: the unknown name.
        known: the known names.
        others: what the known names are called: ``known groups``.
    """
    names = sorted(known)
    listed = f"{others}: {', '.join(names) or 'none'}"
    similar = similar_name(name, names)
    return f"did you mean {similar!r}? {listed}" if similar else listed
