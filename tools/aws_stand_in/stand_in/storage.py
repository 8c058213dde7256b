"""S3: buckets and objects."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import ClassVar, cast

from botocore.exceptions import ClientError

from stand_in.archives import is_content, materialize
from stand_in.host import Host
from stand_in.kind import REGION, TAGS, Kind, Property, given, is_missing
from stand_in.values import Props

_DEFAULT_REGION = "us-east-1"


class Bucket(Kind):
    """A bucket."""

    token = "aws:s3/bucket:Bucket"  # noqa: S105
    autoname = "bucket"
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": Property(force_new=True, computed=True),
        "forceDestroy": Property(default=False),
        "tags": TAGS,
        "region": REGION,
    }
    outputs = ("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "hostedZoneId", "tagsAll")

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Create the bucket."""
        region = inputs.get("region") or self.session.region
        client = self.session.storage(region)
        if region == _DEFAULT_REGION:
            client.create_bucket(Bucket=inputs["bucket"])
        else:
            where = {"LocationConstraint": region}
            client.create_bucket(Bucket=inputs["bucket"], CreateBucketConfiguration=where)  # type: ignore[arg-type]
        self._tag(inputs["bucket"], inputs)
        return inputs["bucket"], self.read(inputs["bucket"], inputs) or {}

    def read(self, resource_id: str, known: Props) -> Props | None:
        """Check whether the bucket exists, and read its properties."""
        client = self.session.storage(known.get("region"))
        try:
            client.head_bucket(Bucket=resource_id)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        constraint = cast("str | None", client.get_bucket_location(Bucket=resource_id).get("LocationConstraint"))
        region = constraint or _DEFAULT_REGION
        return {
            "bucket": resource_id,
            "arn": f"arn:aws:s3:::{resource_id}",
            "bucketDomainName": f"{resource_id}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{resource_id}.s3.{region}.amazonaws.com",
            "bucketRegion": region,
            "region": region,
            "hostedZoneId": "Z3AQBSTGFYJSTF",
            "tagsAll": known.get("tags", {}),
        }

    def update(self, resource_id: str, known: Props, inputs: Props) -> None:
        """Update the tags. ``forceDestroy`` is not a property on AWS."""
        del known
        self._tag(resource_id, inputs)

    def delete(self, resource_id: str, known: Props) -> None:
        """Delete the bucket. If ``forceDestroy`` is true, delete its objects first."""
        client = self.session.storage(known.get("region"))
        try:
            if known.get("forceDestroy"):
                for entry in client.list_objects_v2(Bucket=resource_id).get("Contents", []):
                    client.delete_object(Bucket=resource_id, Key=entry["Key"])
            client.delete_bucket(Bucket=resource_id)
        except ClientError as error:
            if not is_missing(error):
                raise

    def _tag(self, bucket: str, inputs: Props) -> None:
        tags = [{"Key": key, "Value": value} for key, value in inputs.get("tags", {}).items()]
        client = self.session.storage(inputs.get("region"))
        if tags:
            client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})  # type: ignore[typeddict-item]
        else:
            client.delete_bucket_tagging(Bucket=bucket)


class BucketV2(Bucket):
    """A bucket, with the token of older releases."""

    token = "aws:s3/bucketV2:BucketV2"  # noqa: S105


class BucketObjectv2(Kind):
    """An object. New content means an update, a new key means a replacement."""

    token = "aws:s3/bucketObjectv2:BucketObjectv2"  # noqa: S105
    properties: ClassVar[Mapping[str, Property]] = {
        "bucket": Property(required=True, force_new=True),
        "key": Property(computed=True, force_new=True),
        "source": Property(),
        "content": Property(),
        "contentBase64": Property(),
        "contentType": Property(computed=True),
        "metadata": Property(),
        "sourceHash": Property(),
        "etag": Property(computed=True),
        "forceDestroy": Property(default=False),
        "tags": TAGS,
        "region": REGION,
    }
    autoname = "key"
    outputs = ("arn", "tagsAll", "versionId")
    volatile = ("etag", "versionId")

    @classmethod
    def new_name(cls, resource_name: str, suffix: str) -> str:
        """Use the name of the resource as the key, without a suffix."""
        del suffix
        return resource_name

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Put the object."""
        self._put(inputs)
        resource_id = f"{inputs['bucket']}/{inputs['key']}"
        return resource_id, self.read(resource_id, inputs) or {}

    def read(self, resource_id: str, known: Props) -> Props | None:
        """Read the metadata of the object."""
        bucket, _, key = resource_id.partition("/")
        client = self.session.storage(known.get("region"))
        try:
            head = client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return {
            "bucket": bucket,
            "key": key,
            "arn": f"arn:aws:s3:::{resource_id}",
            "etag": head["ETag"].strip('"'),
            "contentType": head["ContentType"],
            "metadata": dict(head.get("Metadata", {})) or None,
            "versionId": head.get("VersionId", ""),
            "tagsAll": known.get("tags", {}),
            "region": known.get("region") or self.session.region,
        }

    def update(self, resource_id: str, known: Props, inputs: Props) -> None:
        """Put the object again."""
        del resource_id
        self._put({"region": known.get("region"), **inputs})

    def delete(self, resource_id: str, known: Props) -> None:
        """Delete the object."""
        bucket, _, key = resource_id.partition("/")
        try:
            self.session.storage(known.get("region")).delete_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if not is_missing(error):
                raise

    def _put(self, inputs: Props) -> None:
        optional = given(ContentType=inputs.get("contentType"), Metadata=inputs.get("metadata"))
        self.session.storage(inputs.get("region")).put_object(
            Bucket=inputs["bucket"], Key=inputs["key"], Body=_body(inputs, self.session.host), **optional
        )


def _body(inputs: Props, host: Host) -> bytes:
    source = inputs.get("source")
    if is_content(source):
        return materialize(source, host).read_bytes()
    if inputs.get("contentBase64"):
        return base64.b64decode(inputs["contentBase64"])
    return str(inputs.get("content", "")).encode()
