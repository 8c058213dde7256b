"""Which image a container is started from. The daemon is a stand-in: no registry can be reached in tests.

Builds with a real daemon and a real image are in ``tests/e2e/test_container_builder.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ImageNotFound

from pulumi_poetry_layer.builders.container import image as image_module
from pulumi_poetry_layer.builders.container.container import ContainerLimits
from pulumi_poetry_layer.builders.container.environment import ContainerEnvironment
from pulumi_poetry_layer.builders.container.image import find_image, image_with_poetry
from pulumi_poetry_layer.errors import ContainerError, HostError
from pulumi_poetry_layer.host.variables import MIRROR_VARIABLE
from pulumi_poetry_layer.plan.target import Target

REFERENCE = "registry.invalid/build:1"
ARM64 = Target("python3.12", "arm64")


@dataclass
class Daemon:
    """A Docker daemon: its images, and what it answers to a pull."""

    images_by_name: dict[str, str] = field(default_factory=dict)
    pulled: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, str]] = field(default_factory=lambda: [{"status": "Download complete"}])
    pulls: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def images(self) -> Any:
        """The collection of images, as the client offers it."""
        return SimpleNamespace(get=self._get)

    @property
    def api(self) -> Any:
        """The low-level API, as the client offers it."""
        return SimpleNamespace(pull=self._pull)

    def _get(self, reference: str) -> Any:
        if reference not in self.images_by_name:
            raise ImageNotFound("no such image")
        return SimpleNamespace(id=f"sha256:{reference}", attrs={"Architecture": self.images_by_name[reference]})

    def _pull(self, repository: str, *, tag: str, platform: str, **_: bool) -> list[dict[str, str]]:
        self.pulls.append((repository, tag, platform))
        self.images_by_name |= self.pulled
        return self.events


@dataclass
class Container:
    """A container that records what is done in it."""

    daemon: Daemon
    commits: bool = True
    commands: list[tuple[list[str], dict[str, str]]] = field(default_factory=list)

    def write(self, *_: object) -> None:
        """Files are not kept."""

    def run(self, command: list[str], *, environment: dict[str, str], hint: str) -> None:
        """Record the command."""
        assert hint
        self.commands.append((command, environment))

    def commit(self, repository: str, tag: str, _labels: dict[str, str]) -> None:
        """Make the image, unless the daemon loses it."""
        if self.commits:
            self.daemon.images_by_name[f"{repository}:{tag}"] = "amd64"


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Container:
    """The container that is started from the build image."""
    made = Container(Daemon())

    @contextmanager
    def start(*_: object) -> Iterator[Container]:
        yield made

    monkeypatch.setattr(image_module, "start_container", start)
    monkeypatch.setenv("PULUMI_POETRY_LAYER_CACHE_DIR", str(tmp_path))
    return made


def make_image(container: Container, **variables: str) -> str:
    """The image with Poetry for an x86_64 target."""
    environment = ContainerEnvironment(variables=variables, certificates={}, keys={})
    client: Any = container.daemon
    return image_with_poetry(
        client, "sha256:base", Target("python3.12", "x86_64"), environment, ContainerLimits(timeout=9)
    )


def find(daemon: Daemon, reference: str = REFERENCE) -> str:
    """The image for arm64."""
    client: Any = daemon
    return find_image(client, reference, ARM64)


def test_image_of_the_architecture_is_used_without_a_pull() -> None:
    """Otherwise every build needs the registry."""
    daemon = Daemon({REFERENCE: "arm64"})
    assert find(daemon) == f"sha256:{REFERENCE}"
    assert daemon.pulls == []


@pytest.mark.parametrize("images", [{}, {REFERENCE: "amd64"}], ids=["no image", "image for another architecture"])
def test_image_is_pulled_for_the_architecture_of_the_target(images: dict[str, str]) -> None:
    """Otherwise the packages are compiled for the architecture of the host."""
    daemon = Daemon(images, pulled={REFERENCE: "arm64"})
    assert find(daemon) == f"sha256:{REFERENCE}"
    assert daemon.pulls == [("registry.invalid/build", "1", "linux/arm64")]


def test_name_without_a_tag_means_latest() -> None:
    """Otherwise the daemon pulls every tag of the repository."""
    daemon = Daemon(pulled={"registry.invalid/build": "arm64"})
    find(daemon, "registry.invalid/build")
    assert daemon.pulls == [("registry.invalid/build", "latest", "linux/arm64")]


def test_image_for_another_architecture_only_is_refused() -> None:
    """Otherwise the layer has native files that the function cannot load."""
    with pytest.raises(HostError, match="the image is for amd64, but the layer is for arm64") as caught:
        find(Daemon({REFERENCE: "amd64"}))
    assert caught.value.hint == "set image= to an image for arm64"


def test_image_that_is_gone_after_the_pull_is_an_error() -> None:
    """Otherwise the user sees a traceback if another process removes images."""
    with pytest.raises(ContainerError, match="was pulled, but the Docker daemon does not have it"):
        find(Daemon())


def test_error_in_the_middle_of_a_pull_is_reported() -> None:
    """The daemon answers 200 and reports the error among the events."""
    daemon = Daemon(events=[{"status": "Downloading"}, {"error": "no space left on device"}])
    with pytest.raises(ContainerError, match="the disk of the Docker daemon is full"):
        find(daemon)


def test_poetry_is_installed_once_for_each_build_image_and_mirror(container: Container) -> None:
    """Otherwise every build installs Poetry, or a build with a mirror has no plugin for it."""
    first = make_image(container)
    assert [command[0] for command, _ in container.commands] == ["python3.12", "python3.12", "rm"]
    assert make_image(container) == first
    assert len(container.commands) == 3

    assert make_image(container, **{MIRROR_VARIABLE: "http://mirror.invalid/simple/"}) != first
    assert "poetry-plugin-pypi-mirror==0.6.5" in container.commands[4][0]


@pytest.mark.parametrize(
    ("index", "caches"), [("https://index.invalid/", True), ("https://me:token@index.invalid/", False)]
)
def test_pip_caches_nothing_of_an_index_with_a_login(container: Container, index: str, caches: bool) -> None:
    """Otherwise the cache volume, which other projects share, contains answers that needed the login."""
    make_image(container, PIP_INDEX_URL=index, POETRY_HTTP_BASIC_A_PASSWORD="secret")
    _, variables = container.commands[1]
    assert ("PIP_NO_CACHE_DIR" not in variables) is caches
    assert "POETRY_HTTP_BASIC_A_PASSWORD" not in variables


def test_image_with_poetry_that_is_gone_is_an_error(container: Container) -> None:
    """Otherwise the user sees a traceback if another process removes images."""
    container.commits = False
    with pytest.raises(ContainerError, match="was made, but the Docker daemon does not have it"):
        make_image(container)
