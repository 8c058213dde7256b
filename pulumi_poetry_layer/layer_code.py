"""The ``code`` of a LayerVersion, or the ``source`` of its S3 object: an archive whose hash is known before it exists.

``pulumi.FileArchive(path)`` makes the engine open the file whenever the resource is registered, also in a preview that
changes nothing; a fresh checkout has no such file and would have to build it first. The engine keeps a hash that is
already in the archive's raw form, so the plan's fingerprint goes there: same fingerprint, unchanged, nothing is read.

The AWS plugin (pulumi-terraform-bridge) opens the path when it checks the resource, so something must lie there.
An exactly zero-byte file is what it does not mistake for the real thing: a copy of an archive is trusted only when it
is not empty, and the real zip, put in its place before the create, is read then.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress

from pulumi_poetry_layer.atomic import sha256_of, write_atomically

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def put_placeholder(zip_file: Path) -> None:
    """Make sure that a file is where the plugin will look: the whole zip if it is there, else an empty one.

    The plugin copies what it finds and trusts the copy unless it is empty, so a damaged zip must not be found.
    """
    zip_file.parent.mkdir(parents=True, exist_ok=True)
    ignore = zip_file.parents[1] / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    if not zip_file.exists() or (zip_file.stat().st_size and not _is_whole(zip_file)):
        write_atomically(zip_file, b"")


def note_of(zip_file: Path) -> Path:
    """The file beside a zip that says what the zip is."""
    return zip_file.with_name(f"{zip_file.name}.json")


def twins_of(zip_file: Path) -> Iterator[Path]:
    """Other zips in the build folder that may be the same: of the other stacks, and of a layer of another name."""
    fingerprint = zip_file.name.rpartition("-")[2]
    yield from (twin for twin in sorted(zip_file.parents[1].glob(f"*/*-{fingerprint}")) if twin != zip_file)


def remove_zip(zip_file: Path) -> None:
    """Remove a zip with its note, and the stack's folder when it was the last one in it."""
    for path in (zip_file, note_of(zip_file)):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        zip_file.parent.rmdir()


def _is_whole(zip_file: Path) -> bool:
    """Whether the zip is what its note says; one that is no younger than its note is not read for that."""
    note = note_of(zip_file)
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        found = zip_file.stat()
        if found.st_size != told["size"]:
            return False
        return found.st_mtime_ns <= note.stat().st_mtime_ns or sha256_of(zip_file) == told["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
