"""``plan``: list the packages of the layer, and show its fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.commands import UsageError
from pulumi_poetry_layer.cli.request_options import add_request_options, given_arguments
from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.layer.documents import plan_document
from pulumi_poetry_layer.layer.planning import PlannedLayer, plan_layer
from pulumi_poetry_layer.size.limits import limit_shares

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.layer.request import LayerRequest
    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.size.expected import ExpectedSize

USAGE = "[OPTIONS]"
EXAMPLES = (
    "plan --runtime python3.13 --architecture arm64",
    "plan -C service --runtime python3.13 --group main --extra pdf --exclude boto3 --size",
    "plan --runtime python3.13 --tree",
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
        help="show how large the layer and each package will be; may look up sizes in the indexes, which takes a few "
        "seconds",
    )
    parser.add_argument("--tree", action="store_true", help="show which package needs which, with markers and extras")


def check(options: argparse.Namespace) -> None:
    """Raise what is wrong with the input, for a command line that is wrong, too."""
    plan_layer(given_arguments(options))


def run(options: argparse.Namespace, console: Console) -> None:
    """Plan the layer, and print the plan or what has changed."""
    _refuse_unclear(options)
    if options.compare:
        _compare(options, console)
    elif options.tree:
        _print_tree(options, console)
    elif console.json:
        _print_document(options, console)
    else:
        _print_tables(options, console)


def _refuse_unclear(options: argparse.Namespace) -> None:
    given = [f"--{name}" for name in ("compare", "size", "tree") if getattr(options, name)]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} cannot be used together", hint="run the command once for each of them")


def _print_document(options: argparse.Namespace, console: Console) -> None:
    planned = plan_layer(given_arguments(options))
    document = plan_document(planned.plan)
    if options.size:
        size = _expected_size(planned)
        _print_warnings(size, planned.request, console)
        document["expected_size"] = size.document()
    else:
        _warn(planned.plan.warnings, console)
    console.print_json(document)


def _print_tables(options: argparse.Namespace, console: Console) -> None:
    from pulumi_poetry_layer.cli.package_tables import print_plan_table  # JSON needs no table
    from pulumi_poetry_layer.layer.reasons import plan_with_reasons

    planned, reasons = plan_with_reasons(given_arguments(options))
    plan, size = planned.plan, _expected_size(planned) if options.size else None
    if size:
        _print_warnings(size, planned.request, console)
        _print_sizes(plan, size, console)
    else:
        _warn(plan.warnings, console)
        print_plan_table(plan, reasons.requesters, console)
    for excluded in plan.excluded:
        console.print(f"without {excluded.label}: {excluded.reason}")
    _print_end(plan, console)
    if size:
        console.print(size)
        if size.known.size:
            console.print(limit_shares(size.known, planned.request.max_unzipped_size))


def _print_sizes(plan: BuildPlan, size: ExpectedSize, console: Console) -> None:
    from pulumi_poetry_layer.cli.package_tables import PackageRow, print_size_table

    known = size.known.packages
    rows = [PackageRow(package.name, package.version, known.get(package.name)) for package in plan.packages]
    print_size_table(rows, size.known.unzipped_size, console)


def _print_tree(options: argparse.Namespace, console: Console) -> None:
    from pulumi_poetry_layer.cli.requirement_lines import REPEATED, tree_lines  # only --tree needs it
    from pulumi_poetry_layer.layer.reasons import plan_with_reasons, tree_document

    planned, reasons = plan_with_reasons(given_arguments(options))
    _warn(planned.plan.warnings, console)
    if console.json:
        console.print_json(tree_document(reasons))
        return
    versions = {package.name: package.version for package in planned.plan.packages}
    lines = list(tree_lines(reasons.graph, versions, console.width if console.is_terminal else None))
    for line in lines:
        console.print(line)
    if any(line.endswith(REPEATED) for line in lines):
        console.print(f"{REPEATED} its requirements are listed further up")
    _print_end(planned.plan, console)


def _print_end(plan: BuildPlan, console: Console) -> None:
    console.print(f"{counted(plan.packages)} for {plan.target}")
    console.print(f"fingerprint {plan.fingerprint}")


def _warn(warnings: Iterable[str], console: Console) -> None:
    for warning in warnings:
        console.warn(warning)


def _print_warnings(size: ExpectedSize, request: LayerRequest, console: Console) -> None:
    _warn(size.warnings(), console)
    where, limit = str(request.where), request.max_unzipped_size
    error = size.error(where=where, direct_upload=True, max_unzipped_size=limit)
    if problem := error or size.warning(where=where, direct_upload=True, max_unzipped_size=limit):
        console.warn(problem)


def _expected_size(planned: PlannedLayer) -> ExpectedSize:
    # Imported here: without --size, a plan does not need the HTTP library.
    from pulumi_poetry_layer.size.index_sizes import TimeBudget, look_up_size

    return look_up_size(planned.plan, planned.request.builder, planned.files, TimeBudget())


def _compare(options: argparse.Namespace, console: Console) -> None:
    from pulumi_poetry_layer.layer.compare_request import compare_request  # only --compare needs it

    comparison = compare_request(given_arguments(options), options.compare)
    if console.json:
        console.print_json(comparison.document())
        return
    for line in comparison.lines():
        console.print(line)
