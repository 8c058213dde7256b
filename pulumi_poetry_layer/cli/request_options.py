"""The options that decide what is in a layer. What is left out comes from ``[tool.poetry-layer]`` in pyproject.toml."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.registry import BUILDERS, DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.cli.commands import UsageError
from pulumi_poetry_layer.cli.values import checked, one_of
from pulumi_poetry_layer.errors import raise_problems
from pulumi_poetry_layer.layer.request import (
    CONFLICT_RULES,
    DEFAULT_ARCHITECTURE,
    DEFAULT_CONFLICT_RULE,
    GivenArguments,
)
from pulumi_poetry_layer.plan.target import EXAMPLE_RUNTIME, MACHINES
from pulumi_poetry_layer.poetry.layer_defaults import SECTION
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.strip.kinds import KINDS
from pulumi_poetry_layer.units import parse_size
from pulumi_poetry_layer.wording import argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_poetry_layer.builders.builder import Builder


_CONTAINER = "container"
_CONTAINER_OPTIONS = ("image", "network", "timeout")


def add_request_options(command: argparse.ArgumentParser, *, several_targets: bool = False) -> None:
    """Add the options that decide what is in a layer.

    Args:
        command: the parser of the command.
        several_targets: whether the options of the target can be repeated.
    """
    add_target_options(command, several=several_targets)
    command.add_argument(
        "--python-patch",
        action="append" if several_targets else "store",
        metavar="VERSION",
        help="patch release of the runtime's Python, such as 3.12.4, for projects that require a certain one",
    )
    command.add_argument(
        "--group", action="append", metavar="GROUP", help=f"dependency group, repeatable (default: {MAIN_GROUP})"
    )
    command.add_argument("--extra", action="append", metavar="EXTRA", help="extra of the project, repeatable")
    command.add_argument(
        "--exclude",
        action="append",
        metavar="DIST",
        help="distribution to leave out, with the dependencies that only it needs; repeatable",
    )
    command.add_argument(
        "--exclude-runtime",
        action=argparse.BooleanOptionalAction,
        help="leave out boto3, which the runtime has, and what only it needs and the runtime has, too",
    )
    command.add_argument(
        "--strip",
        action="append",
        type=one_of(KINDS, "kind"),
        metavar=_listed(KINDS),
        help="files to leave out if the packages do not need them; repeatable",
    )
    command.add_argument(
        "--builder",
        type=one_of(BUILDERS, "builder"),
        metavar=_listed(BUILDERS),
        help=f"how the layer is built (default: {DEFAULT_BUILDER})",
    )
    _add_container_options(command)
    command.add_argument(
        "--on-conflict",
        type=one_of(CONFLICT_RULES, "rule"),
        metavar=_listed(CONFLICT_RULES),
        help="if two distributions contain the same file with different contents: warn and take that of the last one "
        f"by name, or end with an error (default: {DEFAULT_CONFLICT_RULE})",
    )
    command.add_argument(
        "--bytecode",
        nargs="?",
        const=True,
        metavar="RELEASE",
        help="compile the modules, so that functions start faster; RELEASE, such as 3.13.2, is the only Python that "
        "may compile them (default: any with the version of the runtime)",
    )
    command.add_argument(
        "--no-bytecode",
        dest="bytecode",
        action="store_const",
        const=False,
        help=f"do not compile them, also if [{SECTION}] says so",
    )
    add_system_library_option(command)
    command.add_argument(
        "--max-unzipped-size",
        type=checked(parse_size),
        metavar="SIZE",
        help="refuse a layer that is larger than this, unzipped, such as 200MiB; a number without a unit means bytes",
    )


def _add_container_options(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the container builder."""
    command.add_argument(
        "--image",
        metavar="IMAGE",
        help="build image of the container builder, with {runtime} and {architecture} in place of those of the layer "
        "(default: the one that AWS publishes for the runtime)",
    )
    command.add_argument(
        "--network", metavar="NETWORK", help="Docker network of its containers (default: that of the Docker daemon)"
    )
    command.add_argument(
        "--timeout",
        type=checked(_seconds),
        metavar="SECONDS",
        help="how long one of its containers may run (default: an hour)",
    )


def _seconds(text: str) -> str:
    try:
        is_time = 0 < float(text) < math.inf
    except ValueError:
        is_time = False
    if not is_time:
        raise ValueError(f"{text!r} is not a positive number of seconds")
    return text


def add_target_options(command: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add the runtime and the architecture; with ``several``, both can be repeated."""
    action, repeatable = ("append", "; repeatable") if several else ("store", "")
    command.add_argument(
        "--runtime", action=action, metavar="RUNTIME", help=f"Lambda runtime, such as {EXAMPLE_RUNTIME}{repeatable}"
    )
    command.add_argument(
        "--architecture",
        action=action,
        metavar="ARCHITECTURE",
        help=f"{' or '.join(MACHINES)} (default: {DEFAULT_ARCHITECTURE}){repeatable}",
    )


def add_system_library_option(command: argparse.ArgumentParser) -> None:
    """Add the option for libraries that a layer need not contain."""
    command.add_argument(
        "--system-library",
        action="append",
        metavar="NAME",
        help="shared library that the function has from elsewhere, such as libodbc.so.2 in another layer; repeatable",
    )


def _listed(names: Sequence[str]) -> str:
    return f"{{{','.join(names)}}}"


def given_arguments(options: argparse.Namespace) -> GivenArguments:
    """The arguments for a layer that the options contain."""
    return GivenArguments(
        project_dir=options.project_dir or Path(),
        runtime=options.runtime,
        architecture=options.architecture,
        groups=_names(options.group),
        extras=_names(options.extra),
        exclude=_names(options.exclude),
        builder=_builder(options),
        on_conflict=options.on_conflict,
        python_patch=options.python_patch,
        system_libraries=_names(options.system_library),
        bytecode=options.bytecode,
        exclude_runtime=options.exclude_runtime,
        strip=_names(options.strip),
        max_unzipped_size=options.max_unzipped_size,
    )


def _builder(options: argparse.Namespace) -> Builder | str | None:
    """The builder that the options name.

    Raises:
        UsageError: an option is for another builder.
    """
    values = {name: value for name in _CONTAINER_OPTIONS if (value := getattr(options, name)) is not None}
    if values and options.builder in {None, _CONTAINER}:
        return make_builder(_CONTAINER, values)
    hint = f"use it with --builder {_CONTAINER}, or leave it out"
    raise_problems(UsageError("is for the container builder", where=argument(name), hint=hint) for name in values)
    builder: str | None = options.builder
    return builder


def _names(values: list[str] | None) -> tuple[str, ...] | None:
    """The values of an option that can be repeated; an empty one stands for none, also if the project names some."""
    return None if values is None else tuple(value for value in values if value)


def given_target(options: argparse.Namespace) -> GivenArguments:
    """The arguments for a layer that is built already."""
    return GivenArguments(
        project_dir=options.project_dir or Path(),
        runtime=options.runtime,
        architecture=options.architecture,
        system_libraries=_names(getattr(options, "system_library", None)),
    )
