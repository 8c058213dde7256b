"""The command line: the same pipeline without Pulumi.

Exit codes: 0 done; 1 the input or the build failed, with the message on standard error and nothing written; 2 usage.
With ``--json`` standard output is JSON only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pulumi_poetry_layer.build_plan import MAIN_GROUP
from pulumi_poetry_layer.builders import BUILDERS, DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.layer_request import DEFAULT_ARCHITECTURE, LayerRequest
from pulumi_poetry_layer.pipeline import LayerArtifact, build_request, plan_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from pulumi_poetry_layer.build_plan import BuildPlan
    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.expected_size import ExpectedSize

    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

PROGRAM = "pulumi-poetry-layer"
DEFAULT_RUNTIME = "python3.12"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser(arguments[:1]).parse_args(arguments)
    try:
        options.command(options)
    except PoetryLayerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _parser(asked: Sequence[str]) -> argparse.ArgumentParser:
    """The parser: of the command that is asked for alone, since making it takes its time, else of all."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Turn poetry.lock into an AWS Lambda layer zip.", formatter_class=_formatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in [_COMMANDS[name] for name in asked if name in _COMMANDS] or _COMMANDS.values():
        add(commands)
    return parser


def _formatter(prog: str) -> argparse.HelpFormatter:
    """The usual one, asked for with each argument; left to itself it would import shutil to know its width."""
    return argparse.HelpFormatter(prog, width=_columns() - 2)


@lru_cache(maxsize=1)
def _columns() -> int:
    with suppress(ValueError):
        return int(os.environ.get("COLUMNS", ""))
    with suppress(OSError):
        return os.get_terminal_size().columns
    return 80


def _add_plan(commands: Commands) -> None:
    plan = commands.add_parser(
        "plan", help="show what would land in the layer, and its fingerprint", formatter_class=_formatter
    )
    _add_request_options(plan)
    plan.add_argument(
        "--compare", type=Path, metavar="OLD", help="an older poetry.lock or another project folder: show what changes"
    )
    plan.add_argument(
        "--size", action="store_true", help="tell how large the layer will be; may ask the indexes for some seconds"
    )
    plan.set_defaults(command=_plan)


def _add_build(commands: Commands) -> None:
    build = commands.add_parser("build", help="build the layer zip", formatter_class=_formatter)
    _add_request_options(build)
    build.add_argument("--output", type=Path, required=True, metavar="FILE", help="the zip to write")
    build.set_defaults(command=_build)


def _add_inspect(commands: Commands) -> None:
    inspect = commands.add_parser("inspect", help="show what is in a layer zip", formatter_class=_formatter)
    inspect.add_argument("layer", type=Path, metavar="FILE", help="the zip to read")
    inspect.add_argument("--json", action="store_true", help="print JSON only")
    inspect.set_defaults(command=_inspect)


def _add_cache(commands: Commands) -> None:
    cache = commands.add_parser(
        "cache", help="the cache shared by all projects of this user", formatter_class=_formatter
    )
    cache.add_argument("action", choices=("dir", "size", "clear"))
    cache.add_argument("--docker", action="store_true", help="size, clear: what the container builder keeps in Docker")
    cache.set_defaults(command=_cache)


_COMMANDS = {"plan": _add_plan, "build": _add_build, "inspect": _add_inspect, "cache": _add_cache}


def _add_request_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--project-dir", type=Path, default=Path(), metavar="DIR", help="folder of pyproject.toml and poetry.lock")
    add("--runtime", default=DEFAULT_RUNTIME, help=f"Lambda runtime (default: {DEFAULT_RUNTIME})")
    add("--architecture", default=DEFAULT_ARCHITECTURE, help=f"x86_64 or arm64 (default: {DEFAULT_ARCHITECTURE})")
    add("--group", action="append", metavar="GROUP", help=f"dependency group, repeatable (default: {MAIN_GROUP})")
    add("--extra", action="append", default=[], metavar="EXTRA", help="extra of the project, repeatable")
    add("--exclude", action="append", default=[], metavar="DIST", help="leave out DIST and what only it needs")
    add("--builder", choices=BUILDERS, default=DEFAULT_BUILDER, help=f"default: {DEFAULT_BUILDER}")
    add("--json", action="store_true", help="print JSON only")


def _request(options: argparse.Namespace) -> LayerRequest:
    return LayerRequest(
        project_dir=options.project_dir,
        runtime=options.runtime,
        architecture=options.architecture,
        groups=tuple(options.group or (MAIN_GROUP,)),
        extras=tuple(options.extra),
        exclude=tuple(options.exclude),
        builder=make_builder(options.builder),
    )


def _plan(options: argparse.Namespace) -> None:
    if options.compare:
        _compare(options)
        return
    request = _request(options)
    plan, files = plan_request(request)
    size = _expected_size(plan, files, request) if options.size else None
    if options.json:
        _print_json({**plan_document(plan), **({"expected_size": size.document()} if size else {})})
        return
    for package in plan.packages:
        print(f"{package.name} {package.readable_version}  {package.file.name if package.file else ''}".rstrip())
    for excluded in plan.excluded:
        print(f"without {excluded.label}: {excluded.reason}")
    print(f"{len(plan.packages)} packages for {plan.target}, fingerprint {plan.fingerprint}")
    if size:
        print(size)


def _expected_size(plan: BuildPlan, files: ProjectFiles, request: LayerRequest) -> ExpectedSize:
    from pulumi_poetry_layer.expected_size import expect_size
    from pulumi_poetry_layer.wheel_sizes import Patience, size_sources

    return expect_size(plan, *size_sources(request.builder, files, Patience()))


def _compare(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.comparison import compare_request

    comparison = compare_request(_request(options), options.compare)
    if options.json:
        _print_json(comparison.document())
        return
    for line in comparison.lines():
        print(line)


def plan_document(plan: BuildPlan) -> dict[str, Any]:
    """A plan as ``plan --json`` prints it; names and kinds of the keys are a stable contract."""
    from pulumi_poetry_layer.masking import mask_urls

    return {
        "fingerprint": plan.fingerprint,
        "target": {"runtime": plan.target.runtime, "architecture": plan.target.architecture},
        "builder": plan.builder.kind,
        "packages": [
            {
                "name": package.name,
                "version": package.version,
                "file": package.file.name if package.file else None,
                "sha256": package.file.hash.removeprefix("sha256:") if package.file else None,
                "source": {
                    key: value
                    for key, value in (
                        ("type", package.source.type),
                        ("url", mask_urls(package.source.url)),
                        ("reference", package.source.reference),
                        ("resolved_reference", package.source.resolved_reference),
                        ("subdirectory", package.source.subdirectory),
                    )
                    if value is not None
                }
                if package.source
                else {"type": "pypi"},
            }
            for package in plan.packages
        ],
        "excluded": [
            {"name": excluded.name, "version": excluded.version, "reason": excluded.reason}
            for excluded in plan.excluded
        ],
    }


def _build(options: argparse.Namespace) -> None:
    if options.builder != DEFAULT_BUILDER:
        # Imported here: it brings logging with it, and the wheels builder runs nothing that would have much to say.
        from pulumi_poetry_layer.output import show_output

        show_output(lambda line: print(line, file=sys.stderr))
    artifact = build_request(_request(options), options.output)
    if options.json:
        _print_json(artifact_document(artifact))
    else:
        print(f"{artifact.path}: {len(artifact.packages)} packages, {_sizes(artifact.size, artifact.unzipped_size)}")
        print(f"sha256 {artifact.sha256}, fingerprint {artifact.fingerprint}")


def artifact_document(artifact: LayerArtifact) -> dict[str, Any]:
    """A built layer as ``build --json`` prints it; names and kinds of the keys are a stable contract."""
    return {
        "fingerprint": artifact.fingerprint,
        "path": str(artifact.path),
        "sha256": artifact.sha256,
        "size": artifact.size,
        "unzipped_size": artifact.unzipped_size,
        "packages": [vars(package) for package in artifact.packages],
    }


def _inspect(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.inspection import inspect_layer

    layer = inspect_layer(options.layer)
    if options.json:
        _print_json(layer.document())
        return
    for package in layer.packages:
        print(f"{package.name} {package.version}: {package.files} files, {_sizes(package.size, package.unzipped_size)}")
    print(f"{layer.path}: {len(layer.packages)} packages, {_sizes(layer.size, layer.unzipped_size)}")
    print(f"sha256 {layer.sha256}")


def _cache(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.cache import cache_folder, cache_size, clear_cache

    if options.docker:
        _docker_cache(options.action)
    elif options.action == "dir":
        print(cache_folder(""))
    elif options.action == "size":
        print(_megabytes(cache_size()))
    else:
        print(f"removed {_megabytes(clear_cache())}")


def _docker_cache(action: str) -> None:
    from pulumi_poetry_layer.builders.docker_cache import clear_docker_cache, docker_cache

    if action == "clear":
        print(f"removed {_megabytes(clear_docker_cache())} from Docker")
        return
    for entry in docker_cache():
        print(f"{entry.kind} {entry.name} {_megabytes(entry.size)}")


def _sizes(size: int, unzipped_size: int) -> str:
    return f"{_megabytes(size)} zipped, {_megabytes(unzipped_size)} unzipped"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2))
