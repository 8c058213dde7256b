"""The arguments of a PoetryLayer that decide what is built: checks them, and plans the layer."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.registry import DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.errors import InputError, PoetryLayerError, raise_problems
from pulumi_poetry_layer.layer.build import plan_request
from pulumi_poetry_layer.layer.request import DEFAULT_ARCHITECTURE, LayerRequest
from pulumi_poetry_layer.layer.stack_credentials import credentials_problems
from pulumi_poetry_layer.plan.build_plan import refuse_empty
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.plan.build_plan import BuildPlan


def is_mocked() -> bool:
    """Whether this is a unit test with Pulumi's mocks: nothing is published then, and no file is written."""
    return isinstance(get_monitor(), MockMonitor)


def program_folder() -> Path:
    """The folder of the Pulumi program, even if the program has changed its working directory; respects ``main:``."""
    # The engine's Python host starts in that folder and runs it as a directory (runpy.run_path). Only such a program
    # has a spec with this name, and the origin of the spec is absolute.
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None and spec.name == "__main__" and spec.origin:
        return Path(spec.origin).parent
    return Path.cwd()


def plan_arguments(
    *,
    name: str,
    runtime: str | Enum,
    project_dir: str | os.PathLike[str] = ".",
    architecture: str | Enum = DEFAULT_ARCHITECTURE,
    groups: Sequence[str] = (MAIN_GROUP,),
    extras: Sequence[str] = (),
    exclude: Sequence[str] = (),
    builder: Builder | str = DEFAULT_BUILDER,
    layer_name: pulumi.Input[str] | None = None,
) -> tuple[LayerRequest, BuildPlan, ProjectFiles]:
    """Plan a layer from the arguments of :class:`PoetryLayer`.

    Raises:
        InputError: an argument is an Output or has a wrong type, or the project cannot be planned.
    """
    strings = {"runtime": runtime, "architecture": architecture}
    lists = {"groups": groups, "extras": extras, "exclude": exclude}
    others = {"project_dir": project_dir, "builder": builder}
    raise_problems(
        [
            *argument_problems(strings, lists, others),
            *credentials_problems(builder),
            *_layer_name_problems(name if layer_name is None else layer_name),
        ]
    )
    request = LayerRequest(
        project_dir=program_folder() / project_dir,
        runtime=plain(runtime),
        architecture=plain(architecture),
        groups=tuple(map(plain, groups)),
        extras=tuple(map(plain, extras)),
        exclude=tuple(map(plain, exclude)),
        builder=make_builder(builder) if isinstance(builder, str) else builder,
    )
    plan, files = plan_request(request)
    refuse_empty(plan)
    return request, plan, files


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
            yield InputError("an Output is not accepted here", where=name, hint=hint)
        elif name in strings and not isinstance(value, (str, Enum)):
            yield InputError(f"must be a string, not {value!r}", where=name)
        elif name in lists and (isinstance(value, str) or not isinstance(value, Iterable)):
            yield InputError(f"must be a list of strings, not {value!r}", where=name)


_LAYER_NAME = re.compile(r"[A-Za-z0-9_-]{1,140}|arn:[A-Za-z0-9-]+:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+")
"""The rule of AWS: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html"""


def _layer_name_problems(layer_name: pulumi.Input[str]) -> Iterator[PoetryLayerError]:
    """AWS would check the name too, but after the build. A name that is an Output is not checked here."""
    if isinstance(layer_name, str) and not _LAYER_NAME.fullmatch(layer_name):
        yield InputError(
            f"{layer_name!r} is not a valid layer name",
            where="layer_name",
            hint="use 1 to 140 letters, digits, hyphens and underscores; the default is the name of the resource",
        )
