"""Keeps the hash of an archive in programs with resource transforms.

A transform (``pulumi.runtime.register_resource_transform`` or the option ``transforms``) gets the properties of a
resource as objects of the SDK, and the SDK's ``FileArchive`` has a path but no hash. If the transform returns them, the
engine computes the hash of the file at that path. On a fresh checkout that is an empty file: every layer would look
changed, and all layers would have the same hash. So if a program has transforms, this package registers one more, which
runs after them and restores the hash. If that does not work, ``plugin_copy`` refuses to publish the layer.

The transforms of a program in another process cannot be seen. So the plugin for other languages always registers it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pulumi

from pulumi_poetry_layer.publish.plugin_copy import remove_copy
from pulumi_poetry_layer.sdk_internals.transforms import ProgramTransforms, add_stack_transform

if TYPE_CHECKING:
    from collections.abc import Mapping

_ARCHIVE_PROPERTIES = {"aws:lambda/layerVersion:LayerVersion": "code", "aws:s3/bucketObjectv2:BucketObjectv2": "source"}


class _RestoreHash:
    """The transform of one program; it has the archives of all layers, by path."""

    def __init__(self) -> None:
        self.archives: dict[str, Mapping[str, str]] = {}
        self.hashes: set[str] = set()
        self.ran_after = 0

    def remove_copy_once(self, fingerprint: str) -> None:
        """In an update, remove the copy, which is made again when the first layer with this hash is registered."""
        if not pulumi.runtime.is_dry_run() and fingerprint not in self.hashes:
            self.hashes.add(fingerprint)
            remove_copy(fingerprint)

    def __call__(self, args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        """Restore the archive of a layer. Other resources are not changed."""
        name = _ARCHIVE_PROPERTIES.get(args.type_, "")
        archive = self.archives.get(getattr(args.props.get(name), "path", ""))
        if archive is None:
            return None
        return pulumi.ResourceTransformResult({**args.props, name: archive}, args.opts)


_transforms_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _RestoreHash] = WeakKeyDictionary()
"""The transform of each program, by event loop: a process may run several programs."""


async def keep_hash(archive: Mapping[str, str], parent: pulumi.Resource) -> Mapping[str, str]:
    """Return the archive or asset as soon as transforms cannot remove its hash from a child of ``parent``."""
    await parent.urn.future()  # the transforms of the parent and its ancestors are registered now
    ours = _transforms_by_loop.setdefault(asyncio.get_running_loop(), _RestoreHash())
    transforms = ProgramTransforms()
    if transforms.may_remove_hashes():
        ours.remove_copy_once(archive["hash"])
    # Our transform is needed only if there are others, and must run last. So it is registered again after a new one.
    if len(transforms):
        ours.archives[archive["path"]] = archive
        if len(transforms) != ours.ran_after:
            transforms.append(ours)
            ours.ran_after = len(transforms)
    return archive


async def keep_hash_always(archive: Mapping[str, str], parent: pulumi.Resource) -> Mapping[str, str]:
    """:func:`keep_hash` in a process that cannot see the transforms of the program."""
    await parent.urn.future()
    ours = _transforms_by_loop.setdefault(asyncio.get_running_loop(), _RestoreHash())
    ours.remove_copy_once(archive["hash"])
    ours.archives[archive["path"]] = archive
    await add_stack_transform(ours)
    return archive
