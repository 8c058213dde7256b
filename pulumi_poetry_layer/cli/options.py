"""The options of the command line, and the request that they make."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from pulumi_poetry_layer.builders.registry import BUILDERS, DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.layer.request import CONFLICT_RULES, DEFAULT_ARCHITECTURE, DEFAULT_CONFLICT_RULE, LayerRequest
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP

PROGRAM = "pulumi-poetry-layer"
DEFAULT_RUNTIME = "python3.12"

STANDARD_OUTPUT = "-"
"""The value of ``--output`` for the standard output. A file with this name can be written as ``./-``."""


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command line, with all commands."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Turn poetry.lock into an AWS Lambda layer zip.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    plan = commands.add_parser("plan", help="list the packages of the layer, and show its fingerprint")
    _add_request(plan)
    plan.add_argument(
        "--compare",
        type=Path,
        metavar="OLD",
        help="show what changes since OLD, an older poetry.lock or another project folder",
    )
    plan.add_argument(
        "--size",
        action="store_true",
        help="show how large the layer will be; may look up sizes in the indexes, which takes a few seconds",
    )

    build = commands.add_parser("build", help="build the layer zip")
    _add_request(build)
    build.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="the zip to write; links, devices and the project's own files are not replaced; - is standard output",
    )

    inspect = commands.add_parser("inspect", help="list the packages in a layer zip")
    inspect.add_argument("layer", type=Path, metavar="FILE", help="the zip to read")
    inspect.add_argument(
        "--sbom", type=Path, metavar="FILE", help="also write the packages as a CycloneDX document (JSON) to this file"
    )
    _add_json(inspect)

    verify = commands.add_parser("verify", help="check whether a Lambda could load a layer zip")
    verify.add_argument("layer", type=Path, metavar="FILE", help="the zip to check")
    verify.add_argument(
        "--import",
        dest="imports",
        action="store_true",
        help="also import its modules on AWS's emulator of Lambda, if this machine can run programs of the target",
    )
    _add_target(verify)
    _add_system_library(verify)
    _add_json(verify)

    _add_invoke(commands.add_parser("invoke", help="invoke a function with a layer zip on AWS's emulator of Lambda"))

    cache = commands.add_parser("cache", help="show or clear the cache, which all projects of a user share")
    cache.add_argument("action", choices=("dir", "size", "clear"))
    cache.add_argument(
        "--docker", action="store_true", help="with size and clear: what the container builder keeps in Docker"
    )
    return parser


def _add_invoke(invoke: argparse.ArgumentParser) -> None:
    """Add the options that decide what is invoked, and how."""
    invoke.add_argument("layer", type=Path, metavar="FILE", help="the layer zip")
    invoke.add_argument("--handler", required=True, metavar="MODULE.FUNCTION", help="the handler, such as app.handler")
    invoke.add_argument("--task", type=Path, required=True, metavar="DIR", help="folder with the code of the function")
    invoke.add_argument("--event", type=_json, default={}, metavar="JSON", help="the event (default: {})")
    invoke.add_argument(
        "--env",
        type=_variable,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="environment variable of the function, repeatable; it gets none of this machine",
    )
    invoke.add_argument(
        "--timeout", type=_seconds, default=30, metavar="SECONDS", help="how long it may run (default: 30)"
    )
    _add_target(invoke)
    _add_json(invoke)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) and "\0" not in value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, with only letters, digits and _ in the name")
    return name, value


_LONGEST_SECONDS = 900  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html


def _seconds(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) <= _LONGEST_SECONDS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to {_LONGEST_SECONDS}")
    return int(text)


def _add_request(command: argparse.ArgumentParser) -> None:
    """Add the options that decide what is in a layer."""
    command.add_argument(
        "--project-dir", type=Path, default=Path(), metavar="DIR", help="folder of pyproject.toml and poetry.lock"
    )
    _add_target(command)
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
    command.add_argument("--builder", choices=BUILDERS, default=DEFAULT_BUILDER, help=f"default: {DEFAULT_BUILDER}")
    command.add_argument(
        "--on-conflict",
        choices=CONFLICT_RULES,
        default=DEFAULT_CONFLICT_RULE,
        help="if two distributions contain the same file with different contents: warn and take that of the last one "
        f"by name, or end with an error (default: {DEFAULT_CONFLICT_RULE})",
    )
    _add_system_library(command)
    _add_json(command)


def _add_target(command: argparse.ArgumentParser) -> None:
    command.add_argument("--runtime", default=DEFAULT_RUNTIME, help=f"Lambda runtime (default: {DEFAULT_RUNTIME})")
    command.add_argument(
        "--architecture", default=DEFAULT_ARCHITECTURE, help=f"x86_64 or arm64 (default: {DEFAULT_ARCHITECTURE})"
    )


def _add_system_library(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--system-library",
        action="append",
        default=[],
        metavar="NAME",
        help="shared library that the function has from elsewhere, such as libodbc.so.2 in another layer; repeatable",
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON only")


def standard_output_problem(options: argparse.Namespace) -> str | None:
    """Why the zip cannot be written to standard output; None if it can."""
    if options.json:
        return "--output - and --json both need standard output: give --output a file, or leave out --json"
    if sys.stdout.isatty():
        return "--output - writes a zip, but standard output is a terminal: redirect it to a file or a program"
    return None


def request_of(options: argparse.Namespace) -> LayerRequest:
    """What the options of ``plan`` and ``build`` ask for."""
    return LayerRequest(
        project_dir=options.project_dir,
        runtime=options.runtime,
        architecture=options.architecture,
        groups=tuple(options.group or (MAIN_GROUP,)),
        extras=tuple(options.extra),
        exclude=tuple(options.exclude),
        builder=make_builder(options.builder),
        on_conflict=options.on_conflict,
        python_patch=options.python_patch,
        system_libraries=tuple(options.system_library),
    )
