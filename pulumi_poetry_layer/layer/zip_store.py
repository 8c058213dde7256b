"""The zips in the build folder beside a Pulumi program, each with a note (a JSON file) that describes it.

A note also names the owner of its zip: the id of the build in the state of a stack, which stays when the stack is
renamed. A zip is only removed for its owner, because another stack may use the same path now.

The AWS plugin (pulumi-terraform-bridge) opens the path of the zip when it checks the resource, so a file must be there
before the zip is built. That placeholder is an empty file: the plugin copies archives and reuses its copies, but it
never reuses an empty one. So it reads the path again when it creates the resource, and by then the zip is built. The
placeholder is removed when the program ends.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.files import remove_temporary_files, replacing, sha256_of, write_atomically
from pulumi_poetry_layer.layer.artifact import LayerArtifact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pulumi_poetry_layer.layer.request import LayerRequest

_OWNER = "owner"
_IGNORE = ".gitignore"
_DIGITS = "[0-9a-f]{12}"


def ensure_artifact(
    request: LayerRequest, output: Path, *, fingerprint: str, owner: str, sha256: str | None = None
) -> LayerArtifact:
    """Make sure that the zip of a layer is at ``output``: keep it, copy it from another stack, or build it.

    A zip is used only if its note (``<output>.json``) confirms it: a zip that was truncated, damaged or replaced has
    another digest than its note, and is built again.

    Args:
        request: the layer.
        output: path of the zip.
        fingerprint: the fingerprint that the caller has planned.
        owner: id of the build that the zip belongs to.
        sha256: the digest (hex) that a zip must have to be kept or copied, None for any. If the zip is built, its
            digest may be another one.

    Raises:
        InputError: the input is wrong, or the plan has another fingerprint than ``fingerprint``.
        BuildError: the build failed; no zip is left, but a placeholder stays for the plugin, which may still open it.
    """
    artifact = _confirmed(output, fingerprint, sha256)
    if artifact is None:
        try:
            _ignore_in_git(output.parents[1])
            artifact = _copied(output, fingerprint, sha256) or _build(request, output, fingerprint)
        except BaseException:
            note_of(output).unlink(missing_ok=True)
            if not _is_placeholder(output):
                output.unlink(missing_ok=True)
            raise
    elif _owner_of(output) == owner:
        return artifact
    write_atomically(note_of(output), json.dumps({_OWNER: owner, **artifact.note()}, indent=1).encode())
    return artifact


def _build(request: LayerRequest, output: Path, fingerprint: str) -> LayerArtifact:
    from pulumi_poetry_layer.layer.build import build_request  # most previews build nothing

    return build_request(request, output, fingerprint=fingerprint)


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
        note = _read_note(output)
        del note[_OWNER]
        artifact = LayerArtifact.of_note(note, output)
        if artifact.fingerprint != fingerprint or sha256 not in (None, artifact.sha256):
            return None
        if output.stat().st_size != artifact.size:
            return None
        if sha256_of(output) == artifact.sha256:
            return artifact
    return None


def put_placeholder(zip_file: Path, *, replace_placeholder: bool) -> Callable[[], None]:
    """Make sure that there is a file at the path of the zip: the zip itself if it is intact, else an empty file.

    The AWS plugin copies the file and reuses the copy unless it is empty, so a damaged zip must not stay there.

    Args:
        zip_file: path of the zip.
        replace_placeholder: whether to replace a placeholder of another process. An update does, because Pulumi locks
            the stack, so the other process was killed or is a preview, which then does not remove the placeholder. A
            preview does not, because an update may need it.

    Returns:
        A function that removes the placeholder, unless another process has replaced it.

    Raises:
        OSError: the folder is not writable.
    """
    if zip_file.exists() and (is_intact(zip_file) or (_is_placeholder(zip_file) and not replace_placeholder)):
        return lambda: None
    write_atomically(zip_file, b"")
    placed = zip_file.stat()

    def remove() -> None:
        with suppress(OSError):
            found = zip_file.stat()
            if (found.st_ino, found.st_mtime_ns, found.st_size) == (placed.st_ino, placed.st_mtime_ns, 0):
                zip_file.unlink()
        _remove_empty_folders(zip_file)

    return remove


def remove_leftovers(zip_file: Path) -> None:
    """Remove what earlier updates of the same layer have left in its folder when they were killed.

    Only during an update, because Pulumi locks the stack then.
    """
    remove_temporary_files(zip_file.parent)
    placeholder = re.compile(rf"{re.escape(_layer_of(zip_file))}-{_DIGITS}\.zip")
    with suppress(OSError):
        for path in list(zip_file.parent.iterdir()):
            if placeholder.fullmatch(path.name) and _is_placeholder(path):
                path.unlink(missing_ok=True)


def _is_placeholder(zip_file: Path) -> bool:
    with suppress(OSError):
        return zip_file.stat().st_size == 0
    return False


def _ignore_in_git(folder: Path) -> None:
    """Write a .gitignore file for everything in the folder."""
    ignore = folder / _IGNORE
    if not ignore.exists():
        folder.mkdir(parents=True, exist_ok=True)
        ignore.write_text("*\n", encoding="utf-8")


def note_of(zip_file: Path) -> Path:
    """The path of the note that describes a zip."""
    return zip_file.with_name(f"{zip_file.name}.json")


def _zips_of_others(zip_file: Path) -> Iterator[Path]:
    """Zips in the build folder with the same fingerprint, of other stacks or of layers with other names."""
    fingerprint = zip_file.name.rpartition("-")[2]
    yield from (path for path in sorted(zip_file.parents[1].glob(f"*/*-{fingerprint}")) if path != zip_file)


def remove_zips(zip_file: Path, owner: str, *, keep: Path | None = None) -> None:
    """Remove the zips of an owner from the build folder, with their notes, and the folders that are empty then.

    Args:
        zip_file: the zip as the state names it. Another owner's zip at this path is not removed.
        owner: id of the build that the zips belong to.
        keep: the zip that stays.
    """
    if _owner_of(zip_file) in {owner, None}:  # else another stack uses this folder now
        remove_leftovers(zip_file)
    for note in zip_file.parents[1].glob("*/*.zip.json"):
        path = note.with_suffix("")
        if path != keep and _owner_of(path) == owner:
            path.unlink(missing_ok=True)
            note.unlink(missing_ok=True)
            _remove_empty_folders(path)
    _remove_empty_folders(zip_file)


def _remove_empty_folders(zip_file: Path) -> None:
    """Remove the folder of the stack if it is empty, and the build folder if no other stack has one."""
    build_folder = zip_file.parents[1]
    with suppress(OSError):
        zip_file.parent.rmdir()
        if [path.name for path in build_folder.iterdir()] == [_IGNORE]:
            (build_folder / _IGNORE).unlink()
        build_folder.rmdir()


def _owner_of(zip_file: Path) -> str | None:
    """The owner in the note of a zip; None if there is no note."""
    with suppress(OSError, ValueError, AttributeError):
        return str(_read_note(zip_file).get(_OWNER))
    return None


def _layer_of(zip_file: Path) -> str:
    """The name of the layer in the name of its zip."""
    return zip_file.stem.rpartition("-")[0]


def is_intact(zip_file: Path) -> bool:
    """Whether the zip is the one that its note describes; it is read only if it is newer than its note."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        note, found = _read_note(zip_file), zip_file.stat()
        is_older = found.st_mtime_ns <= note_of(zip_file).stat().st_mtime_ns
        return found.st_size == note["size"] and (is_older or sha256_of(zip_file) == note["sha256"])
    return False


def _read_note(zip_file: Path) -> dict[str, Any]:
    """The note of a zip.

    Raises:
        OSError: there is none, or it cannot be read.
        ValueError: it is not JSON.
    """
    try:
        note: dict[str, Any] = json.loads(note_of(zip_file).read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("the note is nested too deeply") from error
    return note
