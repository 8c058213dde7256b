"""The boto3 clients for a local moto server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3

from stand_in.host import Host
from stand_in.values import StandInError

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_ssm import SSMClient

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Session:
    """Clients of one configured provider, explicit or default."""

    def __init__(self, config: Mapping[str, str], host: Host) -> None:
        self.host, variables = host, host.environment
        self.region = config.get("region") or variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or ""
        if not self.region:
            raise StandInError("no AWS region: set aws:region in the stack's configuration, or AWS_REGION")
        self.endpoint = _local_endpoint(variables)
        self._session = boto3.Session(
            aws_access_key_id=config.get("accessKey") or variables.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=config.get("secretKey") or variables.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=config.get("token") or variables.get("AWS_SESSION_TOKEN"),
            region_name=self.region,
        )

    def functions(self, region: str | None = None) -> LambdaClient:
        """Return a client for AWS Lambda."""
        return self._session.client("lambda", region_name=region or self.region, endpoint_url=self.endpoint)

    def storage(self, region: str | None = None) -> S3Client:
        """Return a client for S3."""
        return self._session.client("s3", region_name=region or self.region, endpoint_url=self.endpoint)

    def parameters(self, region: str | None = None) -> SSMClient:
        """Return a client for the parameter store of Systems Manager."""
        return self._session.client("ssm", region_name=region or self.region, endpoint_url=self.endpoint)

    def identities(self) -> IAMClient:
        """Return a client for IAM."""
        return self._session.client("iam", endpoint_url=self.endpoint)


def _local_endpoint(variables: Mapping[str, str]) -> str:
    """Return the address of moto. Other machines are refused, so that no real AWS account can be changed."""
    endpoint = variables.get("AWS_ENDPOINT_URL", "")
    if urlsplit(endpoint).hostname not in _LOOPBACK:
        given = f"AWS_ENDPOINT_URL is {endpoint}" if endpoint else "AWS_ENDPOINT_URL is not set"
        raise StandInError(f"the stand-in aws plugin only connects to a moto server on this machine, but {given}")
    return endpoint
