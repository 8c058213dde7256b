"""A container in which programs run one after the other, and that is gone when its client is.

The container's own program is ``cat``, which waits for the end of its input. That input is a connection of this
process: however this process ends, the daemon closes it, ``cat`` ends and the daemon removes the container. Files go
in and out as archives through the API, so a remote daemon, or one outside of this very container, will do.
"""

from __future__ import annotations

import io
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

from pulumi_poetry_layer.builders.container.daemon import (
    LABEL,
    NO_SUCH_PROGRAM,
    closing_connection,
    daemon_errors,
    no_such_program,
    not_runnable,
)
from pulumi_poetry_layer.errors import BuildError, ContainerError, SubprocessError
from pulumi_poetry_layer.host.process import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from docker import DockerClient

CACHE_FOLDER = "/var/cache/pulumi-poetry-layer"
"""Where the volume with the caches is in a container."""

CACHE_VOLUME = "pulumi-poetry-layer-cache"
"""Name of the volume with the caches of Poetry and pip."""

_ROOT = "0:0"
_KILLED = 137  # 128 + SIGKILL
_END_SECONDS = 2
_NOT_STARTED = (126, 127)
_ABANDONED_SECONDS = 3600
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ContainerLimits:
    """What a container may do.

    Attributes:
        network: the network it is on, None for the daemon's default.
        timeout: seconds that it may live.
    """

    network: str | None = None
    timeout: float


class BuildContainer:
    """A running container; made by :func:`start_container`."""

    def __init__(self, client: DockerClient, container_id: str) -> None:
        self._client = client
        self._id = container_id

    def write(self, folder: str, contents: Mapping[str, bytes]) -> None:
        """Put files into a folder, which is made if need be.

        Raises:
            BuildError: the daemon refused, or is gone.
        """
        with daemon_errors("copying files into the container"):
            self._client.api.put_archive(self._id, "/", _archive(folder, contents))

    def copy(self, source: Path, folder: str) -> None:
        """Put a copy of a folder of this host into the container; its files belong to the container's root.

        Raises:
            BuildError: the daemon refused, or is gone.
        """
        with tempfile.TemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                archive.add(source, folder.strip("/"), filter=_owned_by_root)
            file.seek(0)
            with daemon_errors("copying files into the container"):
                self._client.api.put_archive(self._id, "/", file)

    def run(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], folder: str = "/", hint: str | None = None
    ) -> None:
        """Run a program to its end; its output goes to the log line by line.

        The environment is the program's alone: neither ``docker inspect`` nor a commit of the container shows it.

        Raises:
            SubprocessError: it ended with an error; carries its output, secrets masked.
            ContainerError: it was killed.
            HostError: the daemon is gone.
        """
        frames: Callable[..., Iterator[tuple[int, bytes]]] = frames_iter
        api = self._client.api
        output: list[str] = []
        with daemon_errors(f"running {PurePosixPath(arguments[0]).name}"):
            program = api.exec_create(
                self._id, list(arguments), environment=dict(environment), workdir=folder, user=_ROOT
            )["Id"]
            with closing_connection(api.exec_start(program, socket=True)) as connection:
                for line in _lines(data for _, data in frames(connection, tty=False)):
                    output.append(mask_secrets(line, environment))
                    _log.info("%s", output[-1])
            code = self._exit_code(program)
        self._judge(arguments, code, "\n".join(output), hint)

    def fetch(self, source: str, target: Path) -> None:
        """Copy a folder's files to a folder of this host; they belong to this process's user.

        Raises:
            BuildError: the daemon refused, or is gone.
        """
        with tempfile.TemporaryFile() as file:
            with daemon_errors("copying the result out of the container"):
                stream, _ = self._client.api.get_archive(self._id, source)
                for chunk in stream:
                    file.write(chunk)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                _extract(archive, target)

    def commit(self, repository: str, tag: str, labels: Mapping[str, str]) -> None:
        """Make an image of the container as it is now.

        Raises:
            BuildError: the daemon refused, or is gone.
        """
        changes = ["ENTRYPOINT []", 'CMD ["/bin/sh"]', *(f"LABEL {name}={value}" for name, value in labels.items())]
        with daemon_errors("making an image"):
            self._client.api.commit(self._id, repository=repository, tag=tag, changes=changes)

    def _exit_code(self, program: str) -> int | None:
        """The exit code; None when it was the whole container that ended."""
        try:
            code = self._client.api.exec_inspect(program)["ExitCode"]
        except NotFound:
            return None
        return None if code is None or (code == _KILLED and _ends(self._client, self._id)) else int(code)

    def _judge(self, arguments: Sequence[str], code: int | None, output: str, hint: str | None) -> None:
        command = " ".join([PurePosixPath(arguments[0]).name, *arguments[1:]])
        if code == 0:
            return
        if code is None:
            raise ContainerError(
                f"the container ended while `{command}` was running\n{output}",
                hint="somebody removed it, or the Docker daemon stopped: run the command again",
            )
        if NO_SUCH_PROGRAM in output and code in _NOT_STARTED:
            raise no_such_program(PurePosixPath(arguments[0]).name)
        if code == _KILLED:
            raise ContainerError(
                f"`{command}` was killed in the container (exit code {code})\n{output}",
                hint="most likely memory ran out: give the Docker daemon more, or build fewer layers at once",
            )
        raise SubprocessError(f"`{command}` ended with exit code {code} in the container\n{output}", hint=hint)

    def remove(self) -> None:
        """Remove the container, running or not; without a word if that cannot be done."""
        with suppress(Exception):
            self._client.api.remove_container(self._id, force=True, v=True)


@contextmanager
def start_container(client: DockerClient, image: str, limits: ContainerLimits) -> Iterator[BuildContainer]:
    """A container of an image, for as long as the block runs.

    Args:
        client: the daemon.
        image: id of an image that is there.
        limits: what it may do.

    Raises:
        BuildError: the daemon refused, or is gone.
        HostError: the daemon's processor cannot run the image's programs.
        ContainerError: what was done in the block failed because the time was up.
    """
    api = client.api
    with daemon_errors("creating a container"):
        client.volumes.create(CACHE_VOLUME, labels={LABEL: "cache"})
        created = api.create_container(
            image,
            name=f"{LABEL}-{uuid4().hex[:12]}",
            entrypoint=["cat"],
            command=[],
            user=_ROOT,
            stdin_open=True,
            labels={LABEL: "build"},
            host_config=_host_config(client, limits.network),
        )
    container = BuildContainer(client, created["Id"])
    try:
        with daemon_errors("starting a container"):
            lifeline = api.attach_socket(created["Id"], params={"stdin": 1, "stream": 1})
        with closing_connection(lifeline):
            with daemon_errors("starting a container"):
                api.start(created["Id"])
                _refuse_if_not_running(client, created["Id"], image)
            with _removed_after(limits.timeout, container):
                yield container
    finally:
        container.remove()


def remove_leftovers(client: DockerClient) -> None:
    """Remove containers of this package that nobody uses any more.

    A running one is in use: it would end with its client. What is left is what a daemon that was killed forgot to
    remove, and what was made but never started.

    Raises:
        BuildError: the daemon refused, or is gone.
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
    """Remove a container when its time is up, which makes fail whatever is being done with it.

    Raises:
        ContainerError: that was what failed.
    """
    late = threading.Event()

    def remove() -> None:
        late.set()
        container.remove()

    timer = threading.Timer(seconds, remove)
    timer.daemon = True
    timer.start()
    try:
        yield
    except BuildError as error:
        if not late.is_set():
            raise
        raise ContainerError(
            f"the build took longer than {seconds:g} seconds and was stopped: {error.what}",
            hint="give it more with timeout= (seconds)",
        ) from error
    finally:
        timer.cancel()


def _host_config(client: DockerClient, network: str | None) -> dict[str, Any]:
    settings: dict[str, Any] = {} if network is None else {"network_mode": network}
    cache = Mount(CACHE_FOLDER, CACHE_VOLUME, type="volume")
    config: dict[str, Any] = client.api.create_host_config(auto_remove=True, mounts=[cache], **settings)
    return config


def _refuse_if_not_running(client: DockerClient, container_id: str, image: str) -> None:
    """Raise for a program of another processor, which some daemons start without complaint.

    Raises:
        HostError: the image is for another processor than the daemon's and its program ended at once.
        ContainerError: its program ended at once.
    """
    architecture = client.images.get(image).attrs["Architecture"]
    if architecture != client.version()["Arch"]:
        if _ends(client, container_id):
            raise not_runnable(f"for {architecture}")
        return
    with suppress(NotFound):
        if client.api.inspect_container(container_id)["State"]["Running"]:
            return
    raise ContainerError("the container ended as soon as it was started", hint="`cat` must be in the image")


def _ends(client: DockerClient, container_id: str) -> bool:
    """Whether a container has ended or is about to: it is told as running for a moment after its last program."""
    try:
        client.api.wait(container_id, timeout=_END_SECONDS)
    except NotFound:
        return True
    except RequestException:  # no answer within that time
        return False
    return True


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines of a stream that comes in pieces of any size."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace")


def _archive(folder: str, contents: Mapping[str, bytes]) -> bytes:
    """A tar archive, to be unpacked at the root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        directory = tarfile.TarInfo(folder.strip("/"))
        directory.type, directory.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(directory)
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{directory.name}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _extract(archive: tarfile.TarFile, target: Path) -> None:
    """Write the regular files of a folder's archive, without the folder's own name, owners and special modes.

    Raises:
        ContainerError: a file's name leads out of the folder.
    """
    for member in archive:
        if not member.isfile():
            continue  # what a distribution brings are files; RECORD is what they are checked against
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise ContainerError(f"the container hands out a file outside of its folder: {member.name!r}")
        written = target.joinpath(*path.parts[1:])
        written.parent.mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(member)
        if content is None:
            continue
        with written.open("wb") as file:
            while chunk := content.read(1 << 20):
                file.write(chunk)
        written.chmod(0o755 if member.mode & 0o100 else 0o644)
