"""``build``: build the layer zip."""

from __future__ import annotations

import argparse
import sys
from shutil import copyfileobj
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.commands import UsageError
from pulumi_poetry_layer.cli.console import Console
from pulumi_poetry_layer.cli.output import output_errors, print_line, shown_build
from pulumi_poetry_layer.cli.request_options import add_request_options, given_arguments
from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.errors import InputError, PoetryLayerError, problems_of, raise_problems
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.layer.build import check_replaceable
from pulumi_poetry_layer.layer.documents import artifact_document, target_document
from pulumi_poetry_layer.layer.several_targets import build_targets, for_targets, outputs_of, plan_targets
from pulumi_poetry_layer.size.limits import limit_error, limit_shares
from pulumi_poetry_layer.units import mebibytes
from pulumi_poetry_layer.wording import argument

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.layer.planning import PlannedLayer
    from pulumi_poetry_layer.layer.request import GivenArguments

USAGE = "--output FILE [OPTIONS]"
EXAMPLES = (
    "build --runtime python3.13 --architecture arm64 -o layer.zip",
    "build -C service --runtime python3.13 --group main --exclude boto3 -o layer.zip --json",
    "build --runtime python3.12 --runtime python3.13 --architecture x86_64 --architecture arm64 "
    "-o 'dist/{runtime}-{architecture}.zip'",
)

STANDARD_OUTPUT = "-"
"""The value of ``--output`` for the standard output. A file with this name can be written as ``./-``."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="the zip to write, with {runtime} and {architecture} in place of those of the layer; links, devices and "
        "the project's own files are not replaced; - is standard output",
    )
    parser.add_argument(
        "--sbom",
        metavar="FILE",
        help="also write the packages as a CycloneDX document (JSON) to this file, with {runtime} and {architecture} "
        "as in --output",
    )
    add_request_options(parser, several_targets=True)


def check(options: argparse.Namespace) -> None:
    """Raise what is wrong with the input, for a command line that is wrong, too."""
    _planned(options, Console.of(options))
    raise_problems(_login_problems(_given_for_targets(options)))


def run(options: argparse.Namespace, console: Console) -> None:
    """Build the layer for each target, and print sizes and digests."""
    layers = _planned(options, console)
    sboms = _sboms_of(options, layers)
    if options.output == STANDARD_OUTPUT:
        _build_to_standard_output(layers, sboms, console)
        return
    with shown_build(console):
        artifacts = build_targets(layers, outputs_of(options.output, layers))
        _write_sboms(artifacts, sboms)
    if console.json:
        documents = [artifact_document(artifact) for artifact in artifacts]
        targets = [target_document(layer.plan.target) for layer in layers]
        listed = [{"target": target, **document} for target, document in zip(targets, documents, strict=True)]
        console.print_json(listed if len(listed) > 1 else documents[0])
    for layer, artifact in zip(layers, artifacts, strict=True):
        if not console.json:
            _print_summary(artifact, str(artifact.path))
        _warn_of_limit(layer, artifact, str(artifact.path), console)


def _planned(options: argparse.Namespace, console: Console) -> list[PlannedLayer]:
    """Plan the layer for each target.

    Raises:
        MultipleInputError: the options are wrong, or the layers cannot be planned; all problems are in it.
    """
    several = _given_for_targets(options)
    problems: list[PoetryLayerError] = list(_output_problems(options.output, len(several), console))
    try:
        layers = plan_targets(several)
    except InputError as error:
        problems += problems_of(error)
    if problems:
        raise_problems([*problems, *_login_problems(several)])
    return layers


def _login_problems(several: Sequence[GivenArguments]) -> list[PoetryLayerError]:
    """The indexes that need a login. All targets have the same."""
    from pulumi_poetry_layer.layer.logins import login_problems  # loads the HTTP library

    return [*login_problems(several[0])]


def _given_for_targets(options: argparse.Namespace) -> list[GivenArguments]:
    """The arguments for the layer of each runtime on each architecture."""
    common = argparse.Namespace(**{**vars(options), "runtime": None, "architecture": None, "python_patch": None})
    return for_targets(given_arguments(common), options.runtime, options.architecture, options.python_patch)


def _sboms_of(options: argparse.Namespace, layers: Sequence[PlannedLayer]) -> list[Path]:
    """The path of the document of each layer; none without ``--sbom``.

    Raises:
        InputError: two documents would have the same path, a document would replace a zip, or a path must not be
            replaced.
    """
    if options.sbom is None:
        return []
    paths = outputs_of(options.sbom, layers, option="sbom")
    zips = [] if options.output == STANDARD_OUTPUT else outputs_of(options.output, layers)
    for layer, path in zip(layers, paths, strict=True):
        if path.resolve() in {zip_file.resolve() for zip_file in zips}:
            raise InputError("is the zip to write", where=argument("sbom"), hint="choose another file")
        check_replaceable(layer, path)
    return paths


def _write_sboms(artifacts: Sequence[LayerArtifact], paths: Sequence[Path]) -> None:
    if paths:
        from pulumi_poetry_layer.layer.sbom import write_sboms  # loads the library for CycloneDX

        write_sboms(artifacts, paths)


def _output_problems(output: str | None, targets: int, console: Console) -> Iterator[UsageError]:
    """Why the zips cannot be written to the output."""
    where = argument("output")
    if output is None:
        yield UsageError(
            "is missing", where=where, hint="name the zip to write, or write --output - for standard output"
        )
    elif output != STANDARD_OUTPUT:
        return
    elif console.json:
        yield UsageError("- and --json both need standard output", where=where, hint="write the zip to a file")
    elif targets > 1:
        yield UsageError("- is for one zip, and there are several targets", where=where, hint="write them to files")
    elif console.is_terminal:
        problem = "- writes a zip, but standard output is a terminal"
        yield UsageError(problem, where=where, hint="redirect it to a file or a program")


def _build_to_standard_output(layers: Sequence[PlannedLayer], sboms: Sequence[Path], console: Console) -> None:
    """Write only the zip to standard output, and the text to standard error."""
    with temporary_folder() as folder:
        with shown_build(console):
            (artifact,) = build_targets(layers, [folder / "layer.zip"])
        _write_sboms([artifact], sboms)
        with artifact.path.open("rb") as file, output_errors():
            copyfileobj(file, sys.stdout.buffer)
        _print_summary(artifact, "standard output", file=sys.stderr)
        _warn_of_limit(layers[0], artifact, "standard output", console)


def _print_summary(artifact: LayerArtifact, place: str, file: TextIO | None = None) -> None:
    sizes = f"{mebibytes(artifact.size)} zipped, {mebibytes(artifact.unzipped_size)} unzipped"
    print_line(f"{place}: {counted(artifact.packages)}, {sizes}", file)
    print_line(f"{limit_shares(artifact.layer_size)}; largest: {artifact.layer_size.largest}", file)
    print_line(f"sha256 {artifact.sha256}, fingerprint {artifact.fingerprint}", file)


def _warn_of_limit(layer: PlannedLayer, artifact: LayerArtifact, place: str, console: Console) -> None:
    """Say that AWS will refuse the layer. It is no error here: nothing is published, and a container has no limit."""
    if limit_error(artifact.layer_size, where=place, direct_upload=True):
        from pulumi_poetry_layer.layer.savings import files_of_zip, with_savings  # most layers are smaller

        size = with_savings(artifact.layer_size, layer.plan, layer.files, files_of_zip(artifact.path))
        console.warn(limit_error(size, where=place, direct_upload=True))
