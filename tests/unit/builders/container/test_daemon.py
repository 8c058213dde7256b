"""What a user is told when Docker says no: every case that a registry or daemon is known to word in its own way."""

from __future__ import annotations

import pytest
import requests
from docker.errors import APIError, DockerException

from pulumi_poetry_layer.builders.container import daemon, image
from pulumi_poetry_layer.errors import BuildError, ContainerError, HostError

REFERENCE = "registry.invalid/build:1"


@pytest.mark.parametrize(
    ("told", "kind", "what", "hint"),
    [
        (
            "manifest for build:1 not found: manifest unknown",
            ContainerError,
            "no such image",
            "image=",
        ),
        (
            "pull access denied for build, it does not exist",
            ContainerError,
            "may not be pulled",
            "docker login",
        ),
        ("unauthorized: authentication required", ContainerError, "may not be pulled", "docker login"),
        ("no matching manifest for linux/arm64/v8 in the manifest list", HostError, "platform", "linux/arm64"),
        ("toomanyrequests: Rate exceeded", ContainerError, "pause", "docker login"),
        ("dial tcp: lookup registry.invalid: no such host", HostError, "cannot be reached", "proxy"),
        ("write /var/lib/docker/tmp/x: no space left on device", ContainerError, "disk", "docker system prune"),
        ("something nobody has seen before", ContainerError, "nobody has seen", "docker pull registry.invalid/build:1"),
    ],
)
def test_failed_pull_says_what_is_wrong_and_what_to_do(told: str, kind: type[BuildError], what: str, hint: str) -> None:
    """Otherwise a user reads a registry's riddle and does not know whose fault it is."""
    error = image._pull_error(ContainerError(told), REFERENCE, "linux/arm64")
    assert type(error) is kind
    assert error.where == REFERENCE
    assert what in error.what
    assert told in error.what, "the registry's own words are part of the message"
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
        (APIError("", explanation="conflict"), ContainerError, "refused while building: conflict", ""),
    ],
)
def test_daemons_answer_is_explained(error: Exception, kind: type[BuildError], what: str, hint: str) -> None:
    """Otherwise a user sees the traceback of an HTTP library."""
    explained = daemon.explain(error, "building")
    assert type(explained) is kind
    assert what in explained.what
    assert hint in str(explained.hint or "")


def test_forbidden_daemon_is_told_from_a_missing_one() -> None:
    """Otherwise a user starts a daemon that runs already."""
    error = daemon._unreachable(DockerException("('Connection aborted.', PermissionError(13))"))
    assert "may not be used" in error.what
    assert "group `docker`" in str(error.hint)


def test_credentials_in_a_registrys_words_are_masked() -> None:
    """Otherwise a password in the address of a proxy ends in the log."""
    told = "proxyconnect tcp: dial tcp http://me:secret@proxy.invalid: connection refused"
    assert "secret" not in str(image._pull_error(ContainerError(told), REFERENCE, "linux/amd64"))
