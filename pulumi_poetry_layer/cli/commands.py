"""The commands: plan, build, inspect, verify and invoke layers without Pulumi."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.options import STANDARD_OUTPUT, make_parser, request_of, standard_output_problem
from pulumi_poetry_layer.cli.output import (
    flush,
    output_errors,
    prepare_streams,
    print_json,
    print_line,
    say,
    shown_build,
)
from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.errors import HostError, InvocationError, PoetryLayerError, VerificationError
from pulumi_poetry_layer.host.cache import cache_folder, cache_size, clear_cache
from pulumi_poetry_layer.host.cleanup import end_on_signals, end_process, temporary_folder
from pulumi_poetry_layer.host.failures import host_errors
from pulumi_poetry_layer.layer.artifact import LayerArtifact
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.documents import artifact_document, plan_document
from pulumi_poetry_layer.layer.output import output_path
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.size.expected import ExpectedSize
from pulumi_poetry_layer.size.limits import limit_error, megabytes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import TextIO

    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.verify.findings import Finding


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: the command line without the program's name; default: ``sys.argv[1:]``.

    Raises:
        SystemExit: after ``--help`` (0) and after wrong usage (2).
    """
    prepare_streams()
    parser = make_parser()
    options = parser.parse_args(arguments)
    if getattr(options, "output", None) == STANDARD_OUTPUT and (problem := standard_output_problem(options)):
        parser.error(problem)
    try:
        return end_on_signals(lambda: _run(options))
    except KeyboardInterrupt:
        end_process(signal.SIGINT)


def _run(options: argparse.Namespace) -> int:
    try:
        with host_errors():
            _COMMANDS[options.command](options)
        return flush()
    except BrokenPipeError:
        flush()
        return 1
    except PoetryLayerError as error:
        say(f"error: {error}")
        return 1


def _plan(options: argparse.Namespace) -> None:
    if options.compare:
        _compare(options)
        return
    request = request_of(options)
    plan, files = plan_request(request)
    size = _expected_size(plan, files, request) if options.size else None
    for warning in size.warnings() if size else plan.warnings:
        say(f"warning: {warning}")
    if options.json:
        print_json({**plan_document(plan), **({"expected_size": size.document()} if size else {})})
        return
    for package in plan.packages:
        print_line(f"{package.name} {package.readable_version}  {package.file.name if package.file else ''}".rstrip())
    for excluded in plan.excluded:
        print_line(f"without {excluded.label}: {excluded.reason}")
    print_line(f"{counted(plan.packages)} for {plan.target}, fingerprint {plan.fingerprint}")
    if size:
        print_line(size)


def _expected_size(plan: BuildPlan, files: ProjectFiles, request: LayerRequest) -> ExpectedSize:
    # Imported here: without --size, a plan does not need the HTTP library.
    from pulumi_poetry_layer.size.index_sizes import TimeBudget, look_up_size

    return look_up_size(plan, request.builder, files, TimeBudget())


def _compare(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.layer.compare_request import compare_request  # only this command needs it

    comparison = compare_request(request_of(options), options.compare)
    if options.json:
        print_json(comparison.document())
        return
    for line in comparison.lines():
        print_line(line)


def _build(options: argparse.Namespace) -> None:
    with shown_build():
        _build_output(options)


def _build_output(options: argparse.Namespace) -> None:
    if options.output == STANDARD_OUTPUT:
        _build_to_standard_output(options)
        return
    artifact = build_request(request_of(options), output_path(options.output))
    if options.json:
        print_json(artifact_document(artifact))
        _warn_of_limit(artifact, str(artifact.path))
    else:
        _print_summary(artifact, str(artifact.path))


def _build_to_standard_output(options: argparse.Namespace) -> None:
    """Write only the zip to standard output, and the text to standard error."""
    with temporary_folder() as folder:
        artifact = build_request(request_of(options), folder / "layer.zip")
        with artifact.path.open("rb") as file, output_errors():
            copyfileobj(file, sys.stdout.buffer)
    _print_summary(artifact, "standard output", file=sys.stderr)


def _print_summary(artifact: LayerArtifact, place: str, file: TextIO | None = None) -> None:
    print_line(f"{place}: {counted(artifact.packages)}, {_sizes(artifact.size, artifact.unzipped_size)}", file)
    print_line(f"sha256 {artifact.sha256}, fingerprint {artifact.fingerprint}", file)
    _warn_of_limit(artifact, place)


def _warn_of_limit(artifact: LayerArtifact, place: str) -> None:
    """Say that AWS will refuse the layer. It is no error here: nothing is published, and a container has no limit."""
    if error := limit_error(artifact.layer_size, where=place, direct_upload=False):
        say(f"warning: {error}")


def _inspect(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.layer.inspection import inspect_layer  # only this command needs it

    layer = inspect_layer(options.layer)
    if options.sbom:
        from pulumi_poetry_layer.layer.sbom import write_sbom

        write_sbom(layer, options.sbom)
    if options.json:
        print_json(layer.document())
        return
    for package in layer.packages:
        print_line(
            f"{package.name} {package.version}: {package.files} files, {_sizes(package.size, package.unzipped_size)}"
        )
    print_line(f"{layer.path}: {counted(layer.packages)}, {_sizes(layer.size, layer.unzipped_size)}")
    print_line(f"sha256 {layer.sha256}")


def _verify(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.layer.verification import verify_layer  # only this command needs it

    target = Target(options.runtime, options.architecture)
    findings = list(verify_layer(options.layer, target, options.system_library))
    imported = _import_modules(options.layer, target, findings) if options.imports else None
    if options.json:
        print_json(
            {
                "target": {"runtime": target.runtime, "architecture": target.architecture},
                "findings": [finding.document() for finding in findings],
                **({"imported": imported} if options.imports else {}),
            }
        )
    else:
        for finding in findings:
            print_line(f"{'error' if finding.is_error else 'warning'}: {finding}")
    if errors := sum(finding.is_error for finding in findings):
        count = "1 error" if errors == 1 else f"{errors} errors"
        raise VerificationError(f"{target} could not load this layer ({count})", where=str(options.layer))
    if options.json:
        return
    if imported is None:
        print_line(f"{options.layer}: {target} can load this layer, as far as that can be seen without running it")
    else:
        print_line(f"{options.layer}: {target} can load this layer; imported {len(imported)} modules there")


def _import_modules(layer: Path, target: Target, findings: list[Finding]) -> list[str] | None:
    """Import the modules of a layer, and add what fails to the findings.

    Returns:
        The modules that were imported; None if this machine cannot do that.
    """
    from pulumi_poetry_layer.emulator.interpreter import find_interpreter
    from pulumi_poetry_layer.layer.invocation import import_modules

    try:
        interpreter = find_interpreter(target)
    except HostError as error:
        say(f"warning: the modules of the layer were not imported: {error}")
        return None
    with shown_build():
        imported, failed = import_modules(layer, target, interpreter)
    findings += failed
    return imported


def _invoke(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.emulator.interpreter import find_interpreter  # only these commands need them
    from pulumi_poetry_layer.layer.invocation import invoke_function

    target = Target(options.runtime, options.architecture)
    with shown_build():
        answer = invoke_function(
            options.layer,
            target,
            find_interpreter(target),
            task=options.task,
            handler=options.handler,
            event=options.event,
            timeout=options.timeout,
            show_line=say,
            variables=dict(options.env),
        )
    error = answer.error
    if options.json:
        print_json({"answer": answer.value, "error": error and asdict(error)})
    elif not error:
        print_line(json.dumps(answer.value))
    if error:
        raise InvocationError(str(error), where=options.handler)


def _cache(options: argparse.Namespace) -> None:
    if options.docker:
        _docker_cache(options.action)
    elif options.action == "dir":
        print_line(cache_folder(""))
    elif options.action == "size":
        print_line(megabytes(cache_size()))
    else:
        cleared = clear_cache()
        kept = f"; kept {cleared.kept} files that are in use or cannot be removed" if cleared.kept else ""
        print_line(f"removed {cleared.files} files, {megabytes(cleared.size)}, from {cleared.folder}{kept}")


def _docker_cache(action: str) -> None:
    from pulumi_poetry_layer.builders.container.docker_cache import clear_docker_cache, docker_cache

    if action == "clear":
        print_line(f"removed {megabytes(clear_docker_cache())} from Docker")
        return
    for entry in docker_cache():
        print_line(f"{entry.kind} {entry.name} {megabytes(entry.size)}")


def _sizes(size: int, unzipped_size: int) -> str:
    return f"{megabytes(size)} zipped, {megabytes(unzipped_size)} unzipped"


_COMMANDS = {"plan": _plan, "build": _build, "inspect": _inspect, "verify": _verify, "invoke": _invoke, "cache": _cache}
