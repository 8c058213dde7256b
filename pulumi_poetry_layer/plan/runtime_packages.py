"""The distributions that Lambda's Python runtimes have, and what is known of their versions.

The runtimes have the AWS SDK, what it needs, and the runtime client:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included

Which version of the SDK a runtime has depends on the runtime, and AWS changes it with its updates. So the versions here
are those that reports of some day quote, with the report. No such report was found for the newer runtimes, nor for the
versions of what the SDK needs.
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
class KnownVersions:
    """The versions that a runtime had on some day, as a report says. It may have others today.

    Attributes:
        versions: normalized name → version.
        date: the day of the report, as ``2023-10-17``.
        source: the report.
    """

    versions: Mapping[str, str]
    date: str
    source: str


_IN_OCTOBER_2023 = KnownVersions(
    versions=MappingProxyType({"boto3": "1.26.90", "botocore": "1.29.90"}),
    date="2023-10-17",
    source="https://github.com/aws/aws-lambda-base-images/issues/118",
)

KNOWN_VERSIONS: Mapping[str, KnownVersions] = MappingProxyType(
    {
        "python3.9": _IN_OCTOBER_2023,
        "python3.10": _IN_OCTOBER_2023,
        "python3.11": KnownVersions(
            versions=MappingProxyType({"boto3": "1.27.1", "botocore": "1.30.1"}),
            date="2023-11-29",
            source="https://github.com/boto/botocore/issues/3082",
        ),
    }
)
"""Runtime → its last known versions. Runtimes for which no report was found are not in it."""
