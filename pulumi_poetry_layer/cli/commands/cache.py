"""``cache``: show or clear the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.cli.commands import UsageError
from pulumi_poetry_layer.cli.tables import Column, print_table
from pulumi_poetry_layer.cli.values import one_of
from pulumi_poetry_layer.host.cache import cache_folder, cache_size, clear_cache
from pulumi_poetry_layer.units import mebibytes

if TYPE_CHECKING:
    import argparse

    from pulumi_poetry_layer.cli.console import Console

USAGE = "{dir,size,clear} [OPTIONS]"
EXAMPLES = ("cache size", "cache clear --docker")

ACTIONS = ("dir", "size", "clear")

_DOCKER_COLUMNS = (Column(title="kind"), Column(title="name", wraps=True), Column(title="size", is_number=True))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this command has."""
    parser.add_argument(
        "action",
        type=one_of(ACTIONS, "action"),
        metavar="{dir,size,clear}",
        help="what to do: show its folder, show its size, or clear it",
    )
    parser.add_argument(
        "--docker", action="store_true", help="with size and clear: what the container builder keeps in Docker"
    )


def run(options: argparse.Namespace, console: Console) -> None:
    """Show or clear the cache."""
    if options.docker and options.action == "dir":
        raise UsageError("is for size and clear", where="--docker", hint="Docker alone knows where it keeps its files")
    if options.docker:
        _docker_cache(options.action, console)
    elif options.action == "clear":
        _clear(console)
    elif console.json:
        console.print_json({"folder": str(cache_folder("")), "size": cache_size()})
    else:
        console.print(cache_folder("") if options.action == "dir" else mebibytes(cache_size()))


def _clear(console: Console) -> None:
    cleared = clear_cache()
    if console.json:
        document = {"folder": str(cleared.folder), "files": cleared.files, "size": cleared.size, "kept": cleared.kept}
        console.print_json(document)
        return
    kept = f"; kept {_files(cleared.kept)} that another process uses, or that cannot be removed" if cleared.kept else ""
    console.print(f"removed {_files(cleared.files)}, {mebibytes(cleared.size)}, from {cleared.folder}{kept}")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _docker_cache(action: str, console: Console) -> None:
    from pulumi_poetry_layer.builders.container.docker_cache import clear_docker_cache, docker_cache  # loads Docker

    if action == "clear":
        size = clear_docker_cache()
        if console.json:
            console.print_json({"size": size})
        else:
            console.print(f"removed {mebibytes(size)} from Docker")
        return
    entries = docker_cache()
    if console.json:
        console.print_json({"entries": [{"kind": e.kind, "name": e.name, "size": e.size} for e in entries]})
        return
    if not entries:
        console.print("the container builder keeps nothing in Docker")
        return
    print_table(console, _DOCKER_COLUMNS, [[entry.kind, entry.name, mebibytes(entry.size)] for entry in entries])
