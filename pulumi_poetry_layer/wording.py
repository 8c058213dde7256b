"""What messages call an argument, and what they suggest for a misspelled name. Pure.

A message uses the words of the place where the user wrote the value: ``--project-dir`` on the command line,
``project_dir`` in Python, ``projectDir`` in the other languages of Pulumi, ``pyproject.toml: tool.poetry-layer.groups``
for a default of the project. The rooms below call an argument by its name in Python; the command line says once that it
is a command line, with :func:`on_command_line`, and the plugin that it is for other languages, with
:func:`in_other_languages`.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_OPTIONS = {"groups": "--group", "extras": "--extra", "system_libraries": "--system-library"}
"""Argument → its option, if that is not the argument's name with hyphens."""


class _Style(Enum):
    PYTHON = "python"
    COMMAND_LINE = "command line"
    OTHER_LANGUAGES = "other languages"


class _Process:
    """The style of messages in this process: builds have threads."""

    style = _Style.PYTHON


_SIGNS = {_Style.PYTHON: "=", _Style.COMMAND_LINE: "", _Style.OTHER_LANGUAGES: ":"}
_TRUE = {_Style.PYTHON: "=True", _Style.COMMAND_LINE: "", _Style.OTHER_LANGUAGES: ": true"}
_places: ContextVar[Mapping[str, str]] = ContextVar("_places", default=MappingProxyType({}))


@contextmanager
def on_command_line() -> Iterator[None]:
    """Let messages in the block call arguments as options."""
    with _in_style(_Style.COMMAND_LINE):
        yield


@contextmanager
def in_other_languages() -> Iterator[None]:
    """Let messages in the block call arguments as programs in TypeScript and YAML do."""
    with _in_style(_Style.OTHER_LANGUAGES):
        yield


@contextmanager
def _in_style(style: _Style) -> Iterator[None]:
    before, _Process.style = _Process.style, style
    try:
        yield
    finally:
        _Process.style = before


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
    """What a user calls an argument: ``--project-dir``, ``project_dir`` or ``projectDir``."""
    if _Process.style is _Style.COMMAND_LINE:
        return _OPTIONS.get(name, f"--{name.replace('_', '-')}")
    return camel_case(name) if _Process.style is _Style.OTHER_LANGUAGES else name


def camel_case(name: str) -> str:
    """A name of Python in other languages: ``projectDir`` for ``project_dir``."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def snake_case(name: str) -> str:
    """The reverse of :func:`camel_case`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def keyword(name: str) -> str:
    """What a user writes before a value: ``--image``, ``image=`` or ``image:``."""
    return argument(name) + _SIGNS[_Process.style]


def pulumi_keyword(name: str) -> str:
    """The same for an argument that only ``PoetryLayer`` has, so there is no option for it."""
    return f"{name}= of PoetryLayer" if _Process.style is _Style.COMMAND_LINE else keyword(name)


def setting(name: str, value: str) -> str:
    """What a user writes to set an argument: ``--python-patch 3.12.4`` or ``python_patch="3.12.4"``."""
    if _Process.style is _Style.COMMAND_LINE:
        return f"{argument(name)} {value}"
    return f'{argument(name)}: "{value}"' if _Process.style is _Style.OTHER_LANGUAGES else f'{name}="{value}"'


def flag(name: str) -> str:
    """What a user writes to turn something on: ``--bytecode``, ``bytecode=True`` or ``bytecode: true``."""
    return argument(name) + _TRUE[_Process.style]


def list_setting(name: str, value: str) -> str:
    """What a user of Pulumi writes to set a list: ``runtimes=["python3.13"]`` or ``runtimes: ["python3.13"]``."""
    return f'{argument(name)}: ["{value}"]' if _Process.style is _Style.OTHER_LANGUAGES else f'{name}=["{value}"]'


def is_python() -> bool:
    """Whether the user writes Python, and hints can contain code."""
    return _Process.style is _Style.PYTHON


def boolean(value: bool) -> str:
    """A boolean as the user writes it: ``True`` in Python, ``true`` in other languages."""
    return str(value).lower() if _Process.style is _Style.OTHER_LANGUAGES else str(value)


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
