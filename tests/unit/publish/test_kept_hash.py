"""The transform that restores the hash of an archive; the end-to-end tests check that it runs last."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_poetry_layer.publish.archive_hash import archive_of
from pulumi_poetry_layer.publish.kept_hash import _RestoreHash

LAYER = "aws:lambda/layerVersion:LayerVersion"
OURS = archive_of(".poetry-layer/dev/deps-0123456789ab.zip", "0123456789abcdef")


def transformed(type_: str, props: dict[str, Any]) -> dict[str, Any] | None:
    """The properties after our transform, None if it does not change them."""
    transform = _RestoreHash()
    transform.archives[OURS["path"]] = OURS
    options = pulumi.ResourceOptions()
    args = pulumi.ResourceTransformArgs(custom=True, type_=type_, name="deps", props=props, opts=options)
    result = transform(args)
    assert result is None or result.opts is options
    return None if result is None else dict(result.props)


def test_hash_of_a_layer_archive_is_restored() -> None:
    """Otherwise the engine takes the hash of an empty file, and the layer is published again."""
    given = {"code": pulumi.FileArchive(OURS["path"]), "description": "d"}
    assert transformed(LAYER, given) == {"code": OURS, "description": "d"}
    stored = {"source": pulumi.FileAsset(OURS["path"])}
    assert transformed("aws:s3/bucketObjectv2:BucketObjectv2", stored) == {"source": OURS}


def test_other_archives_and_resources_are_not_changed() -> None:
    """Otherwise other layers or functions of the program get the code of a PoetryLayer."""
    assert transformed(LAYER, {"code": pulumi.FileArchive("mine.zip")}) is None
    assert transformed(LAYER, {"s3Key": "mine.zip"}) is None
    assert transformed(LAYER, {"code": pulumi.AssetArchive({})}) is None
    assert transformed("aws:lambda/function:Function", {"code": pulumi.FileArchive(OURS["path"])}) is None
