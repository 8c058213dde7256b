"""``plan``: list the packages of the layer, and show its fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.request_options import add_request_options, given_arguments
from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.layer.documents import plan_document
from pulumi_poetry_layer.layer.planning import PlannedLayer, plan_layer

if TYPE_CHECKING:
    import argparse

    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.layer.request import LayerRequest
    from pulumi_poetry_layer.size.expected import ExpectedSize

USAGE = "[OPTIONS]"
EXAMPLES = (
    "plan --runtime python3.13 --architecture arm64",
    "plan -C service --runtime python3.13 --group main --extra pdf --exclude boto3 --size",
    "plan --runtime python3.13 --compare old/poetry.lock",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    add_request_options(parser)
    parser.add_argument(
        "--compare",
        type=Path,
        metavar="OLD",
        help="show what changes since OLD, an older poetry.lock or another project folder",
    )
    parser.add_argument(
        "--size",
        action="store_true",
        help="show how large the layer will be; may look up sizes in the indexes, which takes a few seconds",
    )


def check(options: argparse.Namespace) -> None:
    """Raise what is wrong with the input, for a command line that is wrong, too."""
    plan_layer(given_arguments(options))


def run(options: argparse.Namespace, console: Console) -> None:
    """Plan the layer, and print the plan or what has changed."""
    if options.compare:
        _compare(options, console)
        return
    planned = plan_layer(given_arguments(options))
    plan, size = planned.plan, _expected_size(planned) if options.size else None
    for warning in size.warnings() if size else plan.warnings:
        console.warn(warning)
    if console.json:
        console.print_json({**plan_document(plan), **({"expected_size": size.document()} if size else {})})
        return
    for package in plan.packages:
        console.print(
            f"{package.name} {package.readable_version}  {package.file.name if package.file else ''}".rstrip()
        )
    for excluded in plan.excluded:
        console.print(f"without {excluded.label}: {excluded.reason}")
    console.print(f"{counted(plan.packages)} for {plan.target}, fingerprint {plan.fingerprint}")
    if size:
        console.print(size)
        _warn_of_limit(size, planned.request, console)


def _expected_size(planned: PlannedLayer) -> ExpectedSize:
    # Imported here: without --size, a plan does not need the HTTP library.
    from pulumi_poetry_layer.size.index_sizes import TimeBudget, look_up_size

    return look_up_size(planned.plan, planned.request.builder, planned.files, TimeBudget())


def _warn_of_limit(size: ExpectedSize, request: LayerRequest, console: Console) -> None:
    where, limit = str(request.where), request.max_unzipped_size
    error = size.error(where=where, direct_upload=False, max_unzipped_size=limit)
    if problem := error or size.warning(where=where, direct_upload=False, max_unzipped_size=limit):
        console.warn(problem)


def _compare(options: argparse.Namespace, console: Console) -> None:
    from pulumi_poetry_layer.layer.compare_request import compare_request  # only --compare needs it

    comparison = compare_request(given_arguments(options), options.compare)
    if console.json:
        console.print_json(comparison.document())
        return
    for line in comparison.lines():
        console.print(line)
