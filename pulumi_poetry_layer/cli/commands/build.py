"""``build``: build the layer zip."""

from __future__ import annotations

import sys
from shutil import copyfileobj
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.commands import UsageError
from pulumi_poetry_layer.cli.output import output_errors, print_line, shown_build
from pulumi_poetry_layer.cli.request_options import add_request_options, request_of
from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.layer.build import build_request
from pulumi_poetry_layer.layer.documents import artifact_document
from pulumi_poetry_layer.layer.output import output_path
from pulumi_poetry_layer.size.limits import limit_error
from pulumi_poetry_layer.units import mebibytes

if TYPE_CHECKING:
    import argparse
    from typing import TextIO

    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.layer.artifact import LayerArtifact

USAGE = "--output FILE [OPTIONS]"
EXAMPLES = (
    "build --runtime python3.13 --architecture arm64 -o layer.zip",
    "build -C service --runtime python3.13 --group main --exclude boto3 -o layer.zip --json",
)

STANDARD_OUTPUT = "-"
"""The value of ``--output`` for the standard output. A file with this name can be written as ``./-``."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="the zip to write; links, devices and the project's own files are not replaced; - is standard output",
    )
    add_request_options(parser)


def run(options: argparse.Namespace, console: Console) -> None:
    """Build the layer, and print its size and digests."""
    to_standard_output = options.output == STANDARD_OUTPUT
    if to_standard_output:
        _check_standard_output(console)
    with shown_build(console):
        if to_standard_output:
            _build_to_standard_output(options, console)
            return
        artifact = build_request(request_of(options), output_path(options.output))
        if console.json:
            console.print_json(artifact_document(artifact))
        else:
            _print_summary(artifact, str(artifact.path))
        _warn_of_limit(artifact, str(artifact.path), console)


def _check_standard_output(console: Console) -> None:
    """Check that standard output can take a zip.

    Raises:
        UsageError: it cannot.
    """
    if console.json:
        raise UsageError("--output - and --json both need standard output", hint="give --output a file")
    if console.is_terminal:
        raise UsageError(
            "--output - writes a zip, but standard output is a terminal", hint="redirect it to a file or a program"
        )


def _build_to_standard_output(options: argparse.Namespace, console: Console) -> None:
    """Write only the zip to standard output, and the text to standard error."""
    with temporary_folder() as folder:
        artifact = build_request(request_of(options), folder / "layer.zip")
        with artifact.path.open("rb") as file, output_errors():
            copyfileobj(file, sys.stdout.buffer)
    _print_summary(artifact, "standard output", file=sys.stderr)
    _warn_of_limit(artifact, "standard output", console)


def _print_summary(artifact: LayerArtifact, place: str, file: TextIO | None = None) -> None:
    sizes = f"{mebibytes(artifact.size)} zipped, {mebibytes(artifact.unzipped_size)} unzipped"
    print_line(f"{place}: {counted(artifact.packages)}, {sizes}", file)
    print_line(f"sha256 {artifact.sha256}, fingerprint {artifact.fingerprint}", file)


def _warn_of_limit(artifact: LayerArtifact, place: str, console: Console) -> None:
    """Say that AWS will refuse the layer. It is no error here: nothing is published, and a container has no limit."""
    if error := limit_error(artifact.layer_size, where=place, direct_upload=False):
        console.warn(error)
