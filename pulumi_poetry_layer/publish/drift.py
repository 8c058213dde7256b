"""Checks that AWS has published the zip that was built, byte for byte.

A published version never changes, so a wrong zip can only be published at the moment of the upload. There is a check
before it and one after it:

- Before the upload, the sha256 of the zip is compared with the sha256 of the build in the stack's state, and
  ``plugin_copy`` makes sure that the AWS plugin uploads this zip.
- After the upload, and in every preview, ``code_sha256`` from AWS is compared with the same value. As long as they
  differ, the ARN is an error, so that no function gets the layer.

Both values of the second check are in the state: a preview reads no file and builds nothing.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.publish.archive_hash import is_of_fingerprint

if TYPE_CHECKING:
    import pulumi_aws as aws

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.provider import BuildOutputs


async def built_sha256(build: BuildOutputs, fingerprint: str) -> str | None:
    """The sha256 (hex) of the zip in the stack's state, None if the state has no zip with that fingerprint."""
    # With --target the build may not be updated; then the state has the build of another fingerprint.
    if await build.fingerprint.future() != fingerprint:
        return None
    return await build.sha256.future()


async def refuse_different_zip(artifact: LayerArtifact, expected: str | None, build: BuildOutputs) -> None:
    """Refuse to publish a zip that differs from the one in the stack's state.

    Args:
        artifact: the zip that is about to be uploaded.
        expected: the sha256 (hex) in the state, None if there is none.
        build: the resource that has built it.

    Raises:
        PublishError: the digests differ; nothing is published.
    """
    if expected is None or expected == artifact.sha256:
        return
    before = await build.release_that_compiled.future()
    is_compiled_by_another = before and artifact.bytecode and before != artifact.bytecode
    raise PublishError(
        f"the same packages gave a different zip than before (sha256 {artifact.sha256[:12]}, before {expected[:12]}): "
        + (
            f"Python {artifact.bytecode} has compiled the modules, and before it was {before}"
            if is_compiled_by_another
            else "a package that is built from source is not reproducible"
        )
        + "; nothing was published",
        where=artifact.path.name,
        hint=f"to publish the new zip, run: pulumi up --replace '{await build.urn.future()}'"
        + (f"; or run this on a machine with Python {before}" if is_compiled_by_another else ""),
    )


def checked_arn(
    layer_version: aws.lambda_.LayerVersion,
    bucket_object: pulumi.CustomResource | None,
    build: BuildOutputs,
    fingerprint: str,
) -> pulumi.Output[str]:
    """The ARN of the layer version, which is an error as long as another zip is published than the one that was built.

    Args:
        layer_version: the published version.
        bucket_object: the S3 object that it is published from, None without S3.
        build: the resource that builds the zip.
        fingerprint: the fingerprint of the plan.
    """
    outputs: dict[str, pulumi.Output[Any]] = {
        "arn": layer_version.arn,
        "urn": layer_version.urn,
        "published": layer_version.code_sha256,
        "built": build.sha256,
        "fingerprint": build.fingerprint,
    }
    # Only the outputs that exist: in a preview the SDK treats a missing output as not known yet.
    if bucket_object is None:
        outputs["code"] = layer_version.code
    else:
        outputs |= {"key": layer_version.s3_key, "object": bucket_object.urn}
    return pulumi.Output.all(**outputs).apply(lambda values: arn_of_built_zip(values, fingerprint))


def arn_of_built_zip(values: dict[str, Any], fingerprint: str) -> str:
    """The ARN, if the published zip is the one that was built.

    Args:
        values: values of the outputs that :func:`checked_arn` lists.
        fingerprint: the fingerprint of the plan.

    Raises:
        pulumi.RunError: the build and the layer version both have this fingerprint, and their digests differ.
    """
    published, built = values.get("published"), values.get("built")
    if not _is_sha256(published) or not built or values.get("fingerprint") != fingerprint:
        return str(values["arn"])
    # With --target or ignore_changes, the layer version may still be the one of another fingerprint.
    path = getattr(values.get("code"), "path", None) or values.get("key")
    if not path or not is_of_fingerprint(str(path), fingerprint) or published == _base64(built):
        return str(values["arn"])
    error = PublishError(
        f"AWS has published a different zip than the one that was built (sha256 {published}, built {_base64(built)})",
        where=str(values["arn"]),
        hint=_remedy(values),
    )
    raise pulumi.RunError(str(error))


def _remedy(values: dict[str, Any]) -> str:
    # With S3, the object is uploaded again, too.
    urns = [values[name] for name in ("object", "urn") if values.get(name)]
    return f"to publish it again, run: pulumi up {' '.join(f'--replace {urn!r}' for urn in urns)}"


def _is_sha256(value: object) -> bool:
    """Whether this is a digest in the form that AWS uses; mocks of AWS may return anything."""
    try:
        return len(b64decode(str(value), validate=True)) == sha256().digest_size
    except ValueError:
        return False


def _base64(digest: str) -> str:
    """Convert a hex digest to the form that AWS uses."""
    return b64encode(bytes.fromhex(digest)).decode()
