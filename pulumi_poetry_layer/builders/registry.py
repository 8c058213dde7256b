"""Makes a builder by its name."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.wording import place, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_poetry_layer.builders.builder import Builder

_BUILDERS = {
    "container": ("pulumi_poetry_layer.builders.container.builder", "ContainerBuilder"),
    "local": ("pulumi_poetry_layer.builders.local", "LocalBuilder"),
    "wheels": ("pulumi_poetry_layer.builders.wheels", "WheelBuilder"),
}
"""Name → module and class. Only the chosen builder is imported: the container builder loads the Docker client."""

DEFAULT_BUILDER = "wheels"
BUILDERS = tuple(_BUILDERS)

BRING_THEIR_PYTHON = frozenset({"container"})
"""The builders that compile bytecode with a Python of their own, so that this machine needs none."""


def make_builder(
    kind: str,
    options: Mapping[str, str] | None = None,
    credentials: Mapping[str, tuple[str, str]] | None = None,
) -> Builder:
    """Make a builder.

    Args:
        kind: its name; see :data:`BUILDERS`.
        options: the constructor arguments that :meth:`Builder.options` returned.
        credentials: name of a source → user name and password.

    Raises:
        InputError: there is no builder of that name, or an argument is not valid.
    """
    return _class_of(kind)(**(options or {}), **({"credentials": credentials} if credentials else {}))


def option_names(kind: str) -> list[str]:
    """The names of the options that :func:`make_builder` takes for a kind.

    Raises:
        InputError: there is no builder of that name.
    """
    return [name for name in signature(_class_of(kind)).parameters if name != "credentials"]


def _class_of(kind: str) -> Callable[..., Builder]:
    if kind not in _BUILDERS:
        raise InputError(
            f"unknown builder {kind!r}", where=place("builder"), hint=suggestion(kind, BUILDERS, "known builders")
        )
    module, class_name = _BUILDERS[kind]
    make: Callable[..., Builder] = getattr(import_module(module), class_name)
    return make
