"""When a published layer version counts as other than the zip that was built, and when that cannot be said."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

import pulumi
import pytest

from pulumi_poetry_layer.publish.archive_hash import zip_path
from pulumi_poetry_layer.publish.drift import refuse_other_bytes

FINGERPRINT = sha256(b"plan").hexdigest()
OLD = sha256(b"older plan").hexdigest()
ZIP = sha256(b"zip")
PUBLISHED = b64encode(ZIP.digest()).decode()
OTHER = b64encode(sha256(b"other").digest()).decode()
S3_KEY = f"layers/deps/{FINGERPRINT}.zip"


def found(**changes: Any) -> dict[str, Any]:
    """Outputs of build and layer version after a deploy that went well."""
    archive = pulumi.FileArchive(zip_path("deps", FINGERPRINT, stack="dev"))
    outputs = {"arn": "arn:1", "urn": "urn:deps", "published": PUBLISHED, "built": ZIP.hexdigest(), "code": archive}
    return {**outputs, "fingerprint": FINGERPRINT, **changes}


def test_same_bytes_give_the_arn() -> None:
    """Otherwise nothing can be deployed."""
    assert refuse_other_bytes(found(), FINGERPRINT) == "arn:1"
    assert refuse_other_bytes(found(code=None, key=S3_KEY), FINGERPRINT) == "arn:1"


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({}, "pulumi up --replace 'urn:deps'"),
        (
            {"code": None, "key": S3_KEY, "bucket": "b"},
            f"remove s3://b/{S3_KEY}, then publish it again with: pulumi up",
        ),
    ],
)
def test_other_bytes_are_refused_with_the_remedy(changes: dict[str, Any], remedy: str) -> None:
    """Otherwise functions get them, or the user is told that something is wrong and not what to do."""
    with pytest.raises(pulumi.RunError) as caught:
        refuse_other_bytes(found(published=OTHER, **changes), FINGERPRINT)
    assert remedy in str(caught.value)
    assert f"code sha256 {OTHER}, the zip's is {PUBLISHED}" in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": OLD},
        {"code": pulumi.FileArchive(zip_path("deps", OLD, stack="dev"))},
        {"code": None},
        {"code": None, "key": f"layers/deps/{OLD}.zip"},
        {"built": None},
        {"published": ""},
        {"published": None},
        {"published": "mocked"},
        {"published": sha256(b"other").hexdigest()},
    ],
    ids=[
        *("build left by --target", "version left by --target", "unknown code", "old key", "old state"),
        *("told empty", "not told", "no digest", "no digest of AWS's"),
    ],
)
def test_what_cannot_be_compared_is_not_refused(changes: dict[str, Any]) -> None:
    """Otherwise ``pulumi up --target``, or a state of an older release, fails for no reason."""
    assert refuse_other_bytes(found(**{"published": OTHER, **changes}), FINGERPRINT) == "arn:1"
