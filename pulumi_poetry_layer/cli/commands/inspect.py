"""``inspect``: list what is in a layer zip, or what changed from one to another."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import DistributionSize
from pulumi_poetry_layer.cli.commands import UsageError
from pulumi_poetry_layer.cli.package_tables import PackageRow, print_size_table
from pulumi_poetry_layer.cli.tables import Column, print_table
from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.inspection.doubts import describe_doubts
from pulumi_poetry_layer.inspection.fits import describe_fits
from pulumi_poetry_layer.layer.inspection import compare_inspected, inspect_layer
from pulumi_poetry_layer.size.limits import LayerSize, limit_shares
from pulumi_poetry_layer.units import mebibytes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.inspection.comparison import PackageChange
    from pulumi_poetry_layer.layer.inspection import ComparedLayers, InspectedLayer

USAGE = "FILE [OTHER] [OPTIONS]"
EXAMPLES = (
    "inspect layer.zip",
    "inspect old.zip new.zip",
    "inspect layer.zip --html layer.html",
    "inspect layer.zip --sbom layer.cdx.json",
)
_CHANGE_COLUMNS = (
    Column(title="±"),
    Column(title="name", style="bold", wraps=True),
    Column(title="version", wraps=True),
    Column(title="zipped", is_number=True),
    Column(title="unzipped", is_number=True),
    Column(title="files"),
)
_MOST_MODULES = 20
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument("layer", type=Path, metavar="FILE", help="the zip to read, also one that another tool has made")
    parser.add_argument(
        "other", type=Path, metavar="OTHER", nargs="?", help="a second zip: say what changed from the first to this one"
    )
    parser.add_argument(
        "--sbom", type=Path, metavar="FILE", help="also write the packages as a CycloneDX document (JSON) to this file"
    )
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="also write a page that shows the files in a browser to this file"
    )


def run(options: argparse.Namespace, console: Console) -> None:
    """Read the zip, or the two, and print what is in it, or what changed."""
    if options.other and options.sbom:
        raise UsageError("describes one layer, and there are two", where="--sbom", hint="give one zip")
    _refuse_inputs_as_outputs(options)
    layer = inspect_layer(options.layer)
    if options.sbom:
        from pulumi_poetry_layer.layer.sbom import write_sbom  # loads the library for CycloneDX

        write_sbom(layer, options.sbom)
    compared = compare_inspected(layer, inspect_layer(options.other)) if options.other else None
    if options.html:
        from pulumi_poetry_layer.layer.layer_page import write_page  # only this option needs it

        write_page(options.html, compared.new if compared else layer, compared.old if compared else None)
        console.note(f"open {options.html} in a browser")
    if console.json:
        console.print_json((compared or layer).document())
    elif compared:
        _print_changes(compared, console)
    else:
        _print_layer(layer, console)


def _refuse_inputs_as_outputs(options: argparse.Namespace) -> None:
    """Refuse to replace a zip that is to be read."""
    for output in filter(None, (options.sbom, options.html)):
        for zip_file in filter(None, (options.layer, options.other)):
            with suppress(OSError, ValueError):  # a file that is not there is found when it is read or written
                if output.samefile(zip_file):
                    raise InputError("is the zip to read", where=str(output), hint="choose another output file")


def _print_layer(layer: InspectedLayer, console: Console) -> None:
    rows = [_row(package.name, package.version, package) for package in layer.packages]
    rows += _other_rows(layer)
    columns = (Column(title="files", is_number=True), Column(title="zipped", is_number=True))
    print_size_table(rows, layer.unzipped_size, console, others=columns)
    for line in describe_doubts(layer.doubts):
        console.print(line)
    console.print(f"for {describe_fits(layer.fits)}")
    if layer.contents.bytecode:
        console.print(f"modules compiled by CPython {', '.join(layer.contents.bytecode)}")
    console.print(f"{layer.path}: {counted(layer.packages)}, {_sizes(layer.size, layer.unzipped_size)}")
    console.print(limit_shares(LayerSize(size=layer.size, unzipped_size=layer.unzipped_size, packages={})))
    console.print(f"sha256 {layer.sha256}")


def _other_rows(layer: InspectedLayer) -> Iterator[PackageRow]:
    """The modules that no distribution lists: the largest ones, and the others together."""
    modules = list(layer.other_modules.items())
    for name, size in modules[:_MOST_MODULES]:
        yield _row(name, "(no metadata)", size)
    if rest := [size for _, size in modules[_MOST_MODULES:]]:
        yield _row(f"{len(rest)} more", "(no metadata)", _together(rest))


def _row(name: str, version: str, size: DistributionSize) -> PackageRow:
    return PackageRow(name, version, size.unzipped_size, (str(size.files), mebibytes(size.size)))


def _together(sizes: Sequence[DistributionSize]) -> DistributionSize:
    return DistributionSize(
        files=sum(size.files for size in sizes),
        size=sum(size.size for size in sizes),
        unzipped_size=sum(size.unzipped_size for size in sizes),
    )


def _print_changes(compared: ComparedLayers, console: Console) -> None:
    if compared.changes:
        print_table(console, _CHANGE_COLUMNS, [_change_row(change) for change in compared.changes])
    old, new = compared.old, compared.new
    before, after = describe_fits(old.fits), describe_fits(new.fits)
    if before != after:
        console.print(f"for {after}, before for {before}")
    console.print(
        f"{counted(compared.changes)} changed: {_grown(new.size - old.size)} zipped, "
        f"{_grown(new.unzipped_size - old.unzipped_size)} unzipped; "
        f"now {_sizes(new.size, new.unzipped_size)}"
    )


def _change_row(change: PackageChange) -> list[str]:
    versions = dict.fromkeys(filter(None, (change.old_version, change.new_version)))
    files = change.files
    counts = ((_SIGNS["added"], files.added), (_SIGNS["removed"], files.removed), (_SIGNS["changed"], files.changed))
    return [
        _SIGNS[change.change],
        change.name,
        " → ".join(versions),
        _grown(change.size_change),
        _grown(change.unzipped_size_change),
        " ".join(f"{sign}{count}" for sign, count in counts if count),
    ]


def _grown(size: int) -> str:
    text = mebibytes(abs(size))
    return text if text.startswith(("0 ", "<")) else f"{'-' if size < 0 else '+'}{text}"


def _sizes(size: int, unzipped_size: int) -> str:
    return f"{mebibytes(size)} zipped, {mebibytes(unzipped_size)} unzipped"
