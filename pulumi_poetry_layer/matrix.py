"""PoetryLayerMatrix: one declaration for layers for several targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_poetry_layer.arguments import LayerArguments, argument_problems, plain, plan_arguments, unknown_arguments
from pulumi_poetry_layer.errors import InputError, PoetryLayerError, raise_problems
from pulumi_poetry_layer.plan.target import is_patch_of
from pulumi_poetry_layer.publish.layer_version import layer_version_options

if TYPE_CHECKING:
    from enum import Enum

    from typing_extensions import Unpack

    from pulumi_poetry_layer.component import PoetryLayer

TYPE = "poetry-layer:index:PoetryLayerMatrix"

Key = tuple[str, str]
"""A target: runtime and architecture."""


class PoetryLayerMatrix(pulumi.ComponentResource):
    """The same layer for several runtimes and architectures, as :meth:`PoetryLayer.matrix` declares it.

    ``matrix["python3.13", "arm64"]`` is the :class:`PoetryLayer` for a target; iteration gives the targets in the order
    of the declaration. The layers are children of this component. Their names, in Pulumi and in AWS, consist of the
    name of the component and the target: ``deps-python313-arm64``.

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
        **arguments: Unpack[LayerArguments],
    ) -> None:
        """Declare the layers.

        Args:
            name: the component's name.
            layer_type: the class of the layers.
            runtimes: Lambda runtimes.
            architectures: ``x86_64``, ``arm64`` or both.
            opts: options of the component; they are applied to the layers.
            **arguments: the other arguments of :class:`PoetryLayer`, the same for all layers. ``layer_name`` is the
                start of the layers' names in AWS. ``python_patch`` can be a list: each layer gets the entry that
                belongs to its runtime.

        Raises:
            pulumi.RunError: the input is wrong for at least one target; the message lists the problems of all targets,
                and nothing is registered, built or published.
        """
        try:
            raise_problems(unknown_arguments(arguments))
            common: dict[str, Any] = {**arguments}
            layer_name, patches = common.pop("layer_name", None), common.pop("python_patch", None)
            targets = {key: _target_arguments(name, key, layer_name) for key in _keys(runtimes, architectures)}
            _add_python_patches(targets, patches)
            _raise_problems(targets, common)
        except PoetryLayerError as error:
            raise pulumi.RunError(f"PoetryLayer.matrix {name!r}: {error}") from error
        super().__init__(TYPE, name, None, opts)
        layer_opts = pulumi.ResourceOptions.merge(layer_version_options(opts), pulumi.ResourceOptions(parent=self))
        self._layers = {key: layer_type(**target, **common, opts=layer_opts) for key, target in targets.items()}
        self.arns = pulumi.Output.all(**{_suffix(*key): layer.arn for key, layer in self._layers.items()})
        self.register_outputs({"arns": self.arns})

    @property
    def layers(self) -> Mapping[Key, PoetryLayer]:
        """(runtime, architecture) → the layer."""
        # A property, not an annotated attribute: the SDK would resolve the annotation, and PoetryLayer is imported here
        # only for type checkers.
        return self._layers

    def __getitem__(self, target: tuple[str | Enum, str | Enum]) -> PoetryLayer:
        """The layer for a runtime and an architecture."""
        runtime, architecture = target
        return self.layers[plain(runtime), plain(architecture)]

    def __iter__(self) -> Iterator[Key]:
        """The targets."""
        return iter(self.layers)


def _keys(runtimes: Sequence[str | Enum], architectures: Sequence[str | Enum]) -> list[Key]:
    """All targets, without duplicates.

    Raises:
        InputError: an argument is not a list, or is empty.
    """
    lists: dict[str, Any] = {"runtimes": runtimes, "architectures": architectures}
    problems = [
        InputError(f"must be a list of at least one string, not {values!r}", where=argument)
        for argument, values in lists.items()
        if isinstance(values, str) or not isinstance(values, Sequence) or not values
    ]
    raise_problems(problems or argument_problems({}, lists, {}))
    targets = product(map(plain, runtimes), map(plain, architectures))
    return list(dict.fromkeys(targets))


def _target_arguments(name: str, key: Key, layer_name: pulumi.Input[str] | None) -> dict[str, Any]:
    """The arguments of a layer that depend on its target."""
    runtime, architecture = key
    suffix = _suffix(*key)
    arguments: dict[str, Any] = {"name": f"{name}-{suffix}", "runtime": runtime, "architecture": architecture}
    if isinstance(layer_name, str):
        arguments["layer_name"] = f"{layer_name}-{suffix}"
    elif layer_name is not None:
        arguments["layer_name"] = pulumi.Output.concat(layer_name, "-", suffix)
    return arguments


def _add_python_patches(targets: dict[Key, dict[str, Any]], patches: str | Sequence[str] | None) -> None:
    """Give each layer the patch release that belongs to its runtime, if there is one.

    Raises:
        InputError: ``python_patch`` has a wrong type, or an entry that belongs to none of the runtimes.
    """
    listed: Any = [patches] if isinstance(patches, str) else patches or []
    raise_problems(argument_problems({}, {"python_patch": listed}, {}))
    unused = dict.fromkeys(listed)
    for (runtime, _), arguments in targets.items():
        for patch in listed:
            if is_patch_of(str(patch), runtime):
                arguments["python_patch"] = patch
                unused.pop(patch, None)
    raise_problems(
        InputError(f"{patch!r} is not a patch release of any of the runtimes", where="python_patch") for patch in unused
    )


def _raise_problems(targets: dict[Key, dict[str, Any]], arguments: dict[str, Any]) -> None:
    """Plan every target, to report all problems together before anything is registered.

    Raises:
        InputError: at least one target cannot be planned; each problem is listed once, with its targets.
    """
    problems: dict[str, list[str]] = {}
    for (runtime, architecture), target in targets.items():
        try:
            plan_arguments(**arguments, **target)
        except PoetryLayerError as error:
            problems.setdefault(str(error), []).append(f"{runtime} on {architecture}")
    if problems:
        raise InputError("\n".join(f"{', '.join(names)}: {problem}" for problem, names in problems.items()))


def _suffix(runtime: str, architecture: str) -> str:
    """The end of a layer's name; AWS does not allow dots in it."""
    return f"{runtime.replace('.', '')}-{architecture}"
