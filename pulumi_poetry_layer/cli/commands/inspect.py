"""``inspect``: list the packages in a layer zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.layer.inspection import inspect_layer
from pulumi_poetry_layer.size.limits import megabytes

if TYPE_CHECKING:
    import argparse

    from pulumi_poetry_layer.cli.console import Console

USAGE = "FILE [OPTIONS]"
EXAMPLES = ("inspect layer.zip", "inspect layer.zip --sbom layer.cdx.json")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument("layer", type=Path, metavar="FILE", help="the zip to read")
    parser.add_argument(
        "--sbom", type=Path, metavar="FILE", help="also write the packages as a CycloneDX document (JSON) to this file"
    )


def run(options: argparse.Namespace, console: Console) -> None:
    """Read the zip, and print what is in it."""
    layer = inspect_layer(options.layer)
    if options.sbom:
        from pulumi_poetry_layer.layer.sbom import write_sbom  # loads the library for CycloneDX

        write_sbom(layer, options.sbom)
    if console.json:
        console.print_json(layer.document())
        return
    for package in layer.packages:
        console.print(
            f"{package.name} {package.version}: {package.files} files, {_sizes(package.size, package.unzipped_size)}"
        )
    console.print(f"{layer.path}: {counted(layer.packages)}, {_sizes(layer.size, layer.unzipped_size)}")
    console.print(f"sha256 {layer.sha256}")


def _sizes(size: int, unzipped_size: int) -> str:
    return f"{megabytes(size)} zipped, {megabytes(unzipped_size)} unzipped"
