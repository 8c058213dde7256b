"""From the zip to a layer version in AWS: by direct upload, or through an S3 bucket."""

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
    """A layer's zip that may not be there yet.

    Attributes:
        path: where it will be, relative to the program's folder.
        fingerprint: what decides its bytes.
        build: the resource that builds it when the fingerprint changes.
        hooks: make sure that it is there when a resource is about to upload it; none in a unit test with mocks.
    """

    path: str
    fingerprint: str
    build: LayerBuild
    hooks: pulumi.ResourceHookBinding | None


@dataclass(frozen=True, kw_only=True)
class LayerSettings:
    """What a layer version is published as; see ``aws.lambda_.LayerVersion``."""

    layer_name: pulumi.Input[str]
    compatible_architectures: Sequence[pulumi.Input[str]]
    compatible_runtimes: pulumi.Input[Sequence[pulumi.Input[str]]]
    description: pulumi.Input[str] | None
    license_info: pulumi.Input[str] | None
    skip_destroy: pulumi.Input[bool] | None


def layer_version_options(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options of the component that Pulumi applies to one resource only, for the one that they can be meant for.

    Providers, ``protect``, ``retain_on_delete``, aliases and transforms reach all children by themselves, and what the
    component depends on is there before its children are made.
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
    planned: LayerZip,
    settings: LayerSettings,
    parent: pulumi.Resource,
    *,
    opts: pulumi.ResourceOptions,
) -> aws.lambda_.LayerVersion:
    """Publish by direct upload, which AWS takes up to 50 MiB; ``opts`` are the layer version's.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    mine = pulumi.ResourceOptions(parent=parent, depends_on=[planned.build], hooks=planned.hooks)
    return aws.lambda_.LayerVersion(
        name,
        code=cast("Awaitable[pulumi.Archive]", keep_hash(archive_of(planned.path, planned.fingerprint), parent)),
        **vars(settings),
        opts=pulumi.ResourceOptions.merge(opts, mine),
    )


def publish_through_bucket(
    name: str,
    planned: LayerZip,
    settings: LayerSettings,
    parent: pulumi.Resource,
    *,
    bucket: pulumi.Input[str],
    key_prefix: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> tuple[aws.s3.BucketObjectv2, aws.lambda_.LayerVersion]:
    """Upload to S3 as ``<prefix>/<layer name>/<fingerprint>.zip``, then publish from there, with ``opts``.

    The key holds the fingerprint, so another zip is another object: the layer version is replaced because its key is.
    """
    zip_object = aws.s3.BucketObjectv2(
        name,
        bucket=bucket,
        key=pulumi.Output.all(key_prefix, settings.layer_name).apply(
            lambda parts: "/".join(
                [*str(parts[0]).strip("/").split("/"), parts[1], f"{planned.fingerprint}.zip"]
            ).lstrip("/")
        ),
        source=cast("Awaitable[pulumi.Asset]", keep_hash(asset_of(planned.path, planned.fingerprint), parent)),
        content_type="application/zip",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[planned.build], hooks=planned.hooks),
    )
    layer_version = aws.lambda_.LayerVersion(
        name,
        s3_bucket=zip_object.bucket,
        s3_key=zip_object.key,
        **vars(settings),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=parent, depends_on=[planned.build])),
    )
    return zip_object, layer_version
