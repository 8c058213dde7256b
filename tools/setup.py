"""Set up everything that the tests and the demo need, or say where it is.

``setup.py`` installs what is missing. ``setup.py env`` prints PATH and settings for it all as a shell line, and
``setup.py env --json`` the places by name; neither installs anything. Needs Python 3.10 and nothing else;
``setup.sh`` finds such a Python first.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time

from dev_setup import build_images, docker_daemon, engine, places, poetry, project_venv
from dev_setup.common import SetupError, locked, say


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="setup", description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("install", help="install what is missing (the default)")
    env = commands.add_parser("env", help="print where everything is; installs nothing")
    env.add_argument("--json", action="store_true", help="as JSON, null for what is missing")
    options = parser.parse_args(arguments)
    if options.command == "env":
        print(_environment(as_json=options.json))
        return 0
    try:
        install()
    except (SetupError, subprocess.CalledProcessError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def install() -> None:
    """Install what is missing; one run at a time."""
    started = time.monotonic()
    with locked():
        project_venv.ensure()
        poetry.ensure()
        engine.ensure()
        if docker_daemon.ensure():
            build_images.ensure()
    say(f"ready after {time.monotonic() - started:.1f} s")


def _environment(*, as_json: bool) -> str:
    found = places.find()
    if as_json:
        return json.dumps(found.as_dict(), indent=2)
    path = ":".join(shlex.quote(str(folder)) for folder in found.path())
    settings = "".join(f"; export {name}={value}" for name, value in places.SETTINGS.items())
    return f'export PATH={path}"${{PATH:+:$PATH}}"{settings}'


if __name__ == "__main__":
    sys.exit(main())
