"""The real Docker daemon with its stand-ins for the Lambda build images, and a daemon for a single test."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from pulumi_poetry_layer.builders.container.daemon import LABEL

from .needed import fail_or_skip

IMAGE = "public.ecr.aws/sam/build-{}:latest-{}"
NETWORK = "host"
"""The setup starts a daemon without a bridge, so containers have no network unless they use the one of the host."""

_LONGEST_SECONDS = 60


def connect_to_docker() -> docker.DockerClient:
    """A client of the daemon. Without a daemon, the test fails in CI, and is skipped elsewhere."""
    try:
        client = docker.from_env()
        for image in (("python3.11", "x86_64"), ("python3.13", "x86_64"), ("python3.11", "arm64")):
            client.images.get(IMAGE.format(*image))
    except (DockerException, ImageNotFound) as error:
        fail_or_skip(f"no Docker daemon with the build images ({error}); run `make setup` as root on Debian")
    return client


def running_builds(client: docker.DockerClient) -> set[str]:
    """IDs of the containers in which layers are being built."""
    return {found["Id"] for found in client.api.containers(filters={"label": f"{LABEL}=build"})}


def await_removal(client: docker.DockerClient, container_id: str) -> None:
    """Wait until a container has been removed."""
    for _ in _repeatedly():
        if not client.api.containers(all=True, filters={"id": container_id}):
            return
    raise AssertionError("the container is still there")


def remove_while_running(client: docker.DockerClient, container_id: str, program: str) -> None:
    """Remove a container as soon as a program runs in it."""
    for _ in _repeatedly():
        if any(program in " ".join(process) for process in client.api.top(container_id)["Processes"]):
            client.api.remove_container(container_id, force=True)
            return
    raise AssertionError(f"{program} was not started")


class OwnDaemon:
    """A daemon that a test may stop. It has its own folders and socket, and no network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.host = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> docker.DockerClient:
        """Start the daemon and wait until it answers."""
        folder = self._folder
        where = ["-H", self.host, "--data-root", folder / "data", "--exec-root", folder / "exec"]
        network = ["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        command = [str(part) for part in ("dockerd", *where, "--pidfile", folder / "pid", *network)]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        for _ in _repeatedly():
            # Not the Docker SDK, which leaves its socket open if there is no answer.
            if subprocess.run(["docker", "-H", self.host, "version"], capture_output=True, check=False).returncode == 0:
                return docker.DockerClient(base_url=self.host, version="auto")
            assert self._process.poll() is None, (folder / "log").read_text()
        raise AssertionError((folder / "log").read_text())

    def load(self, *images: str) -> None:
        """Copy images from the shared daemon."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", "-H", self.host, "load"], stdin=saved.stdout, capture_output=True, check=True)
        assert saved.returncode == 0

    def stop(self) -> None:
        """Stop the daemon in the same way as ``systemctl stop docker``."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_LONGEST_SECONDS)
            self._process = None


@contextmanager
def own_daemon(folder: Path) -> Iterator[OwnDaemon]:
    """A daemon that has not been started yet."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        fail_or_skip("a second Docker daemon needs root and dockerd; install docker.io and run the test as root")
    daemon = OwnDaemon(folder)
    try:
        yield daemon
    finally:
        daemon.stop()
        for mount in sorted(Path("/proc/self/mounts").read_text().split(), reverse=True):
            if mount.startswith(str(folder)):
                subprocess.run(["umount", "--lazy", mount], check=False)


def remove_image(client: docker.DockerClient, reference: str) -> None:
    """Remove an image, if it exists."""
    try:
        client.images.remove(reference, force=True)
    except (ImageNotFound, APIError):
        return


def _repeatedly() -> Iterator[None]:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)
