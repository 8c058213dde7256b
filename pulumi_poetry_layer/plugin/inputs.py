"""The inputs of a program, checked, as arguments of the component in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.output import contains_unknowns

from pulumi_poetry_layer.builders.registry import make_builder, option_names
from pulumi_poetry_layer.errors import InputError, raise_problems
from pulumi_poetry_layer.plugin.schema import input_names, plain_inputs
from pulumi_poetry_layer.wording import camel_case, snake_case, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BUILDER_OPTIONS = "builderOptions"
_WHOLE_NUMBERS = ("maxUnzippedSize", "keepVersions")


async def with_plain_values(component: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs, with the values of Outputs for those that must be plain: some languages pass every value as one.

    Raises:
        InputError: such a value is not known yet, or is a secret.
    """
    plain, found = plain_inputs(component), dict(inputs)
    problems = []
    for name in sorted(plain & found.keys()):
        try:
            found[name] = await _plain_value(found[name], name)
        except InputError as error:
            problems.append(error)
    raise_problems(problems)
    return found


async def _plain_value(value: Any, name: str) -> Any:
    if isinstance(value, pulumi.Output):
        if not await value.is_known():
            raise _not_known(name)
        if await value.is_secret():
            hint = "what decides which layer is built is not secret: use a plain value"
            raise InputError("a secret is not accepted here", where=name, hint=hint)
        return await _plain_value(await value.future(), name)
    if contains_unknowns(value):
        raise _not_known(name)
    if isinstance(value, list) and name != "shareWith":
        return [await _plain_value(item, name) for item in value]
    if isinstance(value, dict):
        return {key: await _plain_value(item, f"{name}.{key}") for key, item in value.items()}
    return value


def _not_known(name: str) -> InputError:
    return InputError(
        "the value is not known yet",
        where=name,
        hint="this input decides what is built, so its value must be known when the program runs: "
        "use a plain value or stack configuration, not an output of a resource",
    )


def component_arguments(component: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as arguments of the component in Python.

    Raises:
        InputError: the component has no such input, or ``builderOptions`` is wrong.
    """
    known = input_names(component)
    raise_problems(
        InputError(f"is not an input of {component}", where=name, hint=suggestion(name, known, "the inputs are"))
        for name in inputs
        if name not in known
    )
    given = {name: _whole(value) if name in _WHOLE_NUMBERS else value for name, value in inputs.items()}
    options = given.pop(_BUILDER_OPTIONS, None)
    if options is not None:
        raise_problems(_builder_options_problems(given.get("builder"), options))
        given["builder"] = make_builder(given["builder"], {snake_case(name): text for name, text in options.items()})
    return {snake_case(name): value for name, value in given.items() if value is not None}


def _builder_options_problems(builder: Any, options: Any) -> Iterator[InputError]:
    if not isinstance(builder, str):
        yield InputError("needs builder", where=_BUILDER_OPTIONS, hint='set builder, such as "container"')
    if not isinstance(options, dict):
        yield InputError(f"must be an object, not {options!r}", where=_BUILDER_OPTIONS)
        return
    known = [camel_case(name) for name in option_names(builder)] if isinstance(builder, str) else []
    for name, value in options.items():
        where = f"{_BUILDER_OPTIONS}.{name}"
        if known and name not in known:
            hint = suggestion(name, known, "its options are")
            yield InputError(f"is not an option of the builder {builder!r}", where=where, hint=hint)
        elif not isinstance(value, float if name == "timeout" else str):
            yield InputError(f"must be a {'number' if name == 'timeout' else 'string'}, not {value!r}", where=where)


def _whole(value: Any) -> Any:
    """A number as an int if it is one: the engine's protocol only has floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
