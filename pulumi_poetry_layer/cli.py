"""The command line: the same pipeline without Pulumi.

Exit codes: 0 done; 1 the input or the build failed, with the message on standard error and nothing written; 2 usage.
With ``--json`` standard output is JSON only.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from pulumi_poetry_layer.build_plan import MAIN_GROUP
from pulumi_poetry_layer.builders import DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.command_line import parse_command_line
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.layer_request import LayerRequest
from pulumi_poetry_layer.pipeline import LayerArtifact, build_request, plan_request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import SimpleNamespace
    from typing import Any

    from pulumi_poetry_layer.build_plan import BuildPlan
    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.expected_size import ExpectedSize


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse_command_line(arguments)
    try:
        _COMMANDS[options.command](options)
        sys.stdout.flush()  # here, where a closed pipe is no error
    except PoetryLayerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _request(options: SimpleNamespace) -> LayerRequest:
    return LayerRequest(
        project_dir=options.project_dir,
        runtime=options.runtime,
        architecture=options.architecture,
        groups=tuple(options.group or (MAIN_GROUP,)),
        extras=tuple(options.extra),
        exclude=tuple(options.exclude),
        builder=make_builder(options.builder),
    )


def _plan(options: SimpleNamespace) -> None:
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


def _compare(options: SimpleNamespace) -> None:
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


def _build(options: SimpleNamespace) -> None:
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


def _inspect(options: SimpleNamespace) -> None:
    from pulumi_poetry_layer.inspection import inspect_layer

    layer = inspect_layer(options.layer)
    if options.json:
        _print_json(layer.document())
        return
    for package in layer.packages:
        print(f"{package.name} {package.version}: {package.files} files, {_sizes(package.size, package.unzipped_size)}")
    print(f"{layer.path}: {len(layer.packages)} packages, {_sizes(layer.size, layer.unzipped_size)}")
    print(f"sha256 {layer.sha256}")


def _cache(options: SimpleNamespace) -> None:
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
    from pulumi_poetry_layer.limits import megabytes

    return megabytes(size)


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2))


_COMMANDS = {"plan": _plan, "build": _build, "inspect": _inspect, "cache": _cache}
