"""``verify``: check whether a Lambda could load a layer zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.output import shown_build
from pulumi_poetry_layer.cli.request_options import add_system_library_option, add_target_options, given_target
from pulumi_poetry_layer.errors import HostError, VerificationError
from pulumi_poetry_layer.layer.verification import verify_layer
from pulumi_poetry_layer.layer.zip_target import zip_target

if TYPE_CHECKING:
    import argparse

    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.verify.findings import Finding

USAGE = "FILE [OPTIONS]"
EXAMPLES = (
    "verify layer.zip --runtime python3.13 --architecture arm64",
    "verify layer.zip --runtime python3.13 --import",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument("layer", type=Path, metavar="FILE", help="the zip to check")
    parser.add_argument(
        "--import",
        dest="imports",
        action="store_true",
        help="also import its modules on AWS's emulator of Lambda, if this machine can run programs of the target",
    )
    add_target_options(parser)
    add_system_library_option(parser)


def check(options: argparse.Namespace) -> None:
    """Raise what is wrong with the input, for a command line that is wrong, too."""
    zip_target(options.layer, given_target(options))


def run(options: argparse.Namespace, console: Console) -> None:
    """Check the zip, and print what is wrong with it.

    Raises:
        VerificationError: the Lambda could not load it.
    """
    target, system_libraries = zip_target(options.layer, given_target(options))
    findings = list(verify_layer(options.layer, target, system_libraries))
    imported = _import_modules(options.layer, target, findings, console) if options.imports else None
    if console.json:
        console.print_json(
            {
                "target": {"runtime": target.runtime, "architecture": target.architecture},
                "findings": [finding.document() for finding in findings],
                **({"imported": imported} if options.imports else {}),
            }
        )
    else:
        for finding in findings:
            console.print(f"{'error' if finding.is_error else 'warning'}: {finding}")
    if errors := sum(finding.is_error for finding in findings):
        count = "1 error" if errors == 1 else f"{errors} errors"
        raise VerificationError(f"{target} could not load this layer ({count})", where=str(options.layer))
    if not console.json:
        console.print(f"{options.layer}: {target} can load this layer{_how_far(imported)}")


def _how_far(imported: list[str] | None) -> str:
    if imported is None:
        return ", as far as that can be seen without running it"
    return f"; imported {len(imported)} modules there"


def _import_modules(layer: Path, target: Target, findings: list[Finding], console: Console) -> list[str] | None:
    """Import the modules of a layer, and add what fails to the findings.

    Returns:
        The modules that were imported; None if this machine cannot do that.
    """
    from pulumi_poetry_layer.emulator.interpreter import find_interpreter  # only --import needs them
    from pulumi_poetry_layer.layer.invocation import import_modules

    try:
        interpreter = find_interpreter(target)
    except HostError as error:
        console.warn(f"the modules of the layer were not imported: {error}")
        return None
    with shown_build(console):
        imported, failed = import_modules(layer, target, interpreter)
    findings += failed
    return imported
