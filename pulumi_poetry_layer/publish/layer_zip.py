"""Declares the zip of a layer: the resource that builds it, and the hooks that build it if it is missing."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextvars import copy_context
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_poetry_layer.arguments import is_mocked
from pulumi_poetry_layer.host.output import say_from_threads
from pulumi_poetry_layer.host.progress import reporting
from pulumi_poetry_layer.layer.savings import refuse_large_zip
from pulumi_poetry_layer.layer.stack_credentials import NAMESPACE, with_stack_credentials
from pulumi_poetry_layer.layer.zip_store import ensure_artifact
from pulumi_poetry_layer.printable import printable
from pulumi_poetry_layer.provider import DRY_RUN, BuildOutputs, owner_of, request_inputs
from pulumi_poetry_layer.publish.drift import built_sha256, refuse_different_zip
from pulumi_poetry_layer.publish.plugin_copy import refuse_lost_hash, remove_different_copy
from pulumi_poetry_layer.publish.threads import in_thread
from pulumi_poetry_layer.sdk_internals.early_registration import register_early

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.layer.planning import PlannedLayer
    from pulumi_poetry_layer.layer.request import LayerRequest
    from pulumi_poetry_layer.publish.build_folder import ZipPlace
    from pulumi_poetry_layer.publish.seams import Seams


@dataclass(frozen=True, kw_only=True)
class LayerZip:
    """The zip of a layer, which may not be built yet.

    Attributes:
        place: where it is, or will be.
        fingerprint: the fingerprint of the plan.
        build: the resource that builds it if the fingerprint has changed.
        hooks: hooks that build it before a resource uploads it, if it is missing; None in a unit test with mocks.
        seams: what depends on this process.
    """

    place: ZipPlace
    fingerprint: str
    build: BuildOutputs
    hooks: pulumi.ResourceHookBinding | None
    seams: Seams


def declare_zip(
    name: str,
    planned: PlannedLayer,
    place: ZipPlace,
    parent: pulumi.ComponentResource,
    seams: Seams,
    *,
    direct_upload: bool,
) -> LayerZip:
    """Declare the resource ``<name>-build``, which builds the zip of a layer.

    Args:
        name: name of the layer.
        planned: its plan.
        place: where the zip is, or will be.
        parent: the component.
        seams: what depends on this process.
        direct_upload: whether the layer is published without S3, for which AWS has a lower limit.
    """
    request, fingerprint = planned.request, planned.plan.fingerprint
    inputs: dict[str, Any] = {
        "fingerprint": fingerprint,
        "packages": planned.packages,
        "zip": place.path,
        "direct_upload": direct_upload,
        "lock_digest": hashlib.sha256(planned.files.lock.encode()).hexdigest()[:16],
        DRY_RUN: pulumi.runtime.is_dry_run(),
    }
    opts = pulumi.ResourceOptions(parent=parent)
    build = seams.build(f"{name}-build", inputs | request_inputs(request, _folder_of(request, seams)), opts)
    layer_zip = LayerZip(place=place, fingerprint=fingerprint, build=build, hooks=None, seams=seams)
    if is_mocked():
        return layer_zip
    register_early(parent)
    return replace(layer_zip, hooks=_zip_hooks(request, layer_zip, direct_upload=direct_upload))


def declare_sbom(
    name: str, planned: PlannedLayer, layer_zip: LayerZip, parent: pulumi.ComponentResource, *, direct_upload: bool
) -> pulumi.Output[str]:
    """Declare the resource ``<name>-sbom``, which describes the zip of a layer; return the document.

    It is a resource of its own, so that it can be asked for later without a new build or a new layer version.

    Args:
        name: name of the layer.
        planned: its plan.
        layer_zip: the zip.
        parent: the component.
        direct_upload: whether the layer is published without S3.
    """
    inputs: dict[str, Any] = {
        "fingerprint": planned.plan.fingerprint,
        "zip": layer_zip.place.path,
        "direct_upload": direct_upload,
        "build": layer_zip.build.id,
        **request_inputs(planned.request, _folder_of(planned.request, layer_zip.seams)),
    }
    return layer_zip.seams.sbom(f"{name}-sbom", inputs, pulumi.ResourceOptions(parent=parent)).sbom


def _folder_of(request: LayerRequest, seams: Seams) -> str:
    """The project's folder, relative to the program."""
    return Path(os.path.relpath(request.project_dir, seams.folder())).as_posix()


def _zip_hooks(request: LayerRequest, layer_zip: LayerZip, *, direct_upload: bool) -> pulumi.ResourceHookBinding:
    """Hooks that make sure that the zip is there, and is the right one, before a resource uploads it.

    The build child only builds the zip if the fingerprint has changed. If only the layer version is replaced, because
    of a new description for example, on a machine that does not have the zip, then a hook builds it.
    """
    get_configuration, one_at_a_time = _stack_configuration(), asyncio.Lock()
    place, fingerprint, build = layer_zip.place, layer_zip.fingerprint, layer_zip.build

    def build_zip(request_with_login: LayerRequest, owner: str, sha256: str | None) -> LayerArtifact:
        say = say_from_threads()
        with reporting(lambda line: say(printable(f"{place.label}: {line}"))):
            return ensure_artifact(request_with_login, place.file, fingerprint=fingerprint, owner=owner, sha256=sha256)

    async def ensure_zip() -> None:
        request_with_login = with_stack_credentials(request, get_configuration)
        sha256 = await built_sha256(build, fingerprint)
        owner = owner_of(str(await build.id.future()), place.file)
        # In a thread: the event loop of the program must serve the engine while the zip is built.
        async with one_at_a_time:  # it may be published in several regions
            artifact = await in_thread(build_zip, request_with_login, owner, sha256)
        refuse_large_zip(artifact, request, direct_upload=direct_upload)
        await refuse_different_zip(artifact, sha256, build)
        refuse_lost_hash(fingerprint, place.file)
        await in_thread(remove_different_copy, fingerprint, place.file)

    async def before_upload(args: pulumi.ResourceHookArgs) -> None:
        with layer_zip.seams.speaking_for(args.urn):
            await ensure_zip()

    hook = pulumi.ResourceHook(f"{place.label}-zip", before_upload)
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])


def _stack_configuration() -> Callable[[str], Any]:
    """A function that looks up this package's keys in the stack's configuration; it also works in a hook."""
    context, configuration = copy_context(), pulumi.Config(NAMESPACE)
    return lambda key: context.copy().run(configuration.get, key)
