"""The real Docker daemon, its stand-ins for the Lambda build images, and a daemon of a test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from docker.errors import APIError, DockerException, ImageNotFound

from pulumi_poetry_layer.builders.container.daemon import LABEL

IMAGE = "public.ecr.aws/sam/build-{}:latest-{}"
NETWORK = "host"
"""The setup starts a daemon without a bridge, which leaves containers on its default network without a network."""

_PATIENCE_SECONDS = 60


def connect_to_docker() -> docker.DockerClient:
    """A client of the daemon; where there is none the test fails in CI, and skips elsewhere with the remedy."""
    try:
        client = docker.from_env()
        for image in (("python3.11", "x86_64"), ("python3.13", "x86_64"), ("python3.11", "arm64")):
            client.images.get(IMAGE.format(*image))
    except (DockerException, ImageNotFound) as error:
        _give_up(f"no Docker daemon with the build images ({error}); `make setup` does it as root on Debian")
    return client


def running_builds(client: docker.DockerClient) -> set[str]:
    """Ids of the containers in which layers are being built."""
    return {found["Id"] for found in client.api.containers(filters={"label": f"{LABEL}=build"})}


def await_new_build(client: docker.DockerClient, before: set[str]) -> str:
    """Id of a container that was not there before, once it runs."""
    for _ in _patiently():
        if new := running_builds(client) - before:
            return new.pop()
    raise AssertionError("no container was started")


def await_removal(client: docker.DockerClient, container_id: str) -> None:
    """Wait until a container is gone."""
    for _ in _patiently():
        if not client.api.containers(all=True, filters={"id": container_id}):
            return
    raise AssertionError("the container is still there")


def remove_while_running(client: docker.DockerClient, container_id: str, program: str) -> None:
    """Remove a container as soon as a program runs in it."""
    for _ in _patiently():
        if any(program in " ".join(process) for process in client.api.top(container_id)["Processes"]):
            client.api.remove_container(container_id, force=True)
            return
    raise AssertionError(f"{program} was not started")


class OwnDaemon:
    """A daemon that a test may stop: with folders and a socket of its own, and without a network of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.host = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> docker.DockerClient:
        """Start it and wait until it answers."""
        folder = self._folder
        where = ["-H", self.host, "--data-root", folder / "data", "--exec-root", folder / "exec"]
        network = ["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        command = [str(part) for part in ("dockerd", *where, "--pidfile", folder / "pid", *network)]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        for _ in _patiently():
            # Not the SDK: it leaves its socket open when nobody answers.
            if subprocess.run(["docker", "-H", self.host, "version"], capture_output=True, check=False).returncode == 0:
                return docker.DockerClient(base_url=self.host, version="auto")
            assert self._process.poll() is None, (folder / "log").read_text()
        raise AssertionError((folder / "log").read_text())

    def load(self, *images: str) -> None:
        """Copy images from the daemon that everybody uses."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", "-H", self.host, "load"], stdin=saved.stdout, capture_output=True, check=True)
        assert saved.returncode == 0

    def stop(self) -> None:
        """Stop it as ``systemctl stop docker`` does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE_SECONDS)
            self._process = None


@contextmanager
def own_daemon(folder: Path) -> Iterator[OwnDaemon]:
    """A daemon that is not started yet."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        _give_up("a second Docker daemon takes root and dockerd")
    daemon = OwnDaemon(folder)
    try:
        yield daemon
    finally:
        daemon.stop()
        for mount in sorted(Path("/proc/self/mounts").read_text().split(), reverse=True):
            if mount.startswith(str(folder)):
                subprocess.run(["umount", "--lazy", mount], check=False)


def remove_image(client: docker.DockerClient, reference: str) -> None:
    """Remove an image, if it is there."""
    try:
        client.images.remove(reference, force=True)
    except (ImageNotFound, APIError):
        return


def _patiently() -> Iterator[None]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)


def _give_up(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (nothing may skip in CI)")
    pytest.skip(reason)
