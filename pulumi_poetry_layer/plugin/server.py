"""The program ``pulumi-resource-poetry-layer``: starts the server, and prints its port for the engine."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_poetry_layer.plugin.messages import DIRECTLY
from pulumi_poetry_layer.plugin.servicer import LayerServicer
from pulumi_poetry_layer.wording import in_other_languages

_LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes; that of Pulumi's SDKs, which keep the constant in private modules."""

_RESOURCES_AT_ONCE = 64
"""The most resources that the SDK waits for at once. By default it is 6 on a machine with two processors."""

_CONNECT_SECONDS = 1.0
"""The longest wait for the engine, which listens before it starts a plugin."""


def main() -> None:
    """Serve until the engine stops this process."""
    parser = ArgumentParser(
        description="Pulumi's plugin for PoetryLayer in TypeScript, YAML, Go and other languages. Pulumi starts it."
    )
    parser.add_argument("engine", nargs="?", default="", help="address of the Pulumi engine")
    arguments, _ = parser.parse_known_args()  # the engine has options for logs, too
    with in_other_languages():
        asyncio.run(_serve(arguments.engine))


async def start(servicer: LayerServicer) -> tuple[grpc.aio.Server, int]:
    """Start a server on a free port of this machine, and return the port, too."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def _serve(engine_address: str) -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_RESOURCES_AT_ONCE))
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows the engine ends the process
            loop.add_signal_handler(number, stopped.set)
    server, port = await start(LayerServicer(engine_address, Path.cwd()))
    async with grpc.aio.insecure_channel(engine_address or "127.0.0.1:0", options=DIRECTLY) as engine:
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(stopped.wait())]
        if engine_address and await _answers(engine):
            ends.append(asyncio.ensure_future(_end_of(engine)))
        print(port, flush=True)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    await server.stop(grace=None)


async def _answers(engine: grpc.aio.Channel) -> bool:
    """Whether there is an engine."""
    try:
        await asyncio.wait_for(engine.channel_ready(), _CONNECT_SECONDS)
    except asyncio.TimeoutError:
        return False
    return True


async def _end_of(engine: grpc.aio.Channel) -> None:
    """Wait until the engine does not answer any more: an engine that is killed stops no plugin."""
    while (state := engine.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.TRANSIENT_FAILURE:
        await engine.wait_for_state_change(state)


if __name__ == "__main__":
    main()
