"""What a user reads if a container, or a program in it, ends too early. The daemon is a server on this host."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from docker.utils.socket import frames_iter
from samples.docker_daemon import GONE, Daemon, serve

from pulumi_poetry_layer.builders.container import container as build_container
from pulumi_poetry_layer.builders.container.container import BuildContainer, ContainerLimits, start_container
from pulumi_poetry_layer.builders.container.daemon import connect
from pulumi_poetry_layer.errors import BuildError, ContainerError, HostError, SubprocessError
from pulumi_poetry_layer.wording import on_command_line

POETRY = ["/opt/poetry/bin/poetry", "install"]
ENDED = "/containers/NAME/wait"


@contextmanager
def started(daemon: Daemon, monkeypatch: pytest.MonkeyPatch, timeout: float = 60) -> Iterator[BuildContainer]:
    """A container of a daemon, for a build on the command line."""
    read: Callable[..., object] = frames_iter

    def frames(*arguments: object, **options: object) -> object:
        daemon.is_read.set()
        return read(*arguments, **options)

    monkeypatch.setattr(build_container, "_END_SECONDS", 0.3)
    monkeypatch.setattr(build_container, "frames_iter", frames)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("DOCKER_HOST", daemon.address)
    limits = ContainerLimits(timeout=timeout)
    with (
        serve(daemon),
        on_command_line(),
        connect() as client,
        start_container(client, "sha256:0", limits) as container,
    ):
        yield container


@pytest.fixture
def failure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., BuildError]:
    """The error of a build on the command line, with a daemon that answers in another way than usual."""

    def build(daemon: Daemon, *, timeout: float = 60) -> BuildError:
        with pytest.raises(BuildError) as caught, started(daemon, monkeypatch, timeout) as container:
            container.run(POETRY, environment={}, hint="look at the output")
        assert daemon.removed == daemon.created != ""
        return caught.value

    return build


def test_output_of_a_program_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of failures would fail for another reason than the one that they name."""
    with started(Daemon(output=b"Installing app\nInstalling lib\n"), monkeypatch) as container:
        assert container.run(POETRY, environment={}) == "Installing app\nInstalling lib"


def test_program_that_fails_is_an_error_with_its_output(failure: Callable[..., BuildError]) -> None:
    """A user would not learn what Poetry has said."""
    error = failure(Daemon(output=b"no gcc\n", answers={"/exec/def/json": {"ExitCode": 1}}))

    assert type(error) is SubprocessError
    assert str(error) == (
        "`poetry install` ended with exit code 1 in the container\nno gcc\n  hint: look at the output"
    )


def test_program_that_is_killed_is_an_error_about_memory(failure: Callable[..., BuildError]) -> None:
    """A user would look for the mistake in the package."""
    error = failure(Daemon(silent=ENDED, answers={"/exec/def/json": {"ExitCode": 137}}))

    assert type(error) is ContainerError
    assert error.what.startswith("`poetry install` was killed in the container (exit code 137)")
    assert "give the Docker daemon more memory" in str(error.hint)


@pytest.mark.parametrize(
    "answers",
    [{"/exec/def/json": GONE}, {"/exec/def/json": {"ExitCode": 137}, ENDED: {"StatusCode": 137}}],
    ids=["the program is gone", "the container has ended"],
)
def test_container_that_is_removed_is_an_error(answers: dict[str, object], failure: Callable[..., BuildError]) -> None:
    """A user would be told to buy memory if somebody has removed the container."""
    error = failure(Daemon(output=b"Installing\n", answers=answers))

    assert type(error) is ContainerError
    assert error.what == "the container ended while `poetry install` was running\nInstalling"
    assert error.hint == "it was removed, or the Docker daemon stopped: run the command again"


def test_program_that_is_not_in_the_image_is_named(failure: Callable[..., BuildError]) -> None:
    """A user would not know that the image is wrong."""
    output = b'OCI runtime exec failed: exec: "poetry": executable file not found in $PATH\n'
    error = failure(Daemon(output=output, answers={"/exec/def/json": {"ExitCode": 127}}))

    assert str(error) == "the image has no poetry\n  hint: set --image to a build image of the layer's runtime"


def test_build_that_takes_too_long_is_an_error_that_names_the_limit(failure: Callable[..., BuildError]) -> None:
    """A user would not know that the time limit can be changed."""
    # The container is removed while the daemon says whether it has ended, so the program is gone after that.
    error = failure(
        Daemon(silent=ENDED, answers={"/exec/def/json": {"ExitCode": 137}}, output=b"Installing\n"), timeout=0.1
    )

    assert type(error) is ContainerError
    assert error.what.startswith("the build took longer than 0.1 seconds and was stopped: ")
    assert error.hint == "set --timeout to more seconds"


def test_container_that_ends_at_once_is_an_error(failure: Callable[..., BuildError]) -> None:
    """A user of an image without `cat` would see a message about an HTTP request."""
    error = failure(Daemon(answers={"/containers/NAME/json": {"State": {"Running": False}}}))

    assert type(error) is ContainerError
    assert str(error) == "the container ended right after its start\n  hint: set --image to an image that has `cat`"


def test_image_that_the_processor_cannot_run_is_an_error(failure: Callable[..., BuildError]) -> None:
    """Some daemons report no error when they start a program of another architecture."""
    answers = {"/images/sha256:0/json": {"Architecture": "arm64"}, ENDED: {"StatusCode": 1}}
    error = failure(Daemon(answers=answers))

    assert type(error) is HostError
    assert error.what == "the Docker daemon cannot run programs for arm64: exec format error"
    assert "--builder wheels" in str(error.hint)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("unix:///nowhere.sock", "unix:///nowhere.sock: no Docker daemon answers: No such file or directory"),
        ("tcp://127.0.0.1:9", "tcp://127.0.0.1:9: no Docker daemon answers: Connection refused"),
    ],
)
def test_daemon_that_does_not_answer_is_an_error(host: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user would read the names of three HTTP libraries."""
    monkeypatch.setenv("DOCKER_HOST", host)

    with pytest.raises(HostError) as caught, connect():
        pass

    assert str(caught.value).startswith(f"{message}\n  hint: start Docker, or point DOCKER_HOST")
    del caught
    gc.collect()  # the Docker SDK does not close a socket that it cannot connect; the warning belongs to this test
