"""PoetryLayerMatrix: one declaration, a layer for each of several targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_poetry_layer.arguments import argument_problems, plain, plan_arguments
from pulumi_poetry_layer.errors import InputError, PoetryLayerError, raise_problems
from pulumi_poetry_layer.publish.layer_version import layer_version_options

if TYPE_CHECKING:
    from enum import Enum

    from pulumi_poetry_layer.component import PoetryLayer

TYPE = "poetry-layer:index:PoetryLayerMatrix"

Key = tuple[str, str]
"""Runtime and architecture."""

_DECIDING = frozenset(signature(plan_arguments).parameters)


class PoetryLayerMatrix(pulumi.ComponentResource):
    """The same layer for several runtimes and architectures, as :meth:`PoetryLayer.matrix` declares it.

    ``matrix["python3.13", "arm64"]`` is the :class:`PoetryLayer` of a target; iterating gives the targets in the order
    in which they were declared. The layers are children of this component, each named after it and its target:
    ``deps-python313-arm64``, which is also what the layer is called in AWS.

    Attributes:
        arns: ``python313-arm64`` → ARN of the layer version, for exports.
    """

    arns: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        name: str,
        layer_type: type[PoetryLayer],
        *,
        runtimes: Sequence[str | Enum],
        architectures: Sequence[str | Enum],
        opts: pulumi.ResourceOptions | None = None,
        layer_name: pulumi.Input[str] | None = None,
        **arguments: Any,
    ) -> None:
        """Declare the layers.

        Args:
            name: the component's name.
            layer_type: the class of the layers.
            runtimes: Lambda runtimes.
            architectures: of ``x86_64`` and ``arm64``.
            opts: options of the component; providers, protect and the like reach the layers.
            layer_name: what the layers' names in AWS start with; default: ``name``.
            **arguments: of every layer, as :class:`PoetryLayer` takes them.

        Raises:
            pulumi.RunError: the input is wrong for at least one target; all problems of all targets are told, and
                nothing has been registered, built or published.
        """
        try:
            targets = {key: _of_target(name, key, layer_name) for key in _keys(runtimes, architectures)}
            _raise_problems(targets, arguments)
        except PoetryLayerError as error:
            raise pulumi.RunError(f"PoetryLayer.matrix {name!r}: {error}") from error
        super().__init__(TYPE, name, None, opts)
        of_layer = pulumi.ResourceOptions.merge(layer_version_options(opts), pulumi.ResourceOptions(parent=self))
        self._layers = {key: layer_type(**more, **arguments, opts=of_layer) for key, more in targets.items()}
        self.arns = pulumi.Output.all(**{_suffix(*key): layer.arn for key, layer in self._layers.items()})
        self.register_outputs({"arns": self.arns})

    @property
    def layers(self) -> Mapping[Key, PoetryLayer]:
        """(runtime, architecture) → the layer."""
        # No annotated attribute: Pulumi's SDK would look the class up here, in a module that does not import it.
        return self._layers

    def __getitem__(self, target: tuple[str | Enum, str | Enum]) -> PoetryLayer:
        """The layer of a runtime and an architecture."""
        runtime, architecture = target
        return self.layers[plain(runtime), plain(architecture)]

    def __iter__(self) -> Iterator[Key]:
        """The targets."""
        return iter(self.layers)


def _keys(runtimes: Sequence[str | Enum], architectures: Sequence[str | Enum]) -> list[Key]:
    """Every target once.

    Raises:
        InputError: the lists are not lists, or empty.
    """
    given: dict[str, Any] = {"runtimes": runtimes, "architectures": architectures}
    problems = [
        InputError(f"must be a list of at least one string, not {values!r}", where=argument)
        for argument, values in given.items()
        if isinstance(values, str) or not isinstance(values, Sequence) or not values
    ]
    raise_problems(problems or argument_problems({}, given, {}))
    return list(dict.fromkeys((plain(runtime), plain(machine)) for runtime in runtimes for machine in architectures))


def _of_target(name: str, key: Key, layer_name: pulumi.Input[str] | None) -> dict[str, Any]:
    """The arguments that differ from target to target."""
    runtime, architecture = key
    more = {"name": f"{name}-{_suffix(*key)}", "runtime": runtime, "architecture": architecture}
    if isinstance(layer_name, str):
        return {**more, "layer_name": f"{layer_name}-{_suffix(*key)}"}
    if layer_name is not None:
        return {**more, "layer_name": pulumi.Output.concat(layer_name, "-", _suffix(*key))}
    return more


def _raise_problems(targets: dict[Key, dict[str, Any]], arguments: dict[str, Any]) -> None:
    """Plan every target, so that all problems are told at once and before anything is registered.

    Raises:
        InputError: with each problem once, and the targets that have it.
    """
    deciding = {key: value for key, value in arguments.items() if key in _DECIDING}
    problems: dict[str, list[str]] = {}
    for (runtime, architecture), more in targets.items():
        try:
            plan_arguments(**{**deciding, **more})
        except PoetryLayerError as error:
            problems.setdefault(str(error), []).append(f"{runtime} on {architecture}")
    if problems:
        raise InputError("\n".join(f"{', '.join(names)}: {problem}" for problem, names in problems.items()))


def _suffix(runtime: str, architecture: str) -> str:
    """What tells the layers apart; AWS takes no dots in a layer's name."""
    return f"{runtime.replace('.', '')}-{architecture}"
