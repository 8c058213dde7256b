"""The program that the engine starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from pulumi_poetry_layer.plugin import server

from .conftest import Plugin
from .engine import RecordingEngine

PROGRAM = [sys.executable, "-m", "pulumi_poetry_layer.plugin.server"]


def test_engine_finds_the_program() -> None:
    """Pulumi looks for a program with this name, and would find none."""
    (program,) = entry_points(group="console_scripts", name="pulumi-resource-poetry-layer")
    assert program.load() is server.main


@pytest.mark.skipif(os.name != "posix", reason="Windows has no signals; there the engine ends the process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_program_prints_its_port_serves_and_ends_without_noise(number: int, tmp_path: Path) -> None:
    """The engine would wait for a port, or every deployment would end with a traceback."""
    with subprocess.Popen(PROGRAM, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        port = int(started.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            plugin = Plugin(channel)
            info = plugin.GetPluginInfo(empty_pb2.Empty())
            described = json.loads(plugin.GetSchema(provider_pb2.GetSchemaRequest()).schema)
        started.send_signal(number)
        _, errors = started.communicate(timeout=60)
    assert info.version == described["version"] == version("pulumi-poetry-layer")
    assert described["name"] == "poetry-layer"
    assert started.returncode == 0
    assert errors == ""


def test_program_serves_without_an_engine(tmp_path: Path) -> None:
    """A tool that only reads the schema, and gives no address that answers, would wait for good."""
    with subprocess.Popen([*PROGRAM, "127.0.0.1:9"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        port = int(started.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert Plugin(channel).GetPluginInfo(empty_pb2.Empty()).version
        started.terminate()


def test_program_ends_when_the_engine_was_killed(engine: RecordingEngine, tmp_path: Path) -> None:
    """Every deployment that is killed would leave a process."""
    command = [*PROGRAM, engine.address, "--logtostderr"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert int(started.stdout.readline())
        engine.stop()
        assert started.wait(timeout=60) == 0
