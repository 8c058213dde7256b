"""A signal ends a build in a container, and the container with it. The daemon is a server on this host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from samples.docker_daemon import Daemon, serve

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no signals that end a process from outside")

PROGRAM = """
from pulumi_poetry_layer.builders.container.container import ContainerLimits, start_container
from pulumi_poetry_layer.builders.container.daemon import connect
from pulumi_poetry_layer.host.cleanup import end_on_signals

def build():
    with connect() as client, start_container(client, "sha256:0", ContainerLimits(timeout=3600)) as container:
        container.run(["sleep", "3600"], environment={})

end_on_signals(build)
"""


@pytest.fixture(params=["/containers/create", "/attach", "/exec", "/start"])
def daemon(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon that is silent at this step of a build."""
    with serve(Daemon(request.param)) as server:
        yield server


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_removes_the_container_at_any_step(daemon: Daemon, number: signal.Signals) -> None:
    """A container that was created and not started would stay for an hour, and a running one until its program ends."""
    variables = {**os.environ, "DOCKER_HOST": daemon.address, "NO_PROXY": "*"}
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen([sys.executable, "-c", PROGRAM], env=variables, stderr=subprocess.PIPE, text=True) as process:
        while not daemon.reached.wait(0.1):
            assert process.poll() is None, process.communicate()[1]
        process.send_signal(number)
        process.communicate()

    assert process.returncode == -number
    assert daemon.removed == daemon.created != ""
