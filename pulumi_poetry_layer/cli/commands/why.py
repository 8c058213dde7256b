"""``why``: say why a distribution is in the layer, and what the layer would lose without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.request_options import add_request_options, given_arguments
from pulumi_poetry_layer.cli.requirement_lines import path_lines, path_tree_lines
from pulumi_poetry_layer.compare.changes import counted
from pulumi_poetry_layer.layer.planning import plan_layer
from pulumi_poetry_layer.layer.reasons import MOST_PATHS, plan_with_reasons, why

if TYPE_CHECKING:
    import argparse

    from pulumi_poetry_layer.cli.console import Console
    from pulumi_poetry_layer.layer.planning import plan_layer
from pulumi_poetry_layer.layer.reasons import Why

USAGE = "NAME [OPTIONS]"
EXAMPLES = (
    "why numpy --runtime python3.13 --architecture arm64",
    "why six -C service --runtime python3.13 --group main --extra pdf",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument("name", metavar="NAME", help="a distribution in poetry.lock")
    add_request_options(parser)


def check(options: argparse.Namespace) -> None:
    """Raise what is wrong with the input, for a command line that is wrong, too."""
    plan_layer(given_arguments(options))


def run(options: argparse.Namespace, console: Console) -> None:
    """Plan the layer, and print the paths by which the distribution comes in."""
    _, planned = plan_with_reasons(given_arguments(options))
    found = why(planned, options.name)
    if console.json:
        console.print_json(found.document())
        return
    if found.absence is not None:
        console.print(f"{found.name} is not in the layer for {planned.plan.target}: {found.absence}")
        return
    count = len(found.paths.found)
    on = f"by {count} path{'s' if count != 1 else ''}" if count else "because poetry.lock lists it for these groups"
    console.print(f"{found.name} {found.version} is in the layer for {planned.plan.target} {on}:")
    _print_paths(found, console)
    console.print(_loss(found))


def _print_paths(found: Why, console: Console) -> None:
    lines = (
        path_tree_lines(found.paths.found, found.versions, console.width)
        if console.is_terminal
        else path_lines(found.paths.found, found.versions)
    )
    for line in lines:
        console.print(line)
    if not found.paths.are_complete:
        console.note(f"there may be more than these {min(len(found.paths.found), MOST_PATHS)} paths")


def _loss(found: Why) -> str:
    others = found.only_needed_by_it
    if not others:
        return f"without {found.name}, the layer would lose no other package"
    listed = ", ".join(f"{name} {found.versions[name]}" for name in others)
    return f"without {found.name}, the layer would also lose {counted(others)}: {listed}"
