"""The zips in the build folder beside a Pulumi program, each with a note (a JSON file) that describes it.

The AWS plugin (pulumi-terraform-bridge) opens the path of the zip when it checks the resource, so a file must be there
before the zip is built. That placeholder is an empty file: the plugin copies archives and reuses its copies, but it
never reuses an empty one. So it reads the path again when it creates the resource, and by then the zip is built.
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
    """Make sure that the zip of a layer is at ``output``: keep it, copy it from another stack, or build it.

    A zip is used only if its note (``<output>.json``) confirms it: a zip that was truncated, damaged or replaced has
    another digest than its note, and is built again.

    Args:
        request: the layer.
        output: path of the zip.
        fingerprint: the fingerprint that the caller has planned.
        sha256: the digest (hex) that a zip must have to be kept or copied, None for any. If the zip is built, its
            digest may be another one.

    Raises:
        InputError: the input is wrong, or the plan has another fingerprint than ``fingerprint``.
        BuildError: the build failed; neither a zip nor a placeholder is left.
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
    """Copy the zip of another stack or layer, if one is intact; it may be removed at any moment."""
    for candidate in _zips_of_others(output):
        artifact = _confirmed(candidate, fingerprint, sha256)
        with suppress(FileNotFoundError):
            if artifact and _copy(candidate, output) == artifact.sha256:
                return replace(artifact, path=output)
    return None


def _copy(source: Path, output: Path) -> str:
    """Copy a file atomically and return the digest of the copy."""
    with source.open("rb") as file, replacing(output) as copy:
        copyfileobj(file, copy)
    return sha256_of(output)


def _confirmed(output: Path, fingerprint: str, sha256: str | None) -> LayerArtifact | None:
    """The zip as its note describes it; None if the zip is different, or not the one that is wanted."""
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
    """Make sure that there is a file at the path of the zip: the zip itself if it is intact, else an empty file.

    The AWS plugin copies the file and reuses the copy unless it is empty, so a damaged zip must not stay there.
    """
    zip_file.parent.mkdir(parents=True, exist_ok=True)
    ignore = zip_file.parents[1] / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    if not zip_file.exists() or (zip_file.stat().st_size and not _is_intact(zip_file)):
        write_atomically(zip_file, b"")


def note_of(zip_file: Path) -> Path:
    """The path of the note that describes a zip."""
    return zip_file.with_name(f"{zip_file.name}.json")


def _zips_of_others(zip_file: Path) -> Iterator[Path]:
    """Zips in the build folder with the same fingerprint, of other stacks or of layers with other names."""
    fingerprint = zip_file.name.rpartition("-")[2]
    yield from (path for path in sorted(zip_file.parents[1].glob(f"*/*-{fingerprint}")) if path != zip_file)


def remove_zip(zip_file: Path) -> None:
    """Remove a zip and its note, and the folder of the stack if it is empty then."""
    for path in (zip_file, note_of(zip_file)):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        zip_file.parent.rmdir()


def _is_intact(zip_file: Path) -> bool:
    """Whether the zip is the one that its note describes; it is read only if it is newer than its note."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        note, found = _read_note(zip_file), zip_file.stat()
        is_older = found.st_mtime_ns <= note_of(zip_file).stat().st_mtime_ns
        return found.st_size == note["size"] and (is_older or sha256_of(zip_file) == note["sha256"])
    return False


def _read_note(zip_file: Path) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(note_of(zip_file).read_text(encoding="utf-8"))
    return note
