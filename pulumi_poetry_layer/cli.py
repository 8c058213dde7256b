"""The command line: plan, build and inspect layers without Pulumi.

Exit codes: 0 for success; 1 if the input is wrong or the build failed, with the message on standard error and nothing
written; 2 for wrong usage. With ``--json``, standard output is only JSON. Ctrl-C ends the process with the signal; a
shell reports that as 130.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.registry import BUILDERS, DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.errors import HostError, PoetryLayerError
from pulumi_poetry_layer.host.build_log import show_output
from pulumi_poetry_layer.host.cache import cache_folder, cache_size, clear_cache
from pulumi_poetry_layer.host.cleanup import end_on_signals, end_process, temporary_folder
from pulumi_poetry_layer.host.failures import host_errors
from pulumi_poetry_layer.host.output import accept_all_characters
from pulumi_poetry_layer.host.progress import reporting
from pulumi_poetry_layer.layer.artifact import LayerArtifact
from pulumi_poetry_layer.layer.build import build_request, plan_request
from pulumi_poetry_layer.layer.documents import artifact_document, plan_document
from pulumi_poetry_layer.layer.request import CONFLICT_RULES, DEFAULT_ARCHITECTURE, DEFAULT_CONFLICT_RULE, LayerRequest
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.printable import printable, printable_line
from pulumi_poetry_layer.size.expected import ExpectedSize
from pulumi_poetry_layer.size.limits import megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, TextIO

    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.plan.build_plan import BuildPlan

PROGRAM = "pulumi-poetry-layer"
DEFAULT_RUNTIME = "python3.12"

_LIVE_SECONDS = 0.5
_CLEAR_LINE = "\r\x1b[K"  # https://www.ecma-international.org/publications-and-standards/standards/ecma-48/

STANDARD_OUTPUT = "-"
"""The value of ``--output`` for the standard output. A file with this name can be written as ``./-``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: the command line without the program's name; default: ``sys.argv[1:]``.

    Raises:
        SystemExit: after ``--help`` (0) and after wrong usage (2).
    """
    _prepare_streams()
    parser = _parser()
    options = parser.parse_args(arguments)
    if getattr(options, "output", None) == STANDARD_OUTPUT and (problem := _standard_output_problem(options)):
        parser.error(problem)
    try:
        return end_on_signals(lambda: _run(options))
    except KeyboardInterrupt:
        end_process(signal.SIGINT)


def _prepare_streams() -> None:
    """Make streams that the caller has closed, or that cannot encode all characters, usable."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    accept_all_characters(sys.stdout)
    accept_all_characters(sys.stderr)


def _run(options: argparse.Namespace) -> int:
    try:
        with host_errors():
            _COMMANDS[options.command](options)
        return _flush()
    except BrokenPipeError:
        _flush()
        return 1
    except PoetryLayerError as error:
        _say(f"error: {error}")
        return 1


def _flush() -> int:
    """Write what is buffered for standard output, and return the exit code: 1 if that is impossible."""
    try:
        with _output_errors():
            sys.stdout.flush()
    except BrokenPipeError:
        pass
    except HostError as error:
        _say(f"error: {error}")
    else:
        return 0
    with suppress(OSError, ValueError):  # the interpreter tries it again at its end, and would report it in its own way
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _say(text: str, *, before: str = "", end: str = "\n") -> None:
    """Print a line to standard error, which may be closed or full."""
    with suppress(OSError):
        print(f"{before}{printable(text)}", file=sys.stderr, end=end, flush=True)


def _parser() -> argparse.ArgumentParser:
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
    _add_json(inspect)

    cache = commands.add_parser("cache", help="show or clear the cache, which all projects of a user share")
    cache.add_argument("action", choices=("dir", "size", "clear"))
    cache.add_argument(
        "--docker", action="store_true", help="with size and clear: what the container builder keeps in Docker"
    )
    return parser


def _add_request(command: argparse.ArgumentParser) -> None:
    """Add the options that decide what is in a layer."""
    command.add_argument(
        "--project-dir", type=Path, default=Path(), metavar="DIR", help="folder of pyproject.toml and poetry.lock"
    )
    command.add_argument("--runtime", default=DEFAULT_RUNTIME, help=f"Lambda runtime (default: {DEFAULT_RUNTIME})")
    command.add_argument(
        "--architecture", default=DEFAULT_ARCHITECTURE, help=f"x86_64 or arm64 (default: {DEFAULT_ARCHITECTURE})"
    )
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
    _add_json(command)


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON only")


def _standard_output_problem(options: argparse.Namespace) -> str | None:
    """Why the zip cannot be written to standard output; None if it can."""
    if options.json:
        return "--output - and --json both need standard output: give --output a file, or leave out --json"
    if sys.stdout.isatty():
        return "--output - writes a zip, but standard output is a terminal: redirect it to a file or a program"
    return None


def _request(options: argparse.Namespace) -> LayerRequest:
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
    )


def _plan(options: argparse.Namespace) -> None:
    if options.compare:
        _compare(options)
        return
    request = _request(options)
    plan, files = plan_request(request)
    size = _expected_size(plan, files, request) if options.size else None
    for warning in size.warnings() if size else plan.warnings:
        _say(f"warning: {warning}")
    if options.json:
        _print_json({**plan_document(plan), **({"expected_size": size.document()} if size else {})})
        return
    for package in plan.packages:
        _print(f"{package.name} {package.readable_version}  {package.file.name if package.file else ''}".rstrip())
    for excluded in plan.excluded:
        _print(f"without {excluded.label}: {excluded.reason}")
    _print(f"{counted(plan.packages)} for {plan.target}, fingerprint {plan.fingerprint}")
    if size:
        _print(size)


def _expected_size(plan: BuildPlan, files: ProjectFiles, request: LayerRequest) -> ExpectedSize:
    # Imported here: without --size, a plan does not need the HTTP library.
    from pulumi_poetry_layer.size.index_sizes import TimeBudget, look_up_size

    return look_up_size(plan, request.builder, files, TimeBudget())


def _compare(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.layer.compare_request import compare_request  # only this command needs it

    comparison = compare_request(_request(options), options.compare)
    if options.json:
        _print_json(comparison.document())
        return
    for line in comparison.lines():
        _print(line)


def _build(options: argparse.Namespace) -> None:
    with _shown_build():
        _build_output(options)


@contextmanager
def _shown_build() -> Iterator[None]:
    """Show on standard error what the build in the block does: on a terminal in a line that changes."""
    if not sys.stderr.isatty():
        show_output(_say)
        with reporting(_say):
            yield
        return
    show_output(lambda line: _say(line, before=_CLEAR_LINE))
    try:
        with reporting(lambda line: _say(line, before=_CLEAR_LINE, end=""), first=_LIVE_SECONDS, every=_LIVE_SECONDS):
            yield
    finally:
        _say("", before=_CLEAR_LINE, end="")


def _build_output(options: argparse.Namespace) -> None:
    if options.output == STANDARD_OUTPUT:
        _build_to_standard_output(options)
        return
    artifact = build_request(_request(options), Path(options.output))
    if options.json:
        _print_json(artifact_document(artifact))
    else:
        _print_summary(artifact, str(artifact.path))


def _build_to_standard_output(options: argparse.Namespace) -> None:
    """Write only the zip to standard output, and the text to standard error."""
    with temporary_folder() as folder:
        artifact = build_request(_request(options), folder / "layer.zip")
        with artifact.path.open("rb") as file, _output_errors():
            copyfileobj(file, sys.stdout.buffer)
    _print_summary(artifact, "standard output", file=sys.stderr)


def _print_summary(artifact: LayerArtifact, place: str, file: TextIO | None = None) -> None:
    _print(f"{place}: {counted(artifact.packages)}, {_sizes(artifact.size, artifact.unzipped_size)}", file)
    _print(f"sha256 {artifact.sha256}, fingerprint {artifact.fingerprint}", file)


def _inspect(options: argparse.Namespace) -> None:
    from pulumi_poetry_layer.layer.inspection import inspect_layer  # only this command needs it

    layer = inspect_layer(options.layer)
    if options.json:
        _print_json(layer.document())
        return
    for package in layer.packages:
        _print(
            f"{package.name} {package.version}: {package.files} files, {_sizes(package.size, package.unzipped_size)}"
        )
    _print(f"{layer.path}: {counted(layer.packages)}, {_sizes(layer.size, layer.unzipped_size)}")
    _print(f"sha256 {layer.sha256}")


def _cache(options: argparse.Namespace) -> None:
    if options.docker:
        _docker_cache(options.action)
    elif options.action == "dir":
        _print(cache_folder(""))
    elif options.action == "size":
        _print(megabytes(cache_size()))
    else:
        cleared = clear_cache()
        kept = f"; kept {cleared.kept} files that are in use or cannot be removed" if cleared.kept else ""
        _print(f"removed {cleared.files} files, {megabytes(cleared.size)}, from {cleared.folder}{kept}")


def _docker_cache(action: str) -> None:
    from pulumi_poetry_layer.builders.container.docker_cache import clear_docker_cache, docker_cache

    if action == "clear":
        _print(f"removed {megabytes(clear_docker_cache())} from Docker")
        return
    for entry in docker_cache():
        _print(f"{entry.kind} {entry.name} {megabytes(entry.size)}")


def _sizes(size: int, unzipped_size: int) -> str:
    return f"{megabytes(size)} zipped, {megabytes(unzipped_size)} unzipped"


def _print_json(document: dict[str, Any]) -> None:
    with _output_errors():
        print(json.dumps(document, indent=2))  # ASCII only: json escapes all control characters


def _print(line: object, file: TextIO | None = None) -> None:
    """Print one line, with control characters escaped."""
    with _output_errors():
        print(printable_line(str(line)), file=file)


@contextmanager
def _output_errors() -> Iterator[None]:
    """Report a full disk or the like as an error of standard output.

    Raises:
        HostError: standard output cannot be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise HostError(f"cannot be written: {error.strerror}", where="standard output") from error


_COMMANDS = {"plan": _plan, "build": _build, "inspect": _inspect, "cache": _cache}
