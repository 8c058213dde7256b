"""The copies of archives that the AWS plugin makes in the temporary folder, and uploads.

The plugin (pulumi-terraform-bridge) copies an archive to ``pulumi-asset-<hash>`` when it checks a resource. When it
creates the resource, it uploads the copy without reading the archive again, unless the copy is empty. So two things
have to be right before a layer is published: the content of the copy, and that the plugin has got the fingerprint as
hash. With another hash, which other layers may have, too, it would upload another layer's copy.
"""

from __future__ import annotations

import filecmp
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.sdk_internals.transforms import ProgramTransforms


def copy_of(fingerprint: str) -> Path:
    """The path of the plugin's copy of a zip."""
    return _temporary_folder() / f"pulumi-asset-{fingerprint}"


def remove_copy(fingerprint: str) -> None:
    """Remove the copy of an earlier run: a copy is a proof then that the plugin has got the fingerprint as hash."""
    with suppress(OSError):
        copy_of(fingerprint).unlink()


def refuse_lost_hash(fingerprint: str, zip_file: Path) -> None:
    """Refuse to publish a zip that the plugin may know under another hash, because a transform may have removed it.

    Raises:
        PublishError: the plugin has no copy under the fingerprint; nothing is published.
    """
    if ProgramTransforms().may_remove_hashes() and not copy_of(fingerprint).exists():
        raise PublishError(
            "the AWS plugin did not get the hash of the zip, and may upload another layer's zip; nothing was published",
            where=zip_file.name,
            hint="a resource transform of the program has removed the hash, and it cannot be restored with the "
            "installed pulumi: let the transform skip this layer, or use an older release of pulumi",
        )


def remove_different_copy(fingerprint: str, zip_file: Path) -> None:
    """Remove the copy that the AWS plugin would upload instead of the zip, if it differs from the zip.

    A copy may have been truncated when the disk was full, or written by another program.
    """
    copy = copy_of(fingerprint)
    with suppress(OSError):
        if copy.stat().st_size and not filecmp.cmp(copy, zip_file, shallow=False):
            copy.unlink()


def _temporary_folder() -> Path:
    """The temporary folder of the plugin, which is written in Go: Python looks at more variables."""
    if os.name == "posix":
        return Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - what Go takes
    return Path(os.environ.get("TMP") or os.environ.get("TEMP") or tempfile.gettempdir())
