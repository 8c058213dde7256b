"""Whether AWS has published the zip that was built."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.layer.artifact import LayerArtifact
from pulumi_poetry_layer.publish.archive_hash import zip_path
from pulumi_poetry_layer.publish.drift import arn_of_built_zip, refuse_different_zip

FINGERPRINT = sha256(b"plan").hexdigest()
OLD = sha256(b"older plan").hexdigest()
ZIP = sha256(b"zip")
PUBLISHED = b64encode(ZIP.digest()).decode()
OTHER = b64encode(sha256(b"other").digest()).decode()
S3_KEY = f"layers/deps/{FINGERPRINT}.zip"


def outputs(**changes: Any) -> dict[str, Any]:
    """Outputs of the build and the layer version after a successful deployment."""
    archive = pulumi.FileArchive(zip_path("deps", FINGERPRINT, stack="dev", folder=".poetry-layer"))
    values = {"arn": "arn:1", "urn": "urn:deps", "published": PUBLISHED, "built": ZIP.hexdigest(), "code": archive}
    return {**values, "fingerprint": FINGERPRINT, **changes}


def test_same_digest_gives_the_arn() -> None:
    """Otherwise no layer can be deployed."""
    assert arn_of_built_zip(outputs(), FINGERPRINT) == "arn:1"
    assert arn_of_built_zip(outputs(code=None, key=S3_KEY), FINGERPRINT) == "arn:1"


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({}, "pulumi up --replace 'urn:deps'"),
        (
            {"code": None, "key": S3_KEY, "object": "urn:object"},
            "pulumi up --replace 'urn:object' --replace 'urn:deps'",
        ),
    ],
)
def test_different_digest_is_refused_with_the_command_to_run(changes: dict[str, Any], remedy: str) -> None:
    """Otherwise functions get the wrong zip, or the user does not know what to do about it."""
    with pytest.raises(pulumi.RunError) as caught:
        arn_of_built_zip(outputs(published=OTHER, **changes), FINGERPRINT)
    assert remedy in str(caught.value)
    assert f"(sha256 {OTHER}, built {PUBLISHED})" in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": OLD},
        {"code": pulumi.FileArchive(zip_path("deps", OLD, stack="dev", folder=".poetry-layer"))},
        {"code": None},
        {"code": None, "key": f"layers/deps/{OLD}.zip"},
        {"built": None},
        {"published": ""},
        {"published": None},
        {"published": "mocked"},
        {"published": sha256(b"other").hexdigest()},
    ],
    ids=[
        *("build not in --target", "version not in --target", "unknown code", "old key", "old state"),
        *("empty digest", "no digest", "not a digest", "digest in another form"),
    ],
)
def test_digests_that_cannot_be_compared_are_not_refused(changes: dict[str, Any]) -> None:
    """Otherwise ``pulumi up --target`` fails without a reason, or a state of an older release does."""
    assert arn_of_built_zip(outputs(**{"published": OTHER, **changes}), FINGERPRINT) == "arn:1"


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        ("3.12.1", "3.12.4", "Python 3.12.4 has compiled the modules, and before it was 3.12.1; nothing was published"),
        ("3.12.1", "3.12.1", "a package that is built from source is not reproducible; nothing was published"),
        (None, None, "a package that is built from source is not reproducible; nothing was published"),
    ],
)
def test_different_zip_is_refused_with_the_reason(before: str | None, now: str | None, reason: str) -> None:
    """Otherwise a user looks for a package that is not reproducible, and it was another release of Python."""

    async def value(of: object) -> object:
        return of

    build: Any = SimpleNamespace(
        urn=SimpleNamespace(future=lambda: value("urn:build")),
        release_that_compiled=SimpleNamespace(future=lambda: value(before)),
    )
    artifact = LayerArtifact(
        fingerprint="f", path=Path("layer.zip"), sha256="1" * 64, size=1, unzipped_size=1, packages=(), bytecode=now
    )
    with closing(asyncio.new_event_loop()) as loop:  # asyncio.run would take the loop of the mocks away
        loop.run_until_complete(refuse_different_zip(artifact, "1" * 64, build))
        with pytest.raises(PublishError) as caught:
            loop.run_until_complete(refuse_different_zip(artifact, "2" * 64, build))
    assert reason in str(caught.value)
    assert "pulumi up --replace 'urn:build'" in str(caught.value)
    assert ("machine with Python 3.12.1" in str(caught.value)) == (before != now)
