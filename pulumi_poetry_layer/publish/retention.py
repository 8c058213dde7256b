"""How many versions of a layer stay in AWS: ``keep_versions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_poetry_layer.kept_versions import mark_of, marked
from pulumi_poetry_layer.provider import is_shared_id

if TYPE_CHECKING:
    import pulumi_aws as aws

    from pulumi_poetry_layer.provider import BuildOutputs
    from pulumi_poetry_layer.publish.layer_zip import LayerZip


def marked_description(description: pulumi.Input[str] | None, name: str, build: BuildOutputs) -> pulumi.Output[str]:
    """The description with the mark of this layer, by which its versions are found in AWS."""
    return pulumi.Output.all(description, _mark(name, build)).apply(lambda parts: marked(*parts))


def keep_last_versions(
    name: str,
    layer_version: aws.lambda_.LayerVersion,
    layer_zip: LayerZip,
    parent: pulumi.Resource,
    *,
    keep: int,
    skip_destroy: pulumi.Input[bool] | None,
) -> None:
    """Declare the resource ``<name>-versions``, which deletes older versions when a new one is published.

    Args:
        name: name of the layer.
        layer_version: the version that is published.
        layer_zip: its zip.
        parent: the component.
        keep: number of versions that stay, with the published one.
        skip_destroy: whether the versions stay when the layer is destroyed.
    """
    provider: Any = parent.get_provider("aws:lambda/layerVersion:LayerVersion")
    inputs = {
        "layer_version_arn": layer_version.arn,
        "keep": keep,
        "mark": _mark(name, layer_zip.build),
        "skip_destroy": bool(skip_destroy) if skip_destroy is None else skip_destroy,
        **({"profile": provider.profile} if provider else {}),
    }
    layer_zip.seams.kept_versions(f"{name}-versions", inputs, pulumi.ResourceOptions(parent=parent))


def _mark(name: str, build: BuildOutputs) -> pulumi.Output[str]:
    """The mark comes from the id of the build, which is random, and stays when the stack is renamed."""
    names = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}/{name}"
    return build.id.apply(lambda id_: mark_of(names if is_shared_id(id_) else id_))
