"""The arguments of a PoetryLayer: their types, the checks, and the plan that they ask for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.compilation import refuse_compilation
from pulumi_poetry_layer.errors import InputError, PoetryLayerError, raise_problems
from pulumi_poetry_layer.layer.planning import PlannedLayer, plan_layer
from pulumi_poetry_layer.layer.request import GivenArguments, is_list_of_strings
from pulumi_poetry_layer.layer.stack_credentials import credentials_problems
from pulumi_poetry_layer.plan.build_plan import refuse_empty
from pulumi_poetry_layer.plan.target import ArchitectureName, RuntimeName
from pulumi_poetry_layer.publishing_arguments import publishing_problems
from pulumi_poetry_layer.wording import boolean, place, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator


class LayerArguments(TypedDict, total=False):
    """The arguments that all layers of a matrix have in common; :class:`PoetryLayer` describes them."""

    project_dir: str | os.PathLike[str]
    groups: Sequence[str] | None
    extras: Sequence[str] | None
    exclude: Sequence[str] | None
    builder: Builder | str | None
    on_conflict: str | None
    python_patch: str | Sequence[str] | None
    system_libraries: Sequence[str] | None
    bytecode: bool | str | Sequence[str] | None
    exclude_runtime: bool | None
    strip: Sequence[str] | None
    max_unzipped_size: int | None
    layer_name: pulumi.Input[str] | None
    description: pulumi.Input[str] | None
    license_info: pulumi.Input[str] | None
    sbom: bool
    compatible_runtimes: pulumi.Input[Sequence[pulumi.Input[str]]] | None
    bucket: pulumi.Input[str] | None
    key_prefix: pulumi.Input[str] | None
    skip_destroy: pulumi.Input[bool] | None
    keep_versions: int | None
    share_with: Sequence[pulumi.Input[str]]
    organization_id: pulumi.Input[str] | None
    build_dir: str | os.PathLike[str] | None


def is_mocked() -> bool:
    """Whether this is a unit test with Pulumi's mocks: nothing is published then, and no file is written."""
    return isinstance(get_monitor(), MockMonitor)


def plan_arguments(
    *,
    name: str,
    program_dir: Path,
    runtime: RuntimeName | str | Enum | None = None,
    project_dir: str | os.PathLike[str] = ".",
    architecture: ArchitectureName | str | Enum | None = None,
    groups: Sequence[str] | None = None,
    extras: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    builder: Builder | str | None = None,
    build_dir: str | os.PathLike[str] | None = None,
    on_conflict: str | None = None,
    python_patch: str | None = None,
    system_libraries: Sequence[str] | None = None,
    bytecode: bool | str | None = None,
    exclude_runtime: bool | None = None,
    strip: Sequence[str] | None = None,
    max_unzipped_size: int | None = None,
    **publishing: Any,
) -> PlannedLayer:
    """Plan a layer from the arguments of :class:`PoetryLayer`.

    Args:
        name: name of the resource.
        program_dir: folder of the program.
        runtime: Lambda runtime.
        project_dir: folder of pyproject.toml and poetry.lock.
        architecture: architecture of the function.
        groups: dependency groups.
        extras: extras of the project.
        exclude: distributions to leave out.
        builder: a builder or its name.
        build_dir: folder for the zips.
        on_conflict: ``warn`` or ``error``.
        python_patch: patch release of the runtime's Python.
        system_libraries: shared libraries that the function has besides those of the runtime.
        bytecode: whether to compile the modules, or the only release of Python that may compile them.
        exclude_runtime: leave out what the runtime has.
        strip: kinds of files to leave out.
        max_unzipped_size: the most bytes that the layer may have, unzipped.
        **publishing: the arguments that only decide how the layer is published; AWS's limits on them are checked.

    Raises:
        InputError: an argument is an Output, has a wrong type or is over a limit of AWS, or the project cannot be
            planned.
        PackageFileError: the wheels builder is chosen, and a package must be compiled.
    """
    strings = {
        "runtime": runtime,
        "architecture": architecture,
        "on_conflict": on_conflict,
        "python_patch": python_patch,
    }
    lists = {"groups": groups, "extras": extras, "exclude": exclude, "system_libraries": system_libraries}
    lists["strip"] = strip
    plain_values = _without_none(
        {"bytecode": bytecode, "exclude_runtime": exclude_runtime, "max_unzipped_size": max_unzipped_size}
    )
    others = {"project_dir": project_dir, **_without_none({"builder": builder, "build_dir": build_dir}), **plain_values}
    raise_problems(
        [
            *argument_problems(_without_none(strings), _without_none(lists), others),
            *(() if builder is None else builder_problems(builder)),
            *(() if builder is None or isinstance(builder, pulumi.Output) else credentials_problems(builder)),
            *publishing_problems(name, publishing),
        ]
    )
    values: dict[str, Any] = {name: plain(value) for name, value in _without_none(strings).items()} | plain_values
    values |= {name: tuple(map(plain, names)) for name, names in _without_none(lists).items()}
    folder, shown = program_dir / project_dir, Path(project_dir)
    planned = plan_layer(GivenArguments(project_dir=folder, shown_dir=shown, builder=builder, **values))
    refuse_empty(planned.plan)
    if planned.plan.builder.copies_wheels:
        refuse_compilation(planned.plan)
    return planned


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def plain(value: str | Enum) -> str:
    """The value as a string; also for ``aws.lambda_.Runtime`` and other enums."""
    return str(value.value) if isinstance(value, Enum) else str(value)


def argument_problems(
    strings: dict[str, Any], lists: dict[str, Any], others: dict[str, Any]
) -> Iterator[PoetryLayerError]:
    """Check the types of arguments: none of them may be an Output.

    Args:
        strings: arguments that must be strings.
        lists: arguments that must be lists of strings.
        others: arguments of other types.
    """
    hint = (
        "this argument decides what is built, so its value must be known when the program runs: "
        "use a plain value or stack configuration"
    )
    for name, value in (strings | lists | others).items():
        items = value if isinstance(value, (list, tuple)) else ()
        if isinstance(value, pulumi.Output) or any(isinstance(item, pulumi.Output) for item in items):
            yield InputError("an Output is not accepted here", where=place(name), hint=hint)
        elif name in strings and not isinstance(value, (str, Enum)):
            yield InputError(f"must be a string, not {value!r}", where=place(name))
        elif name in lists and not is_list_of_strings(value):
            yield InputError(f"must be a list of strings, not {value!r}", where=place(name))
        elif name in {"project_dir", "build_dir"} and not isinstance(value, (str, os.PathLike)):
            yield InputError(f"must be a path, not {value!r}", where=place(name))
        elif name == "exclude_runtime" and not isinstance(value, bool):
            yield InputError(f"must be {boolean(True)} or {boolean(False)}, not {value!r}", where=place(name))


def builder_problems(builder: Any) -> Iterator[InputError]:
    """Check that ``builder`` is a builder or a string; a class or an Output is a common mistake."""
    if isinstance(builder, str | pulumi.Output):
        return
    if isinstance(builder, type):
        yield InputError(f"is a class, not a builder; write {builder.__name__}()", where=place("builder"))
    elif not (hasattr(builder, "identity") and hasattr(builder, "build")):
        yield InputError(f"must be a builder or the name of one, not {builder!r}", where=place("builder"))


def unknown_arguments(names: Iterable[str]) -> Iterator[InputError]:
    """Check the names of the arguments that all layers of a matrix have in common."""
    known = LayerArguments.__annotations__
    for name in names:
        if name not in known:
            hint = suggestion(name, [*known, "runtimes", "architectures", "regions", "opts"], "the arguments are")
            yield InputError("is not an argument of PoetryLayer.matrix", where=name, hint=hint)
