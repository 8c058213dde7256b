"""Declares the layer version in AWS: by direct upload, or through an S3 bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pulumi
import pulumi_aws as aws

from pulumi_poetry_layer.publish.archive_hash import archive_of, asset_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pulumi_poetry_layer.publish.layer_zip import LayerZip


@dataclass(frozen=True, kw_only=True)
class LayerSettings:
    """Arguments of ``aws.lambda_.LayerVersion``."""

    layer_name: pulumi.Input[str]
    compatible_architectures: Sequence[pulumi.Input[str]]
    compatible_runtimes: pulumi.Input[Sequence[pulumi.Input[str]]]
    description: pulumi.Input[str] | None
    license_info: pulumi.Input[str] | pulumi.Output[str | None] | None
    skip_destroy: pulumi.Input[bool] | None
    region: pulumi.Input[str] | None = None

    def arguments(self) -> dict[str, Any]:
        """The settings as arguments of ``aws.lambda_.LayerVersion``."""
        settings = {name: value for name, value in vars(self).items() if name != "region"}
        return settings | self.in_region()

    def in_region(self) -> dict[str, Any]:
        """The argument ``region`` if it is set: ``pulumi-aws`` 6 does not have it."""
        return {} if self.region is None else {"region": self.region}


def layer_version_options(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """The options of the component that Pulumi does not pass on to its children; they are applied to the layer version.

    Pulumi itself applies the providers, ``protect``, ``retain_on_delete``, aliases, transforms and ``depends_on`` of a
    component to all of its children.
    """
    if opts is None:
        return pulumi.ResourceOptions()
    return pulumi.ResourceOptions(
        ignore_changes=opts.ignore_changes,
        replace_on_changes=opts.replace_on_changes,
        delete_before_replace=opts.delete_before_replace,
        custom_timeouts=opts.custom_timeouts,
    )


def publish_directly(
    name: str,
    layer_zip: LayerZip,
    settings: LayerSettings,
    parent: pulumi.Resource,
    *,
    opts: pulumi.ResourceOptions,
) -> aws.lambda_.LayerVersion:
    """Declare a layer version with a direct upload, which AWS accepts up to 50 MiB.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

    Args:
        name: name of the resource.
        layer_zip: the zip to upload.
        settings: arguments of the layer version.
        parent: the component.
        opts: options of the layer version.
    """
    own_opts = pulumi.ResourceOptions(parent=parent, depends_on=[layer_zip.build], hooks=layer_zip.hooks)
    archive = archive_of(layer_zip.place.path, layer_zip.fingerprint)
    return aws.lambda_.LayerVersion(
        name,
        code=cast("Awaitable[pulumi.Archive]", layer_zip.seams.keep_hash(archive, parent)),
        **settings.arguments(),
        opts=pulumi.ResourceOptions.merge(opts, own_opts),
    )


def publish_through_bucket(
    name: str,
    layer_zip: LayerZip,
    settings: LayerSettings,
    parent: pulumi.Resource,
    *,
    bucket: pulumi.Input[str],
    key_prefix: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> tuple[aws.s3.BucketObjectv2, aws.lambda_.LayerVersion]:
    """Declare an S3 object ``<prefix>/<layer name>/<fingerprint>.zip`` and a layer version that is published from it.

    The key contains the fingerprint. So a new zip has a new key, and a new key replaces the layer version.

    Args:
        name: name of both resources.
        layer_zip: the zip to upload.
        settings: arguments of the layer version.
        parent: the component.
        bucket: the S3 bucket.
        key_prefix: the start of the object's key.
        opts: options of the layer version.
    """
    key = pulumi.Output.all(key_prefix, settings.layer_name).apply(
        lambda parts: f"{parts[0].strip('/')}/{parts[1]}/{layer_zip.fingerprint}.zip".lstrip("/")
    )
    asset = asset_of(layer_zip.place.path, layer_zip.fingerprint)
    zip_object = aws.s3.BucketObjectv2(
        name,
        bucket=bucket,
        key=key,
        source=cast("Awaitable[pulumi.Asset]", layer_zip.seams.keep_hash(asset, parent)),
        content_type="application/zip",
        **settings.in_region(),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[layer_zip.build],
            hooks=layer_zip.hooks,
            # With --replace, the new object has the key of the old one, and would be deleted as the old one.
            delete_before_replace=True,
        ),
    )
    # The properties are not outputs of the object: Pulumi would delete the old layer version before the object, too.
    own_opts = pulumi.ResourceOptions(parent=parent, depends_on=[layer_zip.build, zip_object])
    layer_version = aws.lambda_.LayerVersion(
        name,
        s3_bucket=bucket,
        s3_key=key,
        **settings.arguments(),
        opts=pulumi.ResourceOptions.merge(opts, own_opts),
    )
    return zip_object, layer_version
