"""Plan and build the same layer for several targets: all problems are reported together, all zips appear or none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import BuildError, InputError, PoetryLayerError, problems_of, raise_problems
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.host.failures import host_errors
from pulumi_poetry_layer.host.files import TEMPORARY_PREFIX
from pulumi_poetry_layer.host.progress import part_of_build
from pulumi_poetry_layer.layer.build import build_checked, check_planned, check_replaceable
from pulumi_poetry_layer.layer.output import output_path
from pulumi_poetry_layer.layer.planning import plan_layer
from pulumi_poetry_layer.plan.target import is_patch_of
from pulumi_poetry_layer.wording import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from typing import TypeVar

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.layer.planning import PlannedLayer
    from pulumi_poetry_layer.layer.request import GivenArguments

    Item = TypeVar("Item")
    Result = TypeVar("Result")

_SIDE_BY_SIDE = 4
"""How many layers are built at the same time. Each build downloads several files at the same time itself."""


def for_targets(
    given: GivenArguments,
    runtimes: Sequence[str] | None,
    architectures: Sequence[str] | None,
    python_patches: Sequence[str] | None,
) -> list[GivenArguments]:
    """The arguments for each runtime on each architecture.

    Args:
        given: the arguments that all layers have in common.
        runtimes: the runtimes; None for the default of the project.
        architectures: the architectures; None for the default of the project.
        python_patches: patch releases; each layer gets the one that belongs to its runtime.
    """
    return [
        replace(
            given,
            runtime=runtime,
            architecture=architecture,
            python_patch=_patch_of(runtime, runtimes or (), python_patches or ()),
        )
        for runtime in _each(runtimes)
        for architecture in _each(architectures)
    ]


def _each(names: Sequence[str] | None) -> list[str | None]:
    return list(dict.fromkeys(names)) if names else [None]


def _patch_of(runtime: str | None, runtimes: Sequence[str], patches: Sequence[str]) -> str | None:
    """The patch release for a runtime. One that belongs to no runtime is given to all, so that planning refuses it."""
    own = [patch for patch in patches if runtime is None or is_patch_of(patch, runtime)]
    wrong = [patch for patch in patches if not any(is_patch_of(patch, other) for other in runtimes)]
    return next(iter([*own, *wrong]), None)


def plan_targets(several: Sequence[GivenArguments]) -> list[PlannedLayer]:
    """Plan the layers.

    Raises:
        InputError: at least one layer cannot be planned; each problem is listed once.
    """
    return _for_all(several, lambda given: check_planned(plan_layer(given)), _label)


def _label(given: GivenArguments) -> str:
    return " on ".join(part for part in (given.runtime, given.architecture) if part)


def outputs_of(template: str, layers: Sequence[PlannedLayer], *, option: str = "output") -> list[Path]:
    """The path of the zip, or of another file, of each layer.

    Args:
        template: a path, in which ``{runtime}`` and ``{architecture}`` stand for those of the layer.
        layers: the layers.
        option: the argument that the path is the value of, for messages.

    Raises:
        InputError: two layers would have the same path, or the path is that of a folder.
    """
    paths: dict[Path, PlannedLayer] = {}
    for layer in layers:
        target = layer.plan.target
        text = template.replace("{runtime}", target.runtime).replace("{architecture}", target.architecture)
        path = output_path(text)
        if path in paths:
            raise InputError(
                f"{str(path)!r} would be the file for {paths[path].plan.target} and for {target}",
                where=place(option),
                hint="use {runtime} and {architecture} in the path, as in 'dist/{runtime}-{architecture}.zip'",
            )
        paths[path] = layer
    return list(paths)


def build_targets(layers: Sequence[PlannedLayer], outputs: Sequence[Path]) -> list[LayerArtifact]:
    """Build the layers side by side. The zips appear when all of them are complete; else no file is touched.

    Args:
        layers: the layers.
        outputs: the path of the zip of each layer.

    Raises:
        InputError: a path must not be replaced.
        BuildError: at least one build failed; each problem is listed once.
    """
    pairs = list(zip(layers, outputs, strict=True))
    with host_errors():
        _for_all(pairs, lambda pair: check_replaceable(*pair), _label_of_pair)
        if len(pairs) == 1:
            return [build_checked(*pairs[0])]
        with ExitStack() as stack:
            built = _build_side_by_side([(layer, _temporary_path(output, stack)) for layer, output in pairs])
            for artifact, output in zip(built, outputs, strict=True):
                artifact.path.replace(output)
    return [replace(artifact, path=output) for artifact, output in zip(built, outputs, strict=True)]


def _temporary_path(output: Path, stack: ExitStack) -> Path:
    """A path in a temporary folder beside an output file, from where it can be renamed to it."""
    output.parent.mkdir(parents=True, exist_ok=True)
    return stack.enter_context(temporary_folder(output.parent, prefix=TEMPORARY_PREFIX)) / output.name


def _build_side_by_side(pairs: Sequence[tuple[PlannedLayer, Path]]) -> list[LayerArtifact]:
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as threads:
        # A copy of the context, so that messages and progress are those of this command.
        started = [threads.submit(copy_context().run, partial(_build_part, *pair)) for pair in pairs]
        results = list(zip(pairs, started, strict=True))
        return _for_all(results, lambda result: result[1].result(), lambda result: _label_of_pair(result[0]))


def _build_part(layer: PlannedLayer, output: Path) -> LayerArtifact:
    with part_of_build(str(layer.plan.target)):
        return build_checked(layer, output)


def _label_of_pair(pair: tuple[PlannedLayer, Path]) -> str:
    return str(pair[0].plan.target)


def _for_all(items: Sequence[Item], step: Callable[[Item], Result], label: Callable[[Item], str]) -> list[Result]:
    """The result of a step for each item.

    Args:
        items: the items.
        step: the step.
        label: what messages call an item.

    Raises:
        PoetryLayerError: the step failed for at least one item. A problem of all items is listed once without, and
            another one with the items that have it.
    """
    results = []
    found: dict[str, tuple[PoetryLayerError, list[str]]] = {}
    for item in items:
        try:
            results.append(step(item))
        except PoetryLayerError as error:
            for problem in problems_of(error):
                found.setdefault(str(problem), (problem, []))[1].append(label(item))
    raise_problems(_located(problem, labels, len(items)) for problem, labels in found.values())
    return results


def _located(problem: PoetryLayerError, labels: Iterable[str], count: int) -> PoetryLayerError:
    """A problem with the targets that have it, unless all have."""
    names = list(labels)
    if len(names) == count:
        return problem
    where = ", ".join(names) + (f": {problem.where}" if problem.where else "")
    error_class = InputError if isinstance(problem, InputError) else BuildError
    return error_class(problem.what, where=where, hint=problem.hint)
