"""Images to build in: the Lambda build image of a runtime, and one made from it that has Poetry at a pinned version."""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound
from docker.utils import parse_repository_tag
from filelock import FileLock

from pulumi_poetry_layer.builders.container.container import CACHE_FOLDER, start_container
from pulumi_poetry_layer.builders.container.daemon import LABEL, daemon_errors
from pulumi_poetry_layer.builders.container.environment import CERTIFICATES_FOLDER
from pulumi_poetry_layer.errors import BuildError, ContainerError, HostError
from pulumi_poetry_layer.host.cache import cache_root
from pulumi_poetry_layer.host.process import mask_secrets
from pulumi_poetry_layer.host.variables import MIRROR_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient
    from docker.models.images import Image

    from pulumi_poetry_layer.builders.container.container import BuildContainer, ContainerLimits
    from pulumi_poetry_layer.builders.container.environment import ContainerEnvironment
    from pulumi_poetry_layer.plan.target import Target

DEFAULT_IMAGE = "public.ecr.aws/sam/build-{runtime}:latest-{architecture}"
"""AWS's own build images: https://gallery.ecr.aws/sam"""

POETRY_VERSION = "2.5.1"

POETRY_VERSION_ON_PYTHON39 = "2.2.1"
"""The last Poetry that runs on Python 3.9."""

REPOSITORY = "pulumi-poetry-layer/build"
"""Name of the images that are made here; the tag is a digest of what decides their content."""

POETRY = "/opt/pulumi-poetry-layer/poetry/bin/poetry"
"""Where Poetry is in an image that was made here."""

_POETRY_ENVIRONMENT = "/opt/pulumi-poetry-layer/poetry"
_MIRROR_PLUGIN = "poetry-plugin-pypi-mirror==0.6.5"
_RECIPE = 1  # raised when the same base and the same requirements would give another image
_DOCKER_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
_INSTALL_HINT = "Poetry is installed by pip, which heeds PIP_INDEX_URL and the proxy variables of this host"

_PULL_FAILURES: tuple[tuple[tuple[str, ...], type[BuildError], str, str], ...] = (
    (
        ("no space left on device",),
        ContainerError,
        "the disk of the Docker daemon is full",
        "make room with `docker system prune` or `pulumi-poetry-layer cache clear`",
    ),
    (
        ("no matching manifest", "does not match the specified platform"),
        HostError,
        "the image does not exist for this platform",
        "let image= name one for {platform}",
    ),
    (
        ("denied", "unauthorized", "authentication required", "no basic auth"),
        ContainerError,
        "the image may not be pulled, or does not exist",
        "check the name; if it is right, log in with `docker login`",
    ),
    (("toomanyrequests", "rate limit"), ContainerError, "the registry wants a pause", "log in with `docker login`"),
    (
        ("manifest unknown", "not found", "name unknown", "invalid reference"),
        ContainerError,
        "there is no such image",
        "check the name in image=",
    ),
    (
        ("no such host", "dial tcp", "timeout", "connection refused", "tls", "x509", "eof"),
        HostError,
        "the image's registry cannot be reached by the Docker daemon",
        "give the daemon its proxy or certificate, or bring the image there by `docker load`: {reference}",
    ),
)
"""Words of a failed pull → what they mean and what to do, most telling first."""

_log = logging.getLogger(__name__)


def image_reference(image: str, target: Target) -> str:
    """The image for a target: ``{runtime}`` and ``{architecture}`` are filled in."""
    return image.replace("{runtime}", target.runtime).replace("{architecture}", target.architecture)


def poetry_version(target: Target) -> str:
    """The Poetry that builds for a target."""
    return POETRY_VERSION if target.python_version >= (3, 10) else POETRY_VERSION_ON_PYTHON39


def find_image(client: DockerClient, reference: str, target: Target) -> str:
    """Id of the image of that name for the target's architecture; pulled if the daemon does not have it.

    Raises:
        ContainerError: it does not exist, or may not be pulled.
        HostError: it is for another architecture, or its registry cannot be reached.
    """
    architecture = _DOCKER_ARCHITECTURES[target.architecture]
    found = _image(client, reference)
    if found is None or found.attrs["Architecture"] != architecture:
        _pull(client, reference, f"linux/{architecture}")
        found = _image(client, reference)
    if found is None:
        raise ContainerError("the image was pulled but is not there", where=reference)
    if found.attrs["Architecture"] != architecture:
        raise HostError(
            f"the image is for {found.attrs['Architecture']}, the layer is for {target.architecture}",
            where=reference,
            hint=f"let image= name one for {target.architecture}",
        )
    return str(found.id)


def image_with_poetry(
    client: DockerClient, base: str, target: Target, environment: ContainerEnvironment, limits: ContainerLimits
) -> str:
    """Id of the image that is the base and Poetry; made once for each base, then found again.

    With a mirror of PyPI in the environment it also has the plugin through which Poetry uses one.

    Raises:
        BuildError: Poetry cannot be installed, or the daemon fails.
    """
    requirements = [f"poetry=={poetry_version(target)}"]
    if MIRROR_VARIABLE in environment.variables:
        requirements.append(_MIRROR_PLUGIN)
    tag = hashlib.sha256(json.dumps([_RECIPE, base, requirements]).encode()).hexdigest()[:16]
    reference = f"{REPOSITORY}:{tag}"
    if _image(client, reference) is None:
        with _alone(tag):
            if _image(client, reference) is None:
                _log.info("installing %s into a copy of the build image, once", " and ".join(requirements))
                with start_container(client, base, limits) as container:
                    _install_poetry(container, target, requirements, environment)
                    container.commit(REPOSITORY, tag, {LABEL: "image"})
    made = _image(client, reference)
    if made is None:
        raise ContainerError("the image was made but is not there", where=reference)
    return str(made.id)


def _install_poetry(
    container: BuildContainer, target: Target, requirements: list[str], environment: ContainerEnvironment
) -> None:
    pip = ["-m", "pip", "--python", f"{_POETRY_ENVIRONMENT}/bin/python", "install", "--quiet"]
    # Only what pip needs: no login but the one in the address of its index, and then it keeps no answers of that.
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


@contextmanager
def _alone(tag: str) -> Iterator[None]:
    """Let one process of this host make an image, and the others wait for it."""
    folder = cache_root() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"image-{tag}.lock"):
        yield


def _image(client: DockerClient, reference: str) -> Image | None:
    with daemon_errors(f"looking for the image {reference}"):
        try:
            return client.images.get(reference)
        except ImageNotFound:
            return None


def _pull(client: DockerClient, reference: str, platform: str) -> None:
    """Pull an image.

    Raises:
        BuildError: the registry or the daemon says no.
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
    """What a failed pull means; registries and daemons word it in their own ways."""
    told = mask_secrets(error.what)
    for words, kind, what, hint in _PULL_FAILURES:
        if any(word in told.lower() for word in words):
            return kind(f"{what}: {told}", where=reference, hint=hint.format(reference=reference, platform=platform))
    return type(error)(told, where=reference, hint=error.hint or f"see what `docker pull {reference}` says")
