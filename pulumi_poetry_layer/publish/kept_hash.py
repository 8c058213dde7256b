"""Archives that keep their hash when the program's own resource transforms hand them back.

A transform (``pulumi.runtime.register_resource_transform`` or the option ``transforms``) gets a resource's properties
as the SDK's own objects, and its ``FileArchive`` has a path and no hash. When the transform returns them, the engine
takes the hash of whatever lies at the path: on a fresh checkout that of an empty file, which reads as a change, and is
the same for every layer. So where a program has transforms, one more runs after them and puts the hash back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pulumi

from pulumi_poetry_layer.publish.sdk_internals import ProgramTransforms

if TYPE_CHECKING:
    from collections.abc import Mapping

_ARCHIVE_PROPERTIES = {"aws:lambda/layerVersion:LayerVersion": "code", "aws:s3/bucketObjectv2:BucketObjectv2": "source"}


class _Restoring:
    """The transform of one program; it knows the archives of all its layers by their path."""

    def __init__(self) -> None:
        self.archives: dict[str, Mapping[str, str]] = {}
        self.ran_after = 0

    def __call__(self, args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        """Put the archive back as the component gave it; other resources are left alone."""
        name = _ARCHIVE_PROPERTIES.get(args.type_, "")
        archive = self.archives.get(getattr(args.props.get(name), "path", ""))
        if archive is None:
            return None
        return pulumi.ResourceTransformResult({**args.props, name: archive}, args.opts)


_restoring: WeakKeyDictionary[asyncio.AbstractEventLoop, _Restoring] = WeakKeyDictionary()
"""By the event loop of a program: a process may run several programs."""


async def keep_hash(archive: Mapping[str, str], parent: pulumi.Resource) -> Mapping[str, str]:
    """The archive or asset again, as soon as no transform can strip its hash off a child of ``parent`` any more."""
    await parent.urn.future()  # from now on the transforms of all ancestors are known
    transforms = ProgramTransforms()
    # Without any, ours would only cost time; where there are, it has to be the last to run, so it is registered again
    # after each new one.
    if len(transforms):
        ours = _restoring.setdefault(asyncio.get_running_loop(), _Restoring())
        ours.archives[archive["path"]] = archive
        if len(transforms) != ours.ran_after:
            transforms.append(ours)
            ours.ran_after = len(transforms)
    return archive
