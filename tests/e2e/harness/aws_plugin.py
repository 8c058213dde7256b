"""Serves the stand-in AWS plugin from this process, because starting it in its own process is slow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stand_in.host import Host
from stand_in.servicer import start


@contextmanager
def served(environment: Mapping[str, str], folder: Path) -> Iterator[Mapping[str, str]]:
    """Serve the plugin for one command. Gives the variable that makes the engine attach to it.

    Each command has its own server, with the environment variables, temporary folder and working directory of the
    command.
    """
    server, port = start(Host(environment=environment, temporary=Path(environment["TMPDIR"]), folder=folder))
    try:
        yield {"PULUMI_DEBUG_PROVIDERS": f"aws:{port}"}
    finally:
        server.stop(grace=None).wait()
