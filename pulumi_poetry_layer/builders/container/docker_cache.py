"""What this package keeps in a Docker daemon between builds: images with Poetry, and a volume with caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.container.daemon import LABEL, connect, daemon_errors

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True)
class DockerCacheEntry:
    """An image or a volume.

    Attributes:
        kind: ``image`` or ``volume``.
        name: its name in the daemon.
        size: size in bytes; for an image, without the build image that it was made from.
    """

    kind: str
    name: str
    size: int


def docker_cache() -> list[DockerCacheEntry]:
    """List the images and the volume.

    Raises:
        HostError: no daemon answers.
        ContainerError: the daemon reported an error.
    """
    with connect() as client:
        return _entries(client)


def clear_docker_cache() -> int:
    """Remove the images and the volume, and return their size in bytes.

    Raises:
        HostError: no daemon answers.
        ContainerError: the daemon reported an error, for example because a build is running.
    """
    with connect() as client:
        found = _entries(client)
        for entry in found:
            with daemon_errors(f"removing the {entry.kind} {entry.name}"):
                if entry.kind == "image":
                    client.images.remove(entry.name)
                else:
                    client.volumes.get(entry.name).remove()
    return sum(entry.size for entry in found)


def _entries(client: DockerClient) -> list[DockerCacheEntry]:
    with daemon_errors("listing images and volumes"):
        used = client.df()
    images = [
        DockerCacheEntry("image", tag, image["Size"] - max(image["SharedSize"], 0))
        for image in used["Images"] or ()
        if (image["Labels"] or {}).get(LABEL) == "image"
        for tag in image["RepoTags"] or ()
    ]
    volumes = [
        DockerCacheEntry("volume", volume["Name"], max(volume["UsageData"]["Size"], 0))
        for volume in used["Volumes"] or ()
        if (volume["Labels"] or {}).get(LABEL) == "cache"
    ]
    return sorted([*images, *volumes], key=lambda entry: entry.name)
