"""The ``code`` of a LayerVersion, or the ``source`` of its S3 object: an archive whose hash is known before it exists.

``pulumi.FileArchive(path)`` makes the engine open the file whenever the resource is registered, also in a preview that
changes nothing; a fresh checkout has no such file and would have to build it first. The engine keeps a hash that is
already in the archive's raw form, so the plan's fingerprint goes there: same fingerprint, unchanged, nothing is read.
"""

from __future__ import annotations

import re

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks a special value in the engine's protocol: ``sdk/go/common/resource/sig``."""

_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
"""Value of that key for an archive."""

_ASSET = "c44067f5952c0a294b673a41bacd8c17"
"""Value of that key for an asset."""

BUILD_FOLDER = ".poetry-layer"
"""Folder beside the Pulumi program that holds the built zips, by stack."""

_FINGERPRINT_DIGITS = 12
_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def zip_path(name: str, fingerprint: str, *, stack: str) -> str:
    """Path of a layer's zip, relative to the program's folder: state must not name a folder of this host.

    Each stack has a folder of its own, so that no stack removes what another one, maybe at this moment, publishes.
    """
    folder, file = (_NOT_IN_A_FILE_NAME.sub("-", text) for text in (stack, name))
    return f"{BUILD_FOLDER}/{folder}/{file}-{fingerprint[:_FINGERPRINT_DIGITS]}.zip"


def is_of_fingerprint(path: str, fingerprint: str) -> bool:
    """Whether a path of :func:`zip_path`, or a key in a bucket, is that of a fingerprint."""
    return path.endswith((f"-{fingerprint[:_FINGERPRINT_DIGITS]}.zip", f"/{fingerprint}.zip"))


def archive_of(path: str, fingerprint: str) -> dict[str, str]:
    """The raw form of an archive at ``path`` whose hash is the fingerprint."""
    return {_SIGNATURE: _ARCHIVE, "hash": fingerprint, "path": path}


def asset_of(path: str, fingerprint: str) -> dict[str, str]:
    """The raw form of a file asset, likewise; for the S3 object of a layer that is published through a bucket."""
    return {_SIGNATURE: _ASSET, "hash": fingerprint, "path": path}
