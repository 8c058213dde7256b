"""The stand-in AWS plugin, served from this process: starting it costs as much as the rest of a ``pulumi`` command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stand_in.host import Host
from stand_in.servicer import start


@contextmanager
def served(environment: Mapping[str, str], folder: Path) -> Iterator[Mapping[str, str]]:
    """Serve one command, and give the variable that makes its engine attach instead of starting a process.

    The server is the command's own. It knows no variables, temporary folder or program's folder but the command's.
    """
    server, port = start(Host(environment=environment, temporary=Path(environment["TMPDIR"]), folder=folder))
    try:
        yield {"PULUMI_DEBUG_PROVIDERS": f"aws:{port}"}
    finally:
        server.stop(grace=None).wait()
