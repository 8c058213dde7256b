"""PoetryLayerMatrix: one declaration for layers for several targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_poetry_layer.arguments import (
    LayerArguments,
    argument_problems,
    plain,
    plan_arguments,
    unknown_arguments,
)
from pulumi_poetry_layer.errors import InputError, PoetryLayerError, raise_problems
from pulumi_poetry_layer.layer.completion import missing_runtime
from pulumi_poetry_layer.layer.planning import read_defaults
from pulumi_poetry_layer.layer.request import DEFAULT_ARCHITECTURE
from pulumi_poetry_layer.plan.target import EXAMPLE_RUNTIME, is_patch_of
from pulumi_poetry_layer.publish.build_folder import place_zip
from pulumi_poetry_layer.publish.layer_version import layer_version_options
from pulumi_poetry_layer.publish.layer_zip import declare_zip
from pulumi_poetry_layer.publish.seams import IN_PYTHON_PROGRAM, Seams
from pulumi_poetry_layer.publishing_arguments import default_layer_name, region_problems
from pulumi_poetry_layer.wording import boolean, list_setting, place

if TYPE_CHECKING:
    from enum import Enum

    from typing_extensions import Unpack

    from pulumi_poetry_layer.component import PoetryLayer
    from pulumi_poetry_layer.layer.planning import PlannedLayer

TYPE = "poetry-layer:index:PoetryLayerMatrix"

Key = tuple[str, ...]
"""A target: runtime and architecture, and the region if the matrix has regions."""


class PoetryLayerMatrix(pulumi.ComponentResource):
    """The same layer for several runtimes, architectures and regions, as :meth:`PoetryLayer.matrix` declares it.

    ``matrix["python3.13", "arm64"]`` is the :class:`PoetryLayer` for a target, ``matrix["python3.13", "arm64",
    "eu-west-1"]`` that in a region; iteration gives the targets in the order of the declaration. The layers are
    children of this component. Their names in Pulumi consist of the name of the component and the target:
    ``deps-python313-arm64-eu-west-1``. Their names in AWS do not contain the region: a layer has the same name in all
    of its regions, which have the same zip.

    Attributes:
        arns: ``python313-arm64`` → ARN of the layer version, for exports.
    """

    arns: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        name: str,
        layer_type: type[PoetryLayer],
        *,
        runtimes: Sequence[str | Enum] | None,
        architectures: Sequence[str | Enum] | None,
        regions: Sequence[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        _seams: Seams = IN_PYTHON_PROGRAM,
        **arguments: Unpack[LayerArguments],
    ) -> None:
        """Declare the layers.

        Args:
            name: the component's name.
            layer_type: the class of the layers.
            runtimes: Lambda runtimes; None for the one in ``[tool.poetry-layer]``.
            architectures: ``x86_64``, ``arm64`` or both; None for the one in ``[tool.poetry-layer]``, or ``x86_64``.
            regions: regions to publish each layer in; None for the region of the provider.
            opts: options of the component; they are applied to the layers.
            **arguments: the other arguments of :class:`PoetryLayer`, the same for all layers. ``layer_name`` is the
                start of the layers' names in AWS. ``python_patch`` and ``bytecode`` can be lists: each layer gets the
                entry that belongs to its runtime.

        Raises:
            pulumi.RunError: the input is wrong for at least one target; the message lists the problems of all targets,
                and nothing is registered, built or published.
        """
        try:
            raise_problems(unknown_arguments(arguments))
            common: dict[str, Any] = {**arguments}
            layer_name, patches = common.pop("layer_name", None), common.pop("python_patch", None)
            if runtimes is None or architectures is None:
                project_dir = common.get("project_dir", ".")
                runtimes, architectures = _with_defaults(runtimes, architectures, project_dir, _seams.folder())
            targets = _targets(runtimes=runtimes, architectures=architectures)
            in_regions = _regions(regions, arguments)
            given = {target: _target_arguments(name, target, layer_name) for target in targets}
            _add_python_patches(given, patches)
            if not isinstance(common.get("bytecode"), bool | None):
                _add_bytecode(given, common.pop("bytecode"))
            planned = _planned(given, {**common, "program_dir": _seams.folder()})
            places = {
                target: place_zip(given[target]["name"], one.plan.fingerprint, arguments.get("build_dir"), _seams)
                for target, one in planned.items()
                if in_regions
            }
        except PoetryLayerError as error:
            raise pulumi.RunError(f"PoetryLayer.matrix {name!r}: {error}") from error
        super().__init__(TYPE, name, None, opts)
        layer_opts = pulumi.ResourceOptions.merge(layer_version_options(opts), pulumi.ResourceOptions(parent=self))
        self._layers: dict[Key, PoetryLayer] = {}
        for target, own in given.items():
            if not in_regions:
                self._layers[target] = layer_type(**own, **common, opts=layer_opts, _seams=_seams)
                continue
            # The zip belongs to the matrix: it is built once, also if the first region is removed later.
            layer_zip = declare_zip(own["name"], planned[target], places[target], self, _seams, direct_upload=True)
            for region in in_regions:
                in_region = own | {"name": f"{own['name']}-{region}", "region": region, "_layer_zip": layer_zip}
                key = (*target, region)
                self._layers[key] = layer_type(**in_region, **common, opts=layer_opts, _seams=_seams)
        self.arns = pulumi.Output.all(**{_suffix(*key): layer.arn for key, layer in self._layers.items()})
        self.register_outputs({"arns": self.arns})

    @property
    def layers(self) -> Mapping[Key, PoetryLayer]:
        """(runtime, architecture) or (runtime, architecture, region) → the layer."""
        # A property, not an annotated attribute: the SDK would resolve the annotation, and PoetryLayer is imported here
        # only for type checkers.
        return self._layers

    def __getitem__(self, target: tuple[str | Enum, ...]) -> PoetryLayer:
        """The layer for a runtime and an architecture, and for a region if the matrix has regions."""
        return self.layers[tuple(map(plain, target))]

    def __iter__(self) -> Iterator[Key]:
        """The targets."""
        return iter(self.layers)


def _with_defaults(runtimes: Any, architectures: Any, project_dir: Any, program_dir: Path) -> tuple[Any, Any]:
    """The runtimes and architectures, with those of the project for what is left out.

    Raises:
        InputError: the project cannot be read, or neither it nor the arguments name a runtime.
    """
    raise_problems(argument_problems({}, {}, {"project_dir": project_dir}))
    defaults = read_defaults(program_dir / project_dir, Path(project_dir))
    if runtimes is None and defaults.runtime is None:
        raise missing_runtime("runtimes", list_setting("runtimes", EXAMPLE_RUNTIME))
    return (
        [defaults.runtime] if runtimes is None else runtimes,
        [defaults.architecture or DEFAULT_ARCHITECTURE] if architectures is None else architectures,
    )


def _targets(**axes: Any) -> list[Key]:
    """All targets, without duplicates.

    Raises:
        InputError: an argument is not a list, or is empty.
    """
    _check_axes(axes)
    return list(dict.fromkeys(product(*(map(plain, values) for values in axes.values()))))


def _regions(regions: Sequence[str] | None, arguments: LayerArguments) -> list[str]:
    """The regions, without duplicates; empty if the matrix has none.

    Raises:
        InputError: the argument is not a list of regions, or another argument is for a single region.
    """
    if regions is None:
        return []
    _check_axes({"regions": regions})
    problems = [problem for region in regions for problem in region_problems(region, where="regions")]
    if arguments.get("bucket") is not None:
        problems.append(InputError("is in a single region", where=place("bucket"), hint="leave bucket out, or regions"))
    raise_problems(problems)
    return list(dict.fromkeys(map(plain, regions)))


def _check_axes(axes: dict[str, Any]) -> None:
    """Check that arguments are lists of strings that are not empty."""
    problems = [
        InputError(f"must be a list of at least one string, not {values!r}", where=argument)
        for argument, values in axes.items()
        if isinstance(values, str) or not isinstance(values, Sequence) or not values
    ]
    raise_problems(problems or argument_problems({}, axes, {}))


def _target_arguments(name: str, target: Key, layer_name: pulumi.Input[str] | None) -> dict[str, Any]:
    """The arguments of a layer that depend on its target."""
    runtime, architecture = target
    suffix = _suffix(*target)
    arguments = {"name": f"{name}-{suffix}", "runtime": runtime, "architecture": architecture}
    if layer_name is None:
        return {**arguments, "layer_name": default_layer_name(f"{name}-{suffix}")}
    is_known = isinstance(layer_name, str)
    return {
        **arguments,
        "layer_name": f"{layer_name}-{suffix}" if is_known else pulumi.Output.concat(layer_name, "-", suffix),
    }


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
        InputError(f"{patch!r} is not a patch release of any of the runtimes", where=place("python_patch"))
        for patch in unused
    )


def _add_bytecode(targets: dict[Key, dict[str, Any]], releases: str | Sequence[str]) -> None:
    """Give each layer the release of Python that may compile its modules.

    Raises:
        InputError: ``bytecode`` has a wrong type, or there is not one release for each of the runtimes.
    """
    listed: Any = [releases] if isinstance(releases, str) else releases
    raise_problems(argument_problems({}, {"bytecode": listed}, {}))
    runtimes = list(dict.fromkeys(runtime for runtime, _ in targets))
    found = {runtime: [r for r in listed if is_patch_of(str(r), runtime)] for runtime in runtimes}
    hint = f"give one release for each runtime, or {boolean(True)}"
    raise_problems(
        [
            *(
                InputError(
                    f"{release!r} is not a patch release of any of the runtimes", where=place("bytecode"), hint=hint
                )
                for release in listed
                if not any(release in own for own in found.values())
            ),
            *(
                InputError(f"has {len(own)} releases of {runtime}", where=place("bytecode"), hint=hint)
                for runtime, own in found.items()
                if len(own) != 1
            ),
        ]
    )
    for (runtime, _), arguments in targets.items():
        (arguments["bytecode"],) = found[runtime]


def _planned(targets: dict[Key, dict[str, Any]], arguments: dict[str, Any]) -> dict[Key, PlannedLayer]:
    """Plan every target, to report all problems together before anything is registered.

    Raises:
        InputError: at least one target cannot be planned; each problem is listed once, with its targets.
    """
    planned: dict[Key, PlannedLayer] = {}
    problems: dict[str, list[str]] = {}
    for target, given in targets.items():
        try:
            planned[target] = plan_arguments(**arguments, **given)
        except PoetryLayerError as error:
            problems.setdefault(str(error), []).append(" on ".join(target))
    if problems:
        raise InputError("\n".join(f"{', '.join(names)}: {problem}" for problem, names in problems.items()))
    return planned


def _suffix(runtime: str, *others: str) -> str:
    """The end of a layer's name; AWS does not allow dots in it."""
    return "-".join([runtime.replace(".", ""), *others])
