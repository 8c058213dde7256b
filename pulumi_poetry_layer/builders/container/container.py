"""A container that runs programs one after the other, and is removed when this process ends.

The main program of the container is ``cat``, which ends when its input ends. Its input is a connection of this process.
When this process ends for any reason, the daemon closes the connection, ``cat`` ends, and the daemon removes the
container. Files are copied in and out as archives through the API, so the daemon may run on another machine.
"""

from __future__ import annotations

import logging
import tarfile
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from docker.errors import NotFound
from docker.types import Mount
from docker.utils.socket import frames_iter
from requests.exceptions import RequestException

from pulumi_poetry_layer.builders.container.archives import archive_of, extract, owned_by_root
from pulumi_poetry_layer.builders.container.daemon import (
    LABEL,
    NO_SUCH_PROGRAM,
    closing_connection,
    daemon_errors,
    no_such_program,
    not_runnable,
)
from pulumi_poetry_layer.errors import BuildError, ContainerError, SubprocessError
from pulumi_poetry_layer.host.cleanup import registered
from pulumi_poetry_layer.host.process import mask_secrets
from pulumi_poetry_layer.printable import printable
from pulumi_poetry_layer.wording import keyword

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from docker import DockerClient

CACHE_FOLDER = "/var/cache/pulumi-poetry-layer"
"""Folder in a container where the volume with the caches is mounted."""

CACHE_VOLUME = "pulumi-poetry-layer-cache"
"""Name of the volume with the caches of Poetry and pip."""

_ROOT = "0:0"
_KILLED = 137  # 128 + SIGKILL
_NOT_STARTED = (126, 127)  # exit codes of a program that could not be started
_REMOVE_SECONDS = 0.5
_END_SECONDS = 2  # how long to wait for the end of a container
_ABANDONED_SECONDS = 3600  # a container that was not started by then belongs to a build that was killed
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ContainerLimits:
    """The network and the time limit of a container.

    Attributes:
        network: name of its network; None for the default network of the daemon.
        timeout: seconds that it may run.
    """

    network: str | None = None
    timeout: float


class BuildContainer:
    """A running container; made by :func:`start_container`."""

    def __init__(self, client: DockerClient, name: str) -> None:
        self._client = client
        self._name = name

    def write(self, folder: str, contents: Mapping[str, bytes]) -> None:
        """Write files into a folder of the container, which is created if needed.

        Args:
            folder: path of the folder in the container.
            contents: file name → content.

        Raises:
            BuildError: the daemon reported an error, or does not answer.
        """
        with daemon_errors("copying files into the container"):
            self._client.api.put_archive(self._name, "/", archive_of(folder, contents))

    def copy(self, source: Path, folder: str) -> None:
        """Copy a folder of this host into the container. The copied files belong to root.

        Args:
            source: the folder on this host.
            folder: path of the copy in the container.

        Raises:
            BuildError: the daemon reported an error, or does not answer.
        """
        with tempfile.TemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                archive.add(source, folder.strip("/"), filter=owned_by_root)
            file.seek(0)
            with daemon_errors("copying files into the container"):
                self._client.api.put_archive(self._name, "/", file)

    def run(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], folder: str = "/", hint: str | None = None
    ) -> str:
        """Run a program to its end, log its output line by line, and return it.

        Only the program gets the environment variables: ``docker inspect`` and images of the container do not show
        them.

        Args:
            arguments: the program and its arguments.
            environment: its environment variables.
            folder: its working directory in the container.
            hint: the hint for an error of the program.

        Raises:
            SubprocessError: the program failed; the error contains its output, with secrets masked.
            ContainerError: the program or the container was killed.
            HostError: the daemon does not answer.
        """
        frames: Callable[..., Iterator[tuple[int, bytes]]] = frames_iter
        api = self._client.api
        output: list[str] = []
        with daemon_errors(f"running {PurePosixPath(arguments[0]).name}"):
            program = api.exec_create(
                self._name, list(arguments), environment=dict(environment), workdir=folder, user=_ROOT
            )["Id"]
            with closing_connection(api.exec_start(program, socket=True)) as connection:
                for line in _lines(data for _, data in frames(connection, tty=False)):
                    output.append(printable(mask_secrets(line, environment)))
                    _log.info("%s", output[-1])
            code = self._exit_code(program)
        self._check_exit_code(arguments, code, "\n".join(output), hint)
        return "\n".join(output)

    def fetch(self, source: str, target: Path) -> None:
        """Copy the files of a folder to this host. The copied files belong to the user of this process.

        Args:
            source: path of the folder in the container.
            target: the folder on this host that the files are written to.

        Raises:
            BuildError: the daemon reported an error, or does not answer.
        """
        with tempfile.TemporaryFile() as file:
            with daemon_errors("copying the result out of the container"):
                stream, _ = self._client.api.get_archive(self._name, source)
                for chunk in stream:
                    file.write(chunk)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                extract(archive, target)

    def commit(self, repository: str, tag: str, labels: Mapping[str, str]) -> None:
        """Make an image of the current state of the container.

        Args:
            repository: name of the image.
            tag: tag of the image.
            labels: labels of the image.

        Raises:
            BuildError: the daemon reported an error, or does not answer.
        """
        changes = ["ENTRYPOINT []", 'CMD ["/bin/sh"]', *(f"LABEL {name}={value}" for name, value in labels.items())]
        with daemon_errors("making an image"):
            self._client.api.commit(self._name, repository=repository, tag=tag, changes=changes)

    def _exit_code(self, program: str) -> int | None:
        """The exit code of a program, or None if the container has ended."""
        try:
            code = self._client.api.exec_inspect(program)["ExitCode"]
        except NotFound:
            return None
        return None if code is None or (code == _KILLED and _ends(self._client, self._name)) else int(code)

    def _check_exit_code(self, arguments: Sequence[str], code: int | None, output: str, hint: str | None) -> None:
        command = " ".join([PurePosixPath(arguments[0]).name, *arguments[1:]])
        if code == 0:
            return
        if code is None:
            raise ContainerError(
                f"the container ended while `{command}` was running\n{output}",
                hint="it was removed, or the Docker daemon stopped: run the command again",
            )
        if NO_SUCH_PROGRAM in output and code in _NOT_STARTED:
            raise no_such_program(PurePosixPath(arguments[0]).name)
        if code == _KILLED:
            raise ContainerError(
                f"`{command}` was killed in the container (exit code {code})\n{output}",
                hint="most likely it ran out of memory: give the Docker daemon more memory, "
                "or build fewer layers at the same time",
            )
        raise SubprocessError(f"`{command}` ended with exit code {code} in the container\n{output}", hint=hint)

    def remove(self) -> None:
        """Remove the container, even if it is running. Errors are ignored."""
        with suppress(Exception):
            self._client.api.remove_container(self._name, force=True, v=True)

    def remove_at_end(self) -> None:
        """Remove the container because this process ends. If the daemon takes too long, it removes it by itself."""
        thread = threading.Thread(target=self.remove, daemon=True)
        thread.start()
        thread.join(_REMOVE_SECONDS)


@contextmanager
def start_container(client: DockerClient, image: str, limits: ContainerLimits) -> Iterator[BuildContainer]:
    """Start a container of an image, and remove it when the block ends.

    Args:
        client: the connection to the daemon.
        image: id of an image that the daemon has.
        limits: network and time limit of the container.

    Raises:
        BuildError: the daemon reported an error, or does not answer.
        HostError: the processor of the daemon cannot run the programs of the image.
        ContainerError: the time limit was reached while the block ran.
    """
    name = f"{LABEL}-{uuid4().hex[:12]}"
    container = BuildContainer(client, name)
    with registered(lambda: container, BuildContainer.remove_at_end):
        try:
            _create(client, image, name, limits.network)
            with daemon_errors("starting a container"):
                standard_input = client.api.attach_socket(name, params={"stdin": 1, "stream": 1})
            with closing_connection(standard_input):
                with daemon_errors("starting a container"):
                    client.api.start(name)
                    _refuse_if_not_running(client, name, image)
                with _removed_after(limits.timeout, container):
                    yield container
        finally:
            container.remove()


def _create(client: DockerClient, image: str, name: str, network: str | None) -> None:
    with daemon_errors("creating a container"):
        client.volumes.create(CACHE_VOLUME, labels={LABEL: "cache"})
        client.api.create_container(
            image,
            name=name,
            entrypoint=["cat"],
            command=[],
            user=_ROOT,
            stdin_open=True,
            labels={LABEL: "build"},
            host_config=_host_config(client, network),
        )


def remove_leftovers(client: DockerClient) -> None:
    """Remove containers of this package that no build uses any more.

    A running container is in use, because it ends with its build. The others were not removed because the daemon was
    killed, or were created but never started.

    Args:
        client: the connection to the daemon.

    Raises:
        BuildError: the daemon reported an error, or does not answer.
    """
    with daemon_errors("looking for containers of builds that were killed"):
        for found in client.api.containers(all=True, filters={"label": f"{LABEL}=build"}):
            abandoned = found["State"] == "created" and time.time() - found["Created"] > _ABANDONED_SECONDS
            if found["State"] in {"exited", "dead"} or abandoned:
                _log.info("removing the container %s of a build that was killed", found["Names"][0].lstrip("/"))
                with suppress(Exception):  # another build may be removing it
                    client.api.remove_container(found["Id"], force=True, v=True)


@contextmanager
def _removed_after(seconds: float, container: BuildContainer) -> Iterator[None]:
    """Remove a container when its time limit is reached. Whatever the block does with the container then fails.

    Raises:
        ContainerError: the block failed because the time limit was reached.
    """
    time_is_up = threading.Event()

    def remove() -> None:
        time_is_up.set()
        container.remove()

    timer = threading.Timer(seconds, remove)
    timer.daemon = True
    timer.start()
    try:
        yield
    except BuildError as error:
        if not time_is_up.is_set():
            raise
        raise ContainerError(
            f"the build took longer than {seconds:g} seconds and was stopped: {error.what}",
            hint=f"set {keyword('timeout')} to more seconds",
        ) from error
    finally:
        timer.cancel()


def _host_config(client: DockerClient, network: str | None) -> dict[str, Any]:
    settings: dict[str, Any] = {} if network is None else {"network_mode": network}
    cache = Mount(CACHE_FOLDER, CACHE_VOLUME, type="volume")
    config: dict[str, Any] = client.api.create_host_config(auto_remove=True, mounts=[cache], **settings)
    return config


def _refuse_if_not_running(client: DockerClient, container_id: str, image: str) -> None:
    """Check that the container runs. Some daemons report no error when they start a program of another architecture.

    Raises:
        HostError: the container has ended, and its image is for another architecture than the daemon's.
        ContainerError: the container has ended.
    """
    architecture = client.images.get(image).attrs["Architecture"]
    if architecture != client.version()["Arch"]:
        if _ends(client, container_id):
            raise not_runnable(f"for {architecture}")
        return
    with suppress(NotFound):
        if client.api.inspect_container(container_id)["State"]["Running"]:
            return
    hint = f"set {keyword('image')} to an image that has `cat`"
    raise ContainerError("the container ended right after its start", hint=hint)


def _ends(client: DockerClient, container_id: str) -> bool:
    """Whether a container has ended or ends soon. It is listed as running for a moment after its program has ended."""
    try:
        client.api.wait(container_id, timeout=_END_SECONDS)
    except NotFound:
        return True
    except RequestException:  # it did not end within that time
        return False
    return True


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream that arrives in chunks of any size."""
    rest = b""
    for chunk in chunks:
        *complete, rest = (rest + chunk).split(b"\n")
        for line in complete:
            yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace")
