"""Check a layer zip, also one that another tool has made. Only the zip is read."""

from __future__ import annotations

import shutil
import zipfile
from contextlib import contextmanager
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER
from pulumi_poetry_layer.archive.record import layer_name, parse_record_lines
from pulumi_poetry_layer.errors import ArchiveError
from pulumi_poetry_layer.host.failures import lack_of_resources
from pulumi_poetry_layer.layer.inspection import ZIP_ERRORS, open_text
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.size.limits import UNZIPPED_LIMIT
from pulumi_poetry_layer.verify.findings import find_problems
from pulumi_poetry_layer.verify.layer_content import Distribution
from pulumi_poetry_layer.wheels.metadata import decoded, header_bytes, parse_headers, requirements_of
from pulumi_poetry_layer.wheels.native import NativeFile, needs_of, platforms_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from email.message import Message
    from pathlib import Path

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.verify.findings import Finding

_DIST_INFO = ".dist-info/METADATA"
_LARGEST = 4 * UNZIPPED_LIMIT  # bytes to read; more than any layer has
_IN_MEMORY = 1 << 23  # bytes of a native file; a larger one is unpacked to a temporary file


def verify_layer(path: Path, target: Target, system_libraries: Collection[str] = ()) -> tuple[Finding, ...]:
    """Check whether a Lambda could load a layer, without running it.

    Args:
        path: the zip.
        target: the target.
        system_libraries: file names of shared libraries that the function has besides those of the runtime.

    Raises:
        ArchiveError: the file does not exist, is not a zip, or unzips to more than Lambda allows.
    """
    with open_layer(path) as archive:
        distributions = tuple(distributions_in(archive))
    return find_problems(distributions, target, system_libraries=system_libraries)


@contextmanager
def open_layer(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a layer zip.

    Raises:
        ArchiveError: the file does not exist, is not a zip, or unzips to more than Lambda allows.
        OSError: the disk is full, or the like.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST:
                raise ValueError(f"it unzips to more than {_LARGEST >> 20} MiB, four times the limit of AWS Lambda")
            yield archive
    except ZIP_ERRORS as error:
        if lack_of_resources(error):
            raise
        raise ArchiveError(f"cannot be read as a zip: {error}", where=str(path)) from error


def distributions_in(archive: zipfile.ZipFile) -> Iterator[Distribution]:
    """The distributions in a zip, and the files that belong to none as one more."""
    members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
    others = set(members)
    for name in sorted(members):
        if name.startswith(LAYER_FOLDER) and name.endswith(_DIST_INFO):
            folder = name.removesuffix("METADATA")
            files = {f"{folder}METADATA", *_recorded(archive, members.get(f"{folder}RECORD"))} & members.keys()
            others -= files
            metadata = _headers(archive, members[name])
            yield _distribution(archive, metadata, _platforms(archive, members.get(f"{folder}WHEEL")), files)
    if others:
        yield _distribution(archive, parse_headers(""), frozenset(), others)


def _distribution(
    archive: zipfile.ZipFile, metadata: Message, platforms: frozenset[str], files: Collection[str]
) -> Distribution:
    return Distribution(
        name=normalized(metadata["Name"] or "") or "files without a distribution",
        version=metadata["Version"] or "",
        platforms=platforms,
        requirements=requirements_of(metadata),
        files=frozenset(files),
        natives=() if platforms == {"any"} else tuple(_natives(archive, files)),
    )


def _recorded(archive: zipfile.ZipFile, record: zipfile.ZipInfo | None) -> Iterator[str]:
    if record is None:
        return
    with open_text(archive, record) as file:
        for entry in parse_record_lines(line.decode() for line in file):
            yield layer_name(entry.path)


def _platforms(archive: zipfile.ZipFile, wheel: zipfile.ZipInfo | None) -> frozenset[str]:
    tags = _headers(archive, wheel).get_all("Tag", []) if wheel else []
    return frozenset(chain.from_iterable(map(platforms_of, tags)))


def _headers(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Message:
    with open_text(archive, member) as file:
        return parse_headers(decoded(header_bytes(file))[0])


def _natives(archive: zipfile.ZipFile, names: Iterable[str]) -> Iterator[NativeFile]:
    for name in sorted(names):
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as unpacked:
            with archive.open(name) as file:
                unpacked.write(file.read(4))
                unpacked.seek(0)
                if unpacked.read() != b"\x7fELF":
                    continue
                shutil.copyfileobj(file, unpacked)
            if needs := needs_of(unpacked):
                yield NativeFile(name, needs)
