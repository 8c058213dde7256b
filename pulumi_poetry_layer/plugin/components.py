"""Declares a component that a program asks for, and returns its outputs."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.provider import ConstructResult, Provider

from pulumi_poetry_layer.component import PoetryLayer
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.matrix import PoetryLayerMatrix
from pulumi_poetry_layer.plugin.inputs import component_arguments, with_plain_values
from pulumi_poetry_layer.plugin.resources import ServedBuild, ServedKeptVersions, ServedSbom
from pulumi_poetry_layer.plugin.schema import LAYER, MATRIX, output_names, package_version
from pulumi_poetry_layer.publish.kept_hash import keep_hash_always
from pulumi_poetry_layer.publish.seams import Seams
from pulumi_poetry_layer.wording import camel_case, snake_case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pulumi_poetry_layer.plugin.messages import Messages
    from pulumi_poetry_layer.plugin.plugin_address import PluginAddress

_DIGITS = 6


def _matrix(name: str, *, runtimes: Any = None, architectures: Any = None, **arguments: Any) -> PoetryLayerMatrix:
    return PoetryLayerMatrix(name, PoetryLayer, runtimes=runtimes, architectures=architectures, **arguments)


_COMPONENTS: Mapping[str, Callable[..., pulumi.ComponentResource]] = {LAYER: PoetryLayer, MATRIX: _matrix}


class Construction(Provider):
    """One request of the engine to construct a component.

    Args:
        type_: the type of the component.
        parent: URN of its parent; empty if it has none.
        folder: the folder of the program.
        address: how the engine was asked for this plugin.
        messages: the engine's log.
    """

    def __init__(self, type_: str, parent: str, *, folder: Path, address: PluginAddress, messages: Messages) -> None:
        super().__init__(package_version())
        self._type = type_
        self._seams = Seams(
            build=partial(ServedBuild, address),
            sbom=partial(ServedSbom, address),
            kept_versions=partial(ServedKeptVersions, address),
            folder=lambda: folder,
            label=partial(label_under, parent),
            keep_hash=keep_hash_always,
            speaking_for=messages.speaking_for,
            output_name=camel_case,
        )

    async def read_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the component in Python.

        Raises:
            InputError: there is no such component, or an input is wrong.
        """
        if self._type not in _COMPONENTS:
            hint = f"the components are {', '.join(_COMPONENTS)}"
            raise InputError("is not a component of poetry-layer", where=self._type, hint=hint)
        return component_arguments(self._type, await with_plain_values(self._type, inputs))

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Declare the component."""
        component = _COMPONENTS[resource_type](name, **inputs, opts=options, _seams=self._seams)
        outputs = {output: getattr(component, snake_case(output)) for output in output_names(resource_type)}
        return ConstructResult(component.urn, outputs)


def label_under(parent: str, name: str) -> str:
    """The name of a layer, with a digest of its parent unless that is the stack.

    Requests arrive in any order, so layers of the same name cannot be numbered.

    Args:
        parent: URN of the parent; empty if there is none.
        name: the layer's name.
    """
    if not parent or parent.split("::")[2:3] == ["pulumi:pulumi:Stack"]:
        return name
    return f"{name}-{sha256(parent.encode()).hexdigest()[:_DIGITS]}"
