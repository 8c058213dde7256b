"""The distributions that Lambda's Python runtimes have, and what is known of their versions.

The runtimes have the AWS SDK, what it needs, and the runtime client:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included

That page says that the version of the SDK depends on the runtime and on the Region. AWS has published versions until
the end of 2023, and only raises them since. It has never published the versions of what the SDK needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SDK_DISTRIBUTIONS = frozenset({"boto3", "botocore", "s3transfer"})
"""The AWS SDK. Its parts must fit together, so a layer leaves all of them out, or none."""

RUNTIME_DISTRIBUTIONS = SDK_DISTRIBUTIONS | {
    "awslambdaric",
    "jmespath",
    "python-dateutil",
    "six",
    "snapshot-restore-py",
    "urllib3",
}
"""Normalized names of all distributions in the runtimes."""


@dataclass(frozen=True, kw_only=True)
class PublishedVersions:
    """The versions in a runtime, as AWS has published them. The runtime may have newer ones today.

    Attributes:
        versions: normalized name → version.
        date: the day for which this is known, as ``2023-10-17``.
        source: where it is written.
    """

    versions: Mapping[str, str]
    date: str
    source: str


_IN_OCTOBER_2023 = PublishedVersions(
    versions=MappingProxyType({"boto3": "1.26.90", "botocore": "1.29.90"}),
    date="2023-10-17",
    source="https://github.com/aws/aws-lambda-base-images/issues/118",
)

PUBLISHED_VERSIONS: Mapping[str, PublishedVersions] = MappingProxyType(
    {
        "python3.9": _IN_OCTOBER_2023,
        "python3.10": _IN_OCTOBER_2023,
        "python3.11": PublishedVersions(
            versions=MappingProxyType({"boto3": "1.27.1", "botocore": "1.30.1"}),
            date="2023-11-29",
            source="https://github.com/boto/botocore/issues/3082",
        ),
    }
)
"""Runtime → the last versions that AWS has published. A newer runtime is not in it: its versions are not published."""
