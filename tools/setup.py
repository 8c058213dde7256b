"""Install the tools that the tests and the demo need, or print where they are.

``setup.py`` installs all missing tools for the tests, and ``setup.py install PART…`` only some parts. ``setup.py env``
prints a shell line that sets PATH and other variables, and ``setup.py env --json`` prints the folders by name. Both
install nothing. This script only needs Python 3.10; ``setup.sh`` finds such a Python.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from dev_setup import (
    actionlint,
    build_images,
    chromium,
    demo_costs,
    docker_daemon,
    engine,
    go,
    go_packages,
    lambda_rie,
    language_hosts,
    node_packages,
    places,
    poetry,
    project_venv,
)
from dev_setup.common import SetupError, cache_folder, locked, remove_leftovers
from dev_setup.signs_of_life import say


def _docker() -> None:
    if docker_daemon.ensure():
        build_images.ensure()


def _languages() -> None:
    language_hosts.ensure()
    node_packages.ensure()
    go_packages.ensure()


def _test_venv() -> None:
    project_venv.ensure("test")


def _demo_venv() -> None:
    project_venv.ensure("demo")


PARTS: dict[str, Callable[[], object]] = {
    "test-venv": _test_venv,
    "demo-venv": _demo_venv,
    "venv": project_venv.ensure,
    "poetry": poetry.ensure,
    "engine": engine.ensure,
    "languages": _languages,
    "lambda-rie": lambda_rie.ensure,
    "docker": _docker,
    "chromium": chromium.ensure,
    "actionlint": actionlint.ensure,
}
"""The parts, in the order in which they are installed."""

_ENVIRONMENTS = frozenset({"test-venv", "demo-venv", "venv"})
"""The parts that `make` installs before others, in a setup of their own: what Go has done so far stays."""

FOR_TESTS = ("venv", "poetry", "engine", "languages", "lambda-rie", "docker", "chromium", "actionlint")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="setup", description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command")
    wanted = commands.add_parser("install", help="install missing tools (the default)")
    wanted.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    env = commands.add_parser("env", help="print where the tools are; installs nothing")
    env.add_argument("--json", action="store_true", help="print JSON; a missing tool is null")
    commands.add_parser("announce-demo", help="say what `make demo` fetches; installs nothing")
    options = parser.parse_args(arguments)
    if options.command == "announce-demo":
        print(demo_costs.announcement())
        return 0
    if options.command == "env":
        print(_environment(as_json=options.json))
        return 0
    parts = getattr(options, "parts", None) or FOR_TESTS
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        parser.error(f"unknown part {unknown[0]!r}; parts: {', '.join(PARTS)}")
    try:
        install(parts)
    except (SetupError, subprocess.CalledProcessError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def install(parts: Sequence[str] = FOR_TESTS) -> None:
    """Install these parts, if they are missing. Only one setup runs at a time."""
    started = time.monotonic()
    with locked(cache_folder() / ".lock"):
        remove_leftovers()
        for part in PARTS:
            if part in parts:
                PARTS[part]()
        if not _ENVIRONMENTS.issuperset(parts):
            go.remove_workspace()
    say(f"ready after {time.monotonic() - started:.1f} s")


def _environment(*, as_json: bool) -> str:
    found = places.find()
    if as_json:
        go_variables = go_packages.settings(found.go_packages) if found.go_packages else {}
        return json.dumps({**found.as_dict(), "go_variables": go_variables}, indent=2)
    path = ":".join(shlex.quote(str(folder)) for folder in found.path())
    settings = "".join(f"; export {name}={value}" for name, value in places.SETTINGS.items())
    return f'export PATH={path}"${{PATH:+:$PATH}}"{settings}'


if __name__ == "__main__":
    sys.exit(main())
