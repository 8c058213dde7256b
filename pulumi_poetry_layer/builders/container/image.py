"""Images to build in: the Lambda build image of a runtime, and an image made from it that contains Poetry."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound
from docker.utils import parse_repository_tag

from pulumi_poetry_layer.builders.container.container import CACHE_FOLDER, start_container
from pulumi_poetry_layer.builders.container.daemon import DISK_HINT, LABEL, daemon_errors
from pulumi_poetry_layer.builders.container.environment import CERTIFICATES_FOLDER
from pulumi_poetry_layer.errors import BuildError, ContainerError, HostError
from pulumi_poetry_layer.host.cache import cache_root
from pulumi_poetry_layer.host.locks import locked
from pulumi_poetry_layer.host.process import mask_secrets
from pulumi_poetry_layer.host.variables import MIRROR_VARIABLE
from pulumi_poetry_layer.wording import keyword

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.images import Image

    from pulumi_poetry_layer.builders.container.container import BuildContainer, ContainerLimits
    from pulumi_poetry_layer.builders.container.environment import ContainerEnvironment
    from pulumi_poetry_layer.plan.target import Target

DEFAULT_IMAGE = "public.ecr.aws/sam/build-{runtime}:latest-{architecture}"
"""The build images that AWS publishes: https://gallery.ecr.aws/sam"""

POETRY_VERSION = "2.5.1"
"""The Poetry that is installed into a build image with Python 3.10 or newer."""

POETRY_VERSION_ON_PYTHON39 = "2.2.1"
"""The last Poetry that runs on Python 3.9."""

REPOSITORY = "pulumi-poetry-layer/build"
"""Name of the images with Poetry. The tag is a digest of the build image and of what is installed."""

POETRY = "/opt/pulumi-poetry-layer/poetry/bin/poetry"
"""Path of Poetry in an image with Poetry."""

_POETRY_ENVIRONMENT = "/opt/pulumi-poetry-layer/poetry"
_MIRROR_PLUGIN = "poetry-plugin-pypi-mirror==0.6.5"
_RECIPE = 1  # to be raised when Poetry is installed in another way
_DOCKER_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
_REMOVED_HINT = "another program has removed it: run the command again"
_INSTALL_HINT = "pip installs Poetry in the container: check PIP_INDEX_URL and the proxy variables of this host"

_PULL_FAILURES: tuple[tuple[tuple[str, ...], type[BuildError], str, str], ...] = (
    (
        ("no space left on device",),
        ContainerError,
        "the disk of the Docker daemon is full",
        DISK_HINT,
    ),
    (
        ("no matching manifest", "does not match the specified platform"),
        HostError,
        "the image does not exist for this platform",
        "set {image} to an image for {platform}",
    ),
    (
        ("denied", "unauthorized", "authentication required", "no basic auth"),
        ContainerError,
        "the registry denies access to the image, or the image does not exist",
        "check the name in {image}; if it is right, log in with `docker login`",
    ),
    (
        ("toomanyrequests", "rate limit"),
        ContainerError,
        "the registry is rate-limiting you",
        "log in with `docker login`, or wait and run the command again",
    ),
    (
        ("manifest unknown", "not found", "name unknown", "invalid reference"),
        ContainerError,
        "the image does not exist",
        "check the name in {image}",
    ),
    (
        ("no such host", "dial tcp", "timeout", "connection refused", "tls", "x509", "eof"),
        HostError,
        "the Docker daemon cannot reach the registry of the image",
        "configure the proxy or the certificate of the daemon, or load {reference} with `docker load`",
    ),
)
"""Words in the message of a failed pull, error class, meaning and hint. The first row that fits counts."""

_log = logging.getLogger(__name__)


def image_reference(image: str, target: Target) -> str:
    """The name of the image for a target, with ``{runtime}`` and ``{architecture}`` replaced."""
    return image.replace("{runtime}", target.runtime).replace("{architecture}", target.architecture)


def poetry_version(target: Target) -> str:
    """The version of Poetry that builds for a target."""
    return POETRY_VERSION if target.python_version >= (3, 10) else POETRY_VERSION_ON_PYTHON39


def find_image(client: DockerClient, reference: str, target: Target) -> str:
    """The id of an image for the architecture of the target. It is pulled if the daemon does not have it.

    Args:
        client: the connection to the daemon.
        reference: name and tag or digest of the image.
        target: the target.

    Raises:
        ContainerError: the image does not exist, or the registry denies access.
        HostError: the image is for another architecture, or its registry cannot be reached.
    """
    architecture = _DOCKER_ARCHITECTURES[target.architecture]
    found = _image(client, reference)
    if found is None or found.attrs["Architecture"] != architecture:
        _pull(client, reference, f"linux/{architecture}")
        found = _image(client, reference)
    if found is None:
        raise ContainerError(
            "the image was pulled, but the Docker daemon does not have it any more", where=reference, hint=_REMOVED_HINT
        )
    if found.attrs["Architecture"] != architecture:
        raise HostError(
            f"the image is for {found.attrs['Architecture']}, but the layer is for {target.architecture}",
            where=reference,
            hint=f"set {keyword('image')} to an image for {target.architecture}",
        )
    return str(found.id)


def image_with_poetry(
    client: DockerClient, base: str, target: Target, environment: ContainerEnvironment, limits: ContainerLimits
) -> str:
    """The id of an image with the content of a build image and Poetry. It is made once for each build image.

    If the environment has a mirror of PyPI, the image also contains the plugin that lets Poetry use it.

    Args:
        client: the connection to the daemon.
        base: id of the build image.
        target: the target.
        environment: environment variables and certificates for pip.
        limits: network and time limit of the container in which Poetry is installed.

    Raises:
        BuildError: Poetry cannot be installed, or the daemon reported an error.
    """
    requirements = [f"poetry=={poetry_version(target)}"]
    if MIRROR_VARIABLE in environment.variables:
        requirements.append(_MIRROR_PLUGIN)
    tag = hashlib.sha256(json.dumps([_RECIPE, base, requirements]).encode()).hexdigest()[:16]
    reference = f"{REPOSITORY}:{tag}"
    if _image(client, reference) is None:
        with locked(cache_root() / "locks" / f"image-{tag}.lock", f"the image {reference}"):
            if _image(client, reference) is None:
                _log.info("installing %s into a copy of the build image (only once)", " and ".join(requirements))
                with start_container(client, base, limits) as container:
                    _install_poetry(container, target, requirements, environment)
                    container.commit(REPOSITORY, tag, {LABEL: "image"})
    made = _image(client, reference)
    if made is None:
        raise ContainerError(
            "the image was made, but the Docker daemon does not have it any more", where=reference, hint=_REMOVED_HINT
        )
    return str(made.id)


def _install_poetry(
    container: BuildContainer, target: Target, requirements: list[str], environment: ContainerEnvironment
) -> None:
    pip = ["-m", "pip", "--python", f"{_POETRY_ENVIRONMENT}/bin/python", "install", "--quiet"]
    # pip gets no login except the one in the address of its index. With such a login it must not cache answers.
    passed = {name: value for name, value in environment.variables.items() if not name.startswith("POETRY_")}
    variables = {**passed, "PIP_CACHE_DIR": f"{CACHE_FOLDER}/pip", "PIP_ROOT_USER_ACTION": "ignore"}
    if "@" in passed.get("PIP_INDEX_URL", ""):
        variables["PIP_NO_CACHE_DIR"] = "1"
    container.write(CERTIFICATES_FOLDER, environment.certificates)
    for command in (
        [target.runtime, "-m", "venv", "--without-pip", _POETRY_ENVIRONMENT],
        [target.runtime, *pip, *requirements],
        ["rm", "-r", CERTIFICATES_FOLDER],
    ):
        container.run(command, environment=variables, hint=_INSTALL_HINT)


def _image(client: DockerClient, reference: str) -> Image | None:
    with daemon_errors(f"looking for the image {reference}"):
        try:
            return client.images.get(reference)
        except ImageNotFound:
            return None


def _pull(client: DockerClient, reference: str, platform: str) -> None:
    """Pull an image.

    Raises:
        BuildError: the registry or the daemon reported an error.
    """
    repository, tag = parse_repository_tag(reference)
    _log.info("pulling %s", reference)
    try:
        with daemon_errors(f"pulling {reference}"):
            for event in client.api.pull(repository, tag=tag or "latest", stream=True, decode=True, platform=platform):
                if "error" in event:
                    raise ContainerError(str(event["error"]))
    except BuildError as error:
        raise _pull_error(error, reference, platform) from error


def _pull_error(error: BuildError, reference: str, platform: str) -> BuildError:
    """The error for a failed pull. Registries and daemons report the same failure in different words."""
    message = mask_secrets(error.what)
    for words, kind, what, hint in _PULL_FAILURES:
        if any(word in message.lower() for word in words):
            names = {"reference": reference, "platform": platform, "image": keyword("image")}
            return kind(f"{what}: {message}", where=reference, hint=hint.format_map(names))
    return type(error)(message, where=reference, hint=error.hint or f"run `docker pull {reference}` to see the details")
