"""The options that decide what is in a layer, and the request that they make."""

from __future__ import annotations

import argparse
from pathlib import Path

from pulumi_poetry_layer.builders.registry import BUILDERS, DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.layer.request import CONFLICT_RULES, DEFAULT_ARCHITECTURE, DEFAULT_CONFLICT_RULE, LayerRequest
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.units import parse_size

DEFAULT_RUNTIME = "python3.12"


def add_request_options(command: argparse.ArgumentParser) -> None:
    """Add the options that decide what is in a layer."""
    add_target_options(command)
    command.add_argument(
        "--python-patch",
        metavar="VERSION",
        help="patch release of the runtime's Python, such as 3.12.4, for projects that require a certain one",
    )
    command.add_argument(
        "--group", action="append", metavar="GROUP", help=f"dependency group, repeatable (default: {MAIN_GROUP})"
    )
    command.add_argument(
        "--extra", action="append", default=[], metavar="EXTRA", help="extra of the project, repeatable"
    )
    command.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="DIST",
        help="distribution to leave out, with the dependencies that only it needs; repeatable",
    )
    command.add_argument(
        "--exclude-runtime",
        action="store_true",
        help="leave out boto3, which the runtime has, and what only it needs and the runtime has, too",
    )
    command.add_argument("--builder", choices=BUILDERS, default=DEFAULT_BUILDER, help=f"default: {DEFAULT_BUILDER}")
    command.add_argument(
        "--on-conflict",
        choices=CONFLICT_RULES,
        default=DEFAULT_CONFLICT_RULE,
        help="if two distributions contain the same file with different contents: warn and take that of the last one "
        f"by name, or end with an error (default: {DEFAULT_CONFLICT_RULE})",
    )
    command.add_argument(
        "--bytecode",
        nargs="?",
        const=True,
        default=False,
        metavar="RELEASE",
        help="compile the modules, so that functions start faster; RELEASE, such as 3.13.2, is the only Python that "
        "may compile them (default: any with the version of the runtime)",
    )
    add_system_library_option(command)
    command.add_argument(
        "--max-unzipped-size",
        type=_size,
        metavar="SIZE",
        help="refuse a layer that is larger than this, unzipped, such as 200MiB; a number without a unit means bytes",
    )


def add_target_options(command: argparse.ArgumentParser) -> None:
    """Add the runtime and the architecture."""
    command.add_argument("--runtime", default=DEFAULT_RUNTIME, help=f"Lambda runtime (default: {DEFAULT_RUNTIME})")
    command.add_argument(
        "--architecture", default=DEFAULT_ARCHITECTURE, help=f"x86_64 or arm64 (default: {DEFAULT_ARCHITECTURE})"
    )


def add_system_library_option(command: argparse.ArgumentParser) -> None:
    """Add the option for libraries that a layer need not contain."""
    command.add_argument(
        "--system-library",
        action="append",
        default=[],
        metavar="NAME",
        help="shared library that the function has from elsewhere, such as libodbc.so.2 in another layer; repeatable",
    )


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def request_of(options: argparse.Namespace) -> LayerRequest:
    """What the options ask for."""
    return LayerRequest(
        project_dir=options.project_dir or Path(),
        runtime=options.runtime,
        architecture=options.architecture,
        groups=tuple(options.group or (MAIN_GROUP,)),
        extras=tuple(options.extra),
        exclude=tuple(options.exclude),
        builder=make_builder(options.builder),
        on_conflict=options.on_conflict,
        python_patch=options.python_patch,
        system_libraries=tuple(options.system_library),
        bytecode=options.bytecode,
        exclude_runtime=options.exclude_runtime,
        max_unzipped_size=options.max_unzipped_size,
    )
