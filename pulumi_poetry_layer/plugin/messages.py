"""Shows lines to the user, under the resource that they belong to.

The engine hides the standard output of a plugin. It shows what it is asked to log.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_poetry_layer.host.output import saying
from pulumi_poetry_layer.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTLY = (("grpc.enable_http_proxy", 0),)
"""Options of a connection to the engine: it is on this machine, where no proxy of the environment is needed."""

_WARNING = "warning: "
"""The start of a line that is a warning; the engine writes the word itself."""


class Messages:
    """The engine's log.

    Args:
        engine_address: where the engine listens; empty if the plugin was started without an engine.
    """

    def __init__(self, engine_address: str) -> None:
        self._engine: engine_pb2_grpc.EngineStub | None = None
        if engine_address:
            self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine_address, options=DIRECTLY))

    def show(self, line: str, urn: str) -> None:
        """Show a line under the resource with this URN. Raises nothing: a line that cannot be shown is lost."""
        is_warning = line.startswith(_WARNING)
        severity = engine_pb2.WARNING if is_warning else engine_pb2.INFO
        message = printable(line.removeprefix(_WARNING) if is_warning else line)
        with suppress(grpc.RpcError):
            if self._engine is not None:
                self._engine.Log(engine_pb2.LogRequest(severity=severity, message=message, urn=urn))

    @contextmanager
    def speaking_for(self, urn: str) -> Iterator[None]:
        """Let the block say its lines under the resource with this URN."""
        with saying(partial(self.show, urn=urn)):
            yield
