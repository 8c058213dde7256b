"""A local AWS: the server of moto, in this process, so that tests can see what it received."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING

import boto3
from moto.awslambda.models import LayerVersion, lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_ssm import SSMClient

REGION = "us-east-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


class LocalAws:
    """A moto server on a free port of this machine."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        _, port = self._server.get_host_and_port()
        self.endpoint = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """Stop the server."""
        self._server.stop()

    def reset(self) -> None:
        """Delete all resources."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")  # noqa: S310 - loopback
        with urllib.request.urlopen(request) as response:  # noqa: S310
            assert response.status == 200

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that make AWS clients use this server."""
        return {**ENVIRONMENT, "AWS_ENDPOINT_URL": self.endpoint}

    def functions(self, *, region: str = REGION) -> LambdaClient:
        """A client for Lambda."""
        return self._session().client("lambda", endpoint_url=self.endpoint, region_name=region)

    def storage(self) -> S3Client:
        """A client for S3."""
        return self._session().client("s3", endpoint_url=self.endpoint)

    def identities(self) -> IAMClient:
        """A client for IAM."""
        return self._session().client("iam", endpoint_url=self.endpoint)

    def parameters(self, *, region: str = REGION) -> SSMClient:
        """A client for the parameter store of Systems Manager."""
        return self._session().client("ssm", endpoint_url=self.endpoint, region_name=region)

    def keys(self, bucket: str) -> list[str]:
        """The keys of a bucket."""
        return [found["Key"] for found in self.storage().list_objects_v2(Bucket=bucket).get("Contents", [])]

    def layer_versions(self, layer_name: str) -> list[int]:
        """The existing versions of a layer, oldest first."""
        listed = self.functions().list_layer_versions(LayerName=layer_name)["LayerVersions"]
        return sorted(version["Version"] for version in listed)

    def layer_zip(self, layer_name: str, version: int, *, region: str = REGION) -> bytes:
        """The zip that was uploaded for a layer version."""
        return bytes(self._layer_version(layer_name, version, region).code_bytes)

    def _layer_version(self, layer_name: str, version: int, region: str) -> LayerVersion:
        return lambda_backends[DEFAULT_ACCOUNT_ID][region].get_layer_version(layer_name, str(version))

    def _session(self) -> boto3.Session:
        return boto3.Session("testing", "testing", region_name=REGION)
