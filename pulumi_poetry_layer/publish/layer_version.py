"""Declares the layer version in AWS: by direct upload, or through an S3 bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pulumi
import pulumi_aws as aws

from pulumi_poetry_layer.publish.archive_hash import archive_of, asset_of
from pulumi_poetry_layer.publish.kept_hash import keep_hash

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pulumi_poetry_layer.provider import LayerBuild


@dataclass(frozen=True, kw_only=True)
class LayerZip:
    """The zip of a layer, which may not be built yet.

    Attributes:
        path: its path, relative to the program.
        fingerprint: the fingerprint of the plan.
        build: the resource that builds it if the fingerprint has changed.
        hooks: hooks that build it before a resource uploads it, if it is missing; None in a unit test with mocks.
    """

    path: str
    fingerprint: str
    build: LayerBuild
    hooks: pulumi.ResourceHookBinding | None


@dataclass(frozen=True, kw_only=True)
class LayerSettings:
    """Arguments of ``aws.lambda_.LayerVersion``."""

    layer_name: pulumi.Input[str]
    compatible_architectures: Sequence[pulumi.Input[str]]
    compatible_runtimes: pulumi.Input[Sequence[pulumi.Input[str]]]
    description: pulumi.Input[str] | None
    license_info: pulumi.Input[str] | None
    skip_destroy: pulumi.Input[bool] | None


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
    return aws.lambda_.LayerVersion(
        name,
        code=cast("Awaitable[pulumi.Archive]", keep_hash(archive_of(layer_zip.path, layer_zip.fingerprint), parent)),
        **vars(settings),
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
    zip_object = aws.s3.BucketObjectv2(
        name,
        bucket=bucket,
        key=pulumi.Output.all(key_prefix, settings.layer_name).apply(
            lambda parts: "/".join(
                [*str(parts[0]).strip("/").split("/"), parts[1], f"{layer_zip.fingerprint}.zip"]
            ).lstrip("/")
        ),
        source=cast("Awaitable[pulumi.Asset]", keep_hash(asset_of(layer_zip.path, layer_zip.fingerprint), parent)),
        content_type="application/zip",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[layer_zip.build], hooks=layer_zip.hooks),
    )
    layer_version = aws.lambda_.LayerVersion(
        name,
        s3_bucket=zip_object.bucket,
        s3_key=zip_object.key,
        **vars(settings),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=parent, depends_on=[layer_zip.build])),
    )
    return zip_object, layer_version
