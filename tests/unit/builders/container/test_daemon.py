"""The errors for failures of Docker: each known message of registries and daemons, with its meaning and hint."""

from __future__ import annotations

import pytest
import requests
from docker.errors import APIError, DockerException

from pulumi_poetry_layer.builders.container import daemon, image
from pulumi_poetry_layer.errors import BuildError, ContainerError, HostError

REFERENCE = "registry.invalid/build:1"


@pytest.mark.parametrize(
    ("message", "kind", "what", "hint"),
    [
        ("manifest for build:1 not found: manifest unknown", ContainerError, "the image does not exist: ", "image="),
        ("pull access denied for build, it does not exist", ContainerError, "denies access", "docker login"),
        ("unauthorized: authentication required", ContainerError, "denies access", "docker login"),
        ("no matching manifest for linux/arm64/v8 in the manifest list", HostError, "platform", "linux/arm64"),
        ("toomanyrequests: Rate exceeded", ContainerError, "rate-limiting", "docker login"),
        ("dial tcp: lookup registry.invalid: no such host", HostError, "cannot reach the registry", "proxy"),
        ("write /var/lib/docker/tmp/x: no space left on device", ContainerError, "disk", "docker system prune"),
        ("an unknown failure", ContainerError, "an unknown failure", "docker pull registry.invalid/build:1"),
    ],
)
def test_failed_pull_says_what_is_wrong_and_what_to_do(
    message: str, kind: type[BuildError], what: str, hint: str
) -> None:
    """Otherwise the user sees only the registry's message, and does not know what to do."""
    error = image._pull_error(ContainerError(message), REFERENCE, "linux/arm64")
    assert type(error) is kind
    assert error.where == REFERENCE
    assert what in error.what
    assert message in error.what, "the registry's message must be part of the error"
    assert hint in str(error.hint)


@pytest.mark.parametrize(
    ("error", "kind", "what", "hint"),
    [
        (requests.exceptions.ConnectionError("reset"), HostError, "broke while building", "DOCKER_HOST"),
        (APIError("", explanation="mkdir /x: no space left on device"), ContainerError, "disk", "docker system prune"),
        (APIError("", explanation='exec "/bin/cat": exec format error'), HostError, "cannot run", "binfmt"),
        (
            APIError("", explanation='exec: "python3.9": executable file not found in $PATH'),
            ContainerError,
            "no python3.9",
            "image=",
        ),
        (APIError("", explanation="conflict"), ContainerError, "reported an error while building: conflict", ""),
    ],
)
def test_error_of_the_daemon_says_what_is_wrong_and_what_to_do(
    error: Exception, kind: type[BuildError], what: str, hint: str
) -> None:
    """Otherwise the user sees the traceback of an HTTP library."""
    explained = daemon.explain(error, "building")
    assert type(explained) is kind
    assert what in explained.what
    assert hint in str(explained.hint or "")


def test_missing_permission_for_the_daemon_is_reported_as_such() -> None:
    """Otherwise the user starts a daemon that is already running."""
    error = daemon._unreachable(DockerException("('Connection aborted.', PermissionError(13))"))
    assert "no permission to use the Docker daemon" in error.what
    assert "group `docker`" in str(error.hint)


def test_login_in_the_message_of_a_registry_is_masked() -> None:
    """Otherwise a password in the address of a proxy is in the log."""
    message = "proxyconnect tcp: dial tcp http://me:secret@proxy.invalid: connection refused"
    assert "secret" not in str(image._pull_error(ContainerError(message), REFERENCE, "linux/amd64"))
