"""The only door to the Docker daemon: a connection, and its failures as errors that say what to do."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from pulumi_poetry_layer.errors import BuildError, ContainerError, HostError
from pulumi_poetry_layer.host.process import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

LABEL = "pulumi-poetry-layer"
"""Label of every container, image and volume of this package; its value says what it is for."""

NO_SUCH_PROGRAM = "executable file not found"
"""What container runtimes say of a program that is not in the image."""

_FAILURES = (DockerException, RequestException, HTTPError, ConnectionError)
"""What the client raises: its own errors, and those of the libraries below it."""

_ANSWER_SECONDS = 60  # without output: a request, not a build, which is streamed
_START_HINT = "start Docker, or let DOCKER_HOST or `docker context use` name a daemon that runs"


@contextmanager
def connect() -> Iterator[DockerClient]:
    """A client of the daemon that ``docker`` itself would talk to: ``DOCKER_HOST``, else the current context.

    Raises:
        HostError: no daemon answers there.
    """
    try:
        client = docker.from_env(timeout=_ANSWER_SECONDS)
    except _FAILURES as error:
        raise _unreachable(error) from error
    try:
        yield client
    finally:
        client.close()


@contextmanager
def closing_connection(connection: Any) -> Iterator[Any]:
    """Close a connection that a request was turned into; the SDK leaves that to its caller.

    What it hands out is a part of the response, and closing it alone would leave the socket open.
    """
    try:
        yield connection
    finally:
        with suppress(OSError):
            getattr(connection, "_response", connection).close()


@contextmanager
def daemon_errors(doing: str) -> Iterator[None]:
    """Turn what the daemon answers, or that it does not, into this package's errors.

    Args:
        doing: what was being done, as it goes after "while".

    Raises:
        ContainerError: the daemon refused.
        HostError: the daemon is gone.
    """
    try:
        yield
    except _FAILURES as error:
        raise explain(error, doing) from error


def explain(error: Exception, doing: str) -> BuildError:
    """The error that tells a user about a failure of the daemon or of the connection to it."""
    if not isinstance(error, APIError):
        return HostError(f"the connection to the Docker daemon broke while {doing}: {_text(error)}", hint=_START_HINT)
    told = mask_secrets(str(error.explanation or error))
    if "no space left on device" in told:
        return ContainerError(
            f"the disk of the Docker daemon is full: {told}",
            hint="make room with `docker system prune` or `pulumi-poetry-layer cache clear`",
        )
    if "exec format error" in told:
        return not_runnable("of this image")
    if found := re.search(rf'"([^"]+)": {re.escape(NO_SUCH_PROGRAM)}', told):
        return no_such_program(found[1])
    return ContainerError(f"the Docker daemon refused while {doing}: {told}")


def no_such_program(program: str) -> ContainerError:
    """The error for a program that an image should have."""
    return ContainerError(f"the image has no {program}", hint="let image= name a build image of the layer's runtime")


def not_runnable(architecture: str) -> HostError:
    """The error for an image whose programs this daemon's processor cannot run."""
    return HostError(
        f"the Docker daemon cannot run programs {architecture}: exec format error",
        hint="have qemu run them (`docker run --privileged --rm tonistiigi/binfmt --install all`), "
        "use a daemon on such a machine (DOCKER_HOST), or the wheels builder",
    )


def _unreachable(error: Exception) -> HostError:
    told = _text(error)
    if "Permission denied" in told or "PermissionError" in told:
        return HostError(
            f"the Docker daemon may not be used by this user: {told}",
            hint="add the user to the group `docker`, or let DOCKER_HOST name a daemon of the user's own",
        )
    return HostError(f"no Docker daemon answers: {told}", hint=_START_HINT)


def _text(error: Exception) -> str:
    return mask_secrets(str(error)).strip() or type(error).__name__
