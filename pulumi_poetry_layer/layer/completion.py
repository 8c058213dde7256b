"""Completes the arguments that a user gives: with ``[tool.poetry-layer]``, and with the defaults of this package."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.registry import DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.errors import InputError, TargetError
from pulumi_poetry_layer.layer.request import (
    GivenArguments,
    LayerRequest,
    bytecode_problems,
    conflict_rule_problems,
    size_problems,
    strip_problems,
    system_library_problems,
)
from pulumi_poetry_layer.plan.target import EXAMPLE_RUNTIME, Target, architecture_problems
from pulumi_poetry_layer.poetry.layer_defaults import SECTION, key_of
from pulumi_poetry_layer.poetry.pyproject import FILE_NAME
from pulumi_poetry_layer.wording import place, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pulumi_poetry_layer.errors import PoetryLayerError
    from pulumi_poetry_layer.poetry.layer_defaults import LayerDefaults

_OWN_RULES = frozenset({"python_patch"})
"""Arguments that are not simply replaced by their key: a project can list a patch release for each runtime."""


def complete_values(given: GivenArguments, defaults: LayerDefaults | None) -> dict[str, Any]:
    """Argument → its value: that of the user, else that of the project, else the default of this package.

    The runtime has no default, so it may be missing.

    Args:
        given: the arguments of the user.
        defaults: the defaults of the project; None if they are not known.
    """
    values = {field.name: field.default for field in fields(LayerRequest) if field.default is not MISSING}
    values["builder"] = DEFAULT_BUILDER
    values |= {argument: getattr(defaults, argument) for argument in _from_project(given, defaults)}
    return values | {name: value for name, value in vars(given).items() if value is not None}


def written_places(given: GivenArguments, defaults: LayerDefaults | None) -> dict[str, str]:
    """Argument → where its value is written, for each one that comes from the project."""
    return {argument: f"{FILE_NAME}: {key_of(argument)}" for argument in _from_project(given, defaults)}


def _from_project(given: GivenArguments, defaults: LayerDefaults | None) -> list[str]:
    if defaults is None:
        return []
    return [
        argument
        for argument, value in vars(defaults).items()
        if argument not in _OWN_RULES and value is not None and getattr(given, argument) is None
    ]


def value_problems(values: dict[str, Any]) -> Iterator[PoetryLayerError]:
    """An error for each value that is wrong whatever the project contains."""
    yield from conflict_rule_problems(values["on_conflict"])
    yield from system_library_problems(values["system_libraries"])
    yield from strip_problems(values["strip"])
    yield from size_problems(values["max_unzipped_size"])
    if isinstance(values["builder"], str):
        yield from _problems_of(lambda: make_builder(values["builder"]))
    if "runtime" in values:
        yield from bytecode_problems(values["bytecode"], values["runtime"])
        yield from _problems_of(lambda: target_of(values))
    else:
        yield from architecture_problems(values["architecture"])


def target_of(values: dict[str, Any]) -> Target:
    """The runtime and architecture.

    Raises:
        TargetError: there is no such runtime or architecture.
    """
    return Target(values["runtime"], values["architecture"], values.get("python_patch"))


def request_of(values: dict[str, Any]) -> LayerRequest:
    """The request with these values."""
    builder = values["builder"]
    return LayerRequest(**{**values, "builder": make_builder(builder) if isinstance(builder, str) else builder})


def missing_runtime(where: str | None = None, example: str | None = None) -> TargetError:
    """The error if neither the user nor the project says for which runtime the layer is.

    Args:
        where: the argument; None means that of :class:`GivenArguments`.
        example: what a user can write as the argument.
    """
    return TargetError(
        "is missing, and it has no default",
        where=where or place("runtime"),
        hint=f"set {example or setting('runtime', EXAMPLE_RUNTIME)}, "
        f'or write runtime = "{EXAMPLE_RUNTIME}" in [{SECTION}] of {FILE_NAME}',
    )


def _problems_of(step: Callable[[], object]) -> Iterator[PoetryLayerError]:
    try:
        step()
    except InputError as error:
        yield error
