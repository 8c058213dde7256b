"""The zips in the program's build folder: whole and of the fingerprint, or built now; each with a note of what it is.

The AWS plugin (pulumi-terraform-bridge) opens the path when it checks the resource, so something must lie there.
An exactly zero-byte file is what it does not mistake for the real thing: a copy of an archive is trusted only when it
is not empty, and the real zip, put in its place before the create, is read then.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.files import replacing, sha256_of, write_atomically
from pulumi_poetry_layer.layer.artifact import LayerArtifact
from pulumi_poetry_layer.layer.build import build_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pulumi_poetry_layer.layer.request import LayerRequest


def ensure_artifact(
    request: LayerRequest, output: Path, *, fingerprint: str, sha256: str | None = None
) -> LayerArtifact:
    """The built zip of that fingerprint at ``output``: the one that is there if it is whole, else built now.

    Before it is built, it is looked for in the folders of other stacks and copied from there.

    Beside the zip lies a note of what it is (``<output>.json``); a zip whose digest the note does not confirm was cut
    short, damaged or put there by somebody else, and is built anew. So is one of another digest than ``sha256`` (hex),
    where that is given; what is built then may still have another.

    Raises:
        InputError: the input is wrong, or has changed since the caller planned.
        BuildError: the build failed; neither a zip nor a placeholder of one is left behind.
    """
    note = note_of(output)
    artifact = _confirmed(output, fingerprint, sha256)
    if artifact:
        return artifact
    try:
        artifact = _copied(output, fingerprint, sha256) or build_request(request, output, fingerprint=fingerprint)
    except BaseException:
        note.unlink(missing_ok=True)
        output.unlink(missing_ok=True)
        raise
    write_atomically(note, json.dumps(artifact.note(), indent=1).encode())
    return artifact


def _copied(output: Path, fingerprint: str, sha256: str | None) -> LayerArtifact | None:
    """Take the zip from another stack's or layer's place, if one there is whole; it may vanish at any moment."""
    for twin in twins_of(output):
        artifact = _confirmed(twin, fingerprint, sha256)
        with suppress(FileNotFoundError):
            if artifact and _copy(twin, output) == artifact.sha256:
                return replace(artifact, path=output)
    return None


def _copy(source: Path, output: Path) -> str:
    """Copy a file atomically and return the digest of what has arrived."""
    with source.open("rb") as file, replacing(output) as copy:
        copyfileobj(file, copy)
    return sha256_of(output)


def _confirmed(output: Path, fingerprint: str, sha256: str | None) -> LayerArtifact | None:
    """What the note says about the zip, None unless the zip is just that, and what is asked for."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        artifact = LayerArtifact.of_note(_read_note(output), output)
        if artifact.fingerprint != fingerprint or sha256 not in (None, artifact.sha256):
            return None
        if output.stat().st_size != artifact.size:
            return None
        if sha256_of(output) == artifact.sha256:
            return artifact
    return None


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
    with suppress(OSError, ValueError, KeyError, TypeError):
        told, found = _read_note(zip_file), zip_file.stat()
        is_older = found.st_mtime_ns <= note_of(zip_file).stat().st_mtime_ns
        return found.st_size == told["size"] and (is_older or sha256_of(zip_file) == told["sha256"])
    return False


def _read_note(zip_file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(note_of(zip_file).read_text(encoding="utf-8"))
    return told
