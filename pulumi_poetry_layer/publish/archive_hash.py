"""The ``code`` of a LayerVersion, or the ``source`` of its S3 object: an archive with the fingerprint as its hash.

With ``pulumi.FileArchive(path)`` the engine opens the file whenever the resource is registered, even in a preview that
changes nothing. A fresh checkout does not have the file and would have to build it first. But if the raw form of the
archive already has a hash, the engine uses that hash. So the fingerprint of the plan is the hash: as long as it stays
the same, the resource is unchanged, and the engine does not open the file.
"""

from __future__ import annotations

import re

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks a special value in the engine's protocol (``sdk/go/common/resource/sig``)."""

_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
"""Value of that key for an archive."""

_ASSET = "c44067f5952c0a294b673a41bacd8c17"
"""Value of that key for an asset."""

_FINGERPRINT_DIGITS = 12
_NOT_IN_A_FILE_NAME = re.compile(r"^[.]+|[^A-Za-z0-9._-]+")


def file_name(text: str) -> str:
    """The name of a stack, project or layer as the name of a file: ``..`` would be another folder."""
    return _NOT_IN_A_FILE_NAME.sub("-", text)


def zip_path(name: str, fingerprint: str, *, stack: str, folder: str) -> str:
    """The path of a layer's zip.

    Each stack has its own folder, so that a stack does not remove a zip that another stack is publishing.

    Args:
        name: name of the layer.
        fingerprint: the fingerprint of the plan.
        stack: name of the stack.
        folder: the build folder.
    """
    return f"{folder}/{file_name(stack)}/{file_name(name)}-{fingerprint[:_FINGERPRINT_DIGITS]}.zip"


def is_of_fingerprint(path: str, fingerprint: str) -> bool:
    """Whether a path from :func:`zip_path`, or a key in a bucket, belongs to a fingerprint."""
    return path.endswith((f"-{fingerprint[:_FINGERPRINT_DIGITS]}.zip", f"/{fingerprint}.zip"))


def archive_of(path: str, fingerprint: str) -> dict[str, str]:
    """The raw form of an archive at ``path``, with the fingerprint as its hash."""
    return {_SIGNATURE: _ARCHIVE, "hash": fingerprint, "path": path}


def asset_of(path: str, fingerprint: str) -> dict[str, str]:
    """The raw form of a file asset, with the fingerprint as its hash; for the S3 object of a layer."""
    return {_SIGNATURE: _ASSET, "hash": fingerprint, "path": path}
