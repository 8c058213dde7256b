"""ContainerBuilder when the build or the daemon is stopped, and under the real Pulumi engine."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from pulumi_poetry_layer import ContainerBuilder, build_layer
from pulumi_poetry_layer.builders.container.image import REPOSITORY
from pulumi_poetry_layer.errors import BuildError

from .harness import LocalAws, Machine, Program
from .harness.containers import (
    IMAGE,
    NETWORK,
    await_removal,
    connect_to_docker,
    own_daemon,
    running_builds,
)
from .harness.one_layer import BUILD, project_files
from .harness.private_index import PASSWORD, USER, PrivateIndex, private_index

RUNTIME = "python3.11"
LONGEST_SECONDS = 300

pytestmark = pytest.mark.docker

BUILD_PROGRAM = f"""\
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for programs in the background
import sys
from pulumi_poetry_layer import ContainerBuilder, build_layer

builder = ContainerBuilder(network="{NETWORK}")
build_layer(project_dir=sys.argv[1], runtime="{RUNTIME}", builder=builder, output=sys.argv[2])
"""

PULUMI_PROGRAM = f"""\
import pulumi
from pulumi_poetry_layer import ContainerBuilder, PoetryLayer

for name, groups in {{"api": ["main"], "worker": ["main", "debug"]}}.items():
    layer = PoetryLayer(
        name,
        project_dir="service",
        runtime="{RUNTIME}",
        groups=groups,
        builder=ContainerBuilder(network="{NETWORK}", timeout=600),
    )
    pulumi.export(name, layer.arn)
"""


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    """The real daemon."""
    found = connect_to_docker()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def indexes(monkeypatch: pytest.MonkeyPatch, client: docker.DockerClient) -> None:
    """Let packages come from the simple API only, as behind a company's proxy."""
    monkeypatch.setenv("POETRY_PYPI_MIRROR_URL", PYPI_SIMPLE_ENDPOINT)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateIndex]:
    """An index that can delay a build for as long as a test needs."""
    monkeypatch.setenv("POETRY_HTTP_BASIC_INNER_USERNAME", USER)
    monkeypatch.setenv("POETRY_HTTP_BASIC_INNER_PASSWORD", PASSWORD)
    with private_index() as served:
        yield served


def build_here(project: Path, output: Path) -> None:
    """Build a project in this process."""
    build_layer(project_dir=project, runtime=RUNTIME, builder=ContainerBuilder(network=NETWORK), output=output)


def start_build(project: Path, output: Path, **variables: str) -> subprocess.Popen[str]:
    """Start a process that builds a project."""
    return subprocess.Popen(
        [sys.executable, "-c", BUILD_PROGRAM, str(project), str(output)],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def cache(action: str, docker_host: str) -> list[str]:
    """The lines that ``pulumi-poetry-layer cache <action> --docker`` prints."""
    command = [sys.executable, "-m", "pulumi_poetry_layer", "cache", action, "--docker"]
    environment = {**os.environ, "DOCKER_HOST": docker_host}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
def test_killed_build_leaves_no_container_and_the_next_build_succeeds(
    client: docker.DockerClient, index: PrivateIndex, tmp_path: Path, ending: signal.Signals
) -> None:
    """Otherwise every canceled CI job leaves a running container, and may block the next job."""
    project, output = index.write_project(tmp_path / "service"), tmp_path / "layer.zip"
    before = running_builds(client)
    reached = index.hold(".whl")
    with start_build(project, output) as process:
        assert reached.wait(LONGEST_SECONDS)
        containers = running_builds(client) - before
        assert containers
        process.send_signal(ending)
        process.communicate()
    for container in containers:
        await_removal(client, container)
    assert process.returncode != 0
    assert not output.exists()

    index.release()
    build_here(project, output)
    with zipfile.ZipFile(output) as layer:
        assert layer.read("python/inner_package.py") == b"SECRET_SAUCE = 1\n"


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """A folder with a short path, because the path of a socket must be short."""
    with tempfile.TemporaryDirectory(prefix="dockerd-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def test_stopped_daemon_is_an_error_the_next_build_succeeds_and_the_cache_can_be_cleared(
    client: docker.DockerClient, index: PrivateIndex, socket_folder: Path, tmp_path: Path
) -> None:
    """Otherwise a restart of Docker leaves half a layer or a traceback, and images cannot be removed."""
    project, output = index.write_project(tmp_path / "service"), tmp_path / "layer.zip"
    build_here(project, tmp_path / "first.zip")
    with own_daemon(socket_folder) as daemon:
        own = daemon.start()
        base = client.images.get(IMAGE.format(RUNTIME, "x86_64"))
        made = [image for image in client.images.list(REPOSITORY) if image.attrs["Parent"] == base.id]
        daemon.load(*(tag for image in (base, *made) for tag in image.tags))
        reached = index.hold(".whl")
        with start_build(project, output, DOCKER_HOST=daemon.host) as process:
            assert reached.wait(LONGEST_SECONDS)
            own.close()
            daemon.stop()
            printed, _ = process.communicate()
        assert process.returncode == 1
        assert BuildError.__module__ in printed
        assert "Docker daemon" in printed
        assert not output.exists()

        index.release()
        own = daemon.start()
        with start_build(project, output, DOCKER_HOST=daemon.host) as process:
            printed, _ = process.communicate()
        assert process.returncode == 0, printed
        assert own.api.containers(all=True) == []

        assert {line.split()[0] for line in cache("size", daemon.host)[1:]} == {"image", "volume"}
        assert cache("clear", daemon.host)[0].startswith("removed ")
        assert cache("size", daemon.host) == ["the container builder keeps nothing in Docker"]
        assert own.images.list(IMAGE.format(RUNTIME, "x86_64")), "images of the user must not be removed"
        own.close()
    assert output.read_bytes() == (tmp_path / "first.zip").read_bytes()


def test_up_builds_two_layers_in_containers_and_a_second_up_needs_no_docker(
    new_program: Callable[..., Program], new_machine: Callable[[str], Machine], aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise layers cannot be built in containers, or a deployment without changes needs Docker."""
    stack = new_program({"__main__.py": PULUMI_PROGRAM, **project_files("base")}).stack()
    up = stack.up()
    assert "Installing idna (3.10)" in up.text, "Poetry's output must reach the user"
    for name, expected in (("api", {"idna", "six.py"}), ("worker", {"idna", "six.py", "iniconfig"})):
        with zipfile.ZipFile(io.BytesIO(aws.layer_zip(f"{name}-dev", 1))) as layer:
            folders = {member.split("/")[1] for member in layer.namelist()}
        assert {folder for folder in folders if not folder.endswith(".dist-info")} == expected

    nowhere = f"unix://{tmp_path}/no.sock"
    assert stack.preview(DOCKER_HOST=nowhere).unchanged
    assert stack.up(DOCKER_HOST=nowhere).unchanged
    runner = stack.on(stack.program.checkout(tmp_path / "runner" / "work", machine=new_machine("runner")))
    assert runner.preview(DOCKER_HOST=nowhere).unchanged
    assert runner.up(DOCKER_HOST=nowhere).unchanged

    stack.program.write(project_files("package_changed"))
    assert stack.preview(DOCKER_HOST=nowhere).ops(BUILD) == ["update", "update"]
    failed = stack.up(check=False, DOCKER_HOST=nowhere)
    assert failed.exit_code != 0
    assert "no Docker daemon answers" in failed.text
    assert aws.layer_versions("api-dev") == [1]
