"""A plugin that serves in this process, and an engine for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc
from samples import PROJECTS

from pulumi_poetry_layer.plugin.server import start
from pulumi_poetry_layer.plugin.servicer import LayerServicer
from pulumi_poetry_layer.wording import in_other_languages

from .engine import RecordingEngine

Plugin = provider_pb2_grpc.ResourceProviderStub


@pytest.fixture
def engine() -> Iterator[RecordingEngine]:
    """The engine that has started the plugin."""
    engine = RecordingEngine()
    yield engine
    engine.stop()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The folder of the Pulumi program, with a project beside it."""
    service = tmp_path / "program" / "service"
    service.mkdir(parents=True)
    for name in ("pyproject.toml", "poetry.lock"):
        (service / name).write_bytes((PROJECTS / "base" / name).read_bytes())
    return service.parent


@pytest.fixture
def plugin(engine: RecordingEngine, program: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    """The plugin."""
    monkeypatch.chdir(program)
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    with in_other_languages():
        server, port = asyncio.run_coroutine_threadsafe(_start(engine, program), loop).result()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Plugin(channel)
        asyncio.run_coroutine_threadsafe(server.stop(grace=None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _start(engine: RecordingEngine, program: Path) -> tuple[grpc.aio.Server, int]:
    return await start(LayerServicer(engine.address, program))
