"""The connection to the Docker daemon, and its failures as errors with hints."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from pulumi_poetry_layer.errors import BuildError, ContainerError, HostError
from pulumi_poetry_layer.host.process import mask_secrets
from pulumi_poetry_layer.wording import keyword, setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

LABEL = "pulumi-poetry-layer"
"""Label of every container, image and volume of this package. Its value says what it is for."""

NO_SUCH_PROGRAM = "executable file not found"
"""The message of container runtimes for a program that is not in the image."""

DISK_HINT = "free disk space with `docker system prune` or `pulumi-poetry-layer cache clear --docker`"
"""Hint for a daemon that has no disk space left."""

_FAILURES = (DockerException, RequestException, HTTPError, ConnectionError)
"""The errors that the client raises: its own, and those of the libraries that it uses."""

_SYSTEM_ERROR = re.compile(r"Error\(\d+, '([^']+)'\)|\[Errno -?\d+\] ([^)\"']+)")
_ANSWER_SECONDS = 60  # for one answer of the daemon; a build may take longer, because its output is streamed
_START_HINT = "start Docker, or point DOCKER_HOST or `docker context use` to a running daemon"


@contextmanager
def connect() -> Iterator[DockerClient]:
    """Connect to the daemon that the ``docker`` command uses: ``DOCKER_HOST``, else the current context.

    Raises:
        HostError: no daemon answers.
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
    """Close the connection behind a stream of the Docker SDK when the block ends.

    The SDK returns a part of the HTTP response. Closing only that part would leave the socket open.
    """
    try:
        yield connection
    finally:
        with suppress(OSError):
            getattr(connection, "_response", connection).close()


@contextmanager
def daemon_errors(doing: str) -> Iterator[None]:
    """Turn errors of the daemon, and of the connection to it, into errors of this package.

    Args:
        doing: what the block does, in words that follow "while".

    Raises:
        ContainerError: the daemon reported an error.
        HostError: the connection failed, or the daemon cannot run the image.
    """
    try:
        yield
    except _FAILURES as error:
        raise explain(error, doing) from error


def explain(error: Exception, doing: str) -> BuildError:
    """The error of this package for an error of the Docker client.

    Args:
        error: the error of the client.
        doing: what was being done, in words that follow "while".
    """
    if not isinstance(error, APIError):
        return HostError(f"the connection to the Docker daemon broke while {doing}: {_text(error)}", hint=_START_HINT)
    message = mask_secrets(str(error.explanation or error))
    if "no space left on device" in message:
        return ContainerError(f"the disk of the Docker daemon is full: {message}", hint=DISK_HINT)
    if "exec format error" in message:
        return not_runnable("of this image")
    if found := re.search(rf'"([^"]+)": {re.escape(NO_SUCH_PROGRAM)}', message):
        return no_such_program(found[1])
    hint = "run the command again; if that does not help, look into the log of the Docker daemon"
    return ContainerError(f"the Docker daemon reported an error while {doing}: {message}", hint=hint)


def no_such_program(program: str) -> ContainerError:
    """The error for a program that is missing in an image."""
    hint = f"set {keyword('image')} to a build image of the layer's runtime"
    return ContainerError(f"the image has no {program}", hint=hint)


def not_runnable(which: str) -> HostError:
    """The error for programs that the processor of the daemon cannot run.

    Args:
        which: which programs, in words that follow "programs", such as "for arm64".
    """
    return HostError(
        f"the Docker daemon cannot run programs {which}: exec format error",
        hint="install emulation (`docker run --privileged --rm tonistiigi/binfmt --install all`), "
        f"set DOCKER_HOST to a daemon on a machine of that architecture, or use {setting('builder', 'wheels')}",
    )


def _unreachable(error: Exception) -> HostError:
    message = _text(error)
    if "Permission denied" in message or "PermissionError" in message:
        return HostError(
            "this user has no permission to use the Docker daemon",
            where=os.environ.get("DOCKER_HOST"),
            hint="add the user to the group `docker`, or set DOCKER_HOST to a daemon that the user may use",
        )
    what = f"no Docker daemon answers: {_reported(message)}"
    return HostError(what, where=os.environ.get("DOCKER_HOST"), hint=_START_HINT)


def _reported(message: str) -> str:
    """What the system has reported, without what the libraries around it add, if that can be found."""
    found = _SYSTEM_ERROR.search(message)
    return found[1] or found[2] if found else message


def _text(error: Exception) -> str:
    return mask_secrets(str(error)).strip() or type(error).__name__
