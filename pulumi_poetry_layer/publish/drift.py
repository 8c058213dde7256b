"""What AWS has published is, byte for byte, the zip that was built: where that is compared, and what follows.

AWS never changes a published version, so there is one moment at which wrong bytes can get there. Before it, the zip
that is about to be uploaded is held against the sha256 that the stack's state has of the build. After it, and in each
preview, the ``code_sha256`` that AWS told is held against the same; as long as they differ nobody gets the ARN.
Both compare what is in the state, so that a preview reads and builds nothing for it.
"""

from __future__ import annotations

import filecmp
import tempfile
from base64 import b64decode, b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.publish.archive_hash import is_of_fingerprint

if TYPE_CHECKING:
    import pulumi_aws as aws

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.provider import LayerBuild


async def built_sha256(build: LayerBuild, fingerprint: str) -> str | None:
    """The sha256 (hex) of the zip as the stack's state has it; None when the state has none of that fingerprint."""
    # With --target the build may be left as it was, and is then one of another fingerprint.
    if await build.fingerprint.future() != fingerprint:
        return None
    return await build.sha256.future()


async def refuse_other_zip(artifact: LayerArtifact, expected: str | None, build: LayerBuild) -> None:
    """Refuse to publish a zip that came out otherwise than the one that the stack knows.

    Raises:
        PublishError: it did; nothing was published.
    """
    if expected in (None, artifact.sha256):
        return
    raise PublishError(
        f"the same packages came out as other bytes than when the stack built them (sha256 {artifact.sha256[:12]}, "
        f"then {expected[:12] if expected else None}): a package that is built from source is not reproducible; "
        "nothing was published",
        where=artifact.path.name,
        hint=f"to publish what was built now: pulumi up --replace '{await build.urn.future()}'",
    )


def remove_other_copy(fingerprint: str, zip_file: Path) -> None:
    """Remove what the AWS plugin would upload in place of the zip.

    The plugin copies archives to ``<temp folder>/pulumi-asset-<hash>`` and trusts such a copy by its name, also one
    that was cut short when the disk was full, or was put there by somebody else.
    """
    copy = Path(tempfile.gettempdir()) / f"pulumi-asset-{fingerprint}"
    with suppress(OSError):
        if copy.stat().st_size and not filecmp.cmp(copy, zip_file, shallow=False):
            copy.unlink()


def checked_arn(
    layer_version: aws.lambda_.LayerVersion, build: LayerBuild, fingerprint: str, *, direct_upload: bool
) -> pulumi.Output[str]:
    """The layer version's ARN, which fails as long as what is published is not the zip that was built."""
    told: dict[str, pulumi.Output[Any]] = {
        "arn": layer_version.arn,
        "urn": layer_version.urn,
        "published": layer_version.code_sha256,
        "built": build.sha256,
        "fingerprint": build.fingerprint,
    }
    # Only what is there: in a preview the SDK takes an absent output for one that is not known yet.
    if direct_upload:
        told["code"] = layer_version.code
    else:
        told |= {"key": layer_version.s3_key, "bucket": layer_version.s3_bucket}
    return pulumi.Output.all(**told).apply(lambda found: refuse_other_bytes(found, fingerprint))


def refuse_other_bytes(found: dict[str, Any], fingerprint: str) -> str:
    """The ARN among the outputs that were found.

    Raises:
        pulumi.RunError: build and layer version are both of the fingerprint, and their bytes differ.
    """
    published, built = found.get("published"), found.get("built")
    if not _is_sha256(published) or not built or found.get("fingerprint") != fingerprint:
        return str(found["arn"])
    # With --target, or ignore_changes, the version may be one of another fingerprint, and is replaced another time.
    path = getattr(found.get("code"), "path", None) or found.get("key")
    if not path or not is_of_fingerprint(str(path), fingerprint) or published == _base64(built):
        return str(found["arn"])
    error = PublishError(
        "AWS has published other bytes than those that were built "
        f"(code sha256 {published}, the zip's is {_base64(built)})",
        where=str(found["arn"]),
        hint=_remedy(found),
    )
    raise pulumi.RunError(str(error))


def _remedy(found: dict[str, Any]) -> str:
    again = f"--replace '{found['urn']}'"
    if not found.get("key"):
        return f"publish it again with: pulumi up {again}"
    # Replacing the object would delete it right after, by its key, which is the same.
    return f"remove s3://{found['bucket']}/{found['key']}, then publish it again with: pulumi up --refresh {again}"


def _is_sha256(told: object) -> bool:
    """Whether this is a digest as AWS writes it; stand-ins for AWS tell what they like."""
    try:
        return len(b64decode(str(told), validate=True)) == sha256().digest_size
    except ValueError:
        return False


def _base64(digest: str) -> str:
    """A hex digest as AWS writes it."""
    return b64encode(bytes.fromhex(digest)).decode()
