"""List what is in a layer zip. Only the zip is read."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections import Counter
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, DistributionSize
from pulumi_poetry_layer.archive.record import layer_name, parse_record_lines
from pulumi_poetry_layer.archive.zip_format import DEFLATED, STORED
from pulumi_poetry_layer.errors import ArchiveError
from pulumi_poetry_layer.host.files import sha256_of
from pulumi_poetry_layer.wheels.metadata import header_bytes, identity, license_of, requirements_of

if TYPE_CHECKING:
    from pathlib import Path

ZIP_ERRORS = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, csv.Error)
"""The errors of reading a file that is no layer zip, or a damaged one."""

_LARGEST_TEXT = 1 << 25  # bytes of METADATA and RECORD each


@dataclass(frozen=True, kw_only=True)
class InspectedPackage(DistributionSize):
    """A distribution in a layer zip.

    Attributes:
        name: normalized name.
        version: version.
        license: its license, as METADATA says; None if it does not say.
        requirements: its requirements (``Requires-Dist``), without those that belong to an extra.
    """

    name: str
    version: str
    license: str | None
    requirements: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The distribution as ``inspect --json`` prints it."""
        document = asdict(self)
        del document["requirements"]
        return document


@dataclass(frozen=True, kw_only=True)
class InspectedLayer:
    """What is in a layer zip.

    Attributes:
        path: the zip.
        sha256: digest of the zip (hex).
        size: bytes of the zip.
        unzipped_size: bytes of its files.
        packages: the distributions in it, by name.
    """

    path: Path
    sha256: str
    size: int
    unzipped_size: int
    packages: tuple[InspectedPackage, ...]

    def document(self) -> dict[str, Any]:
        """The layer as ``inspect --json`` prints it."""
        return asdict(self) | {"path": str(self.path), "packages": [package.document() for package in self.packages]}


def inspect_layer(path: Path) -> InspectedLayer:
    """List what is in a layer zip.

    Raises:
        ArchiveError: the file does not exist or is not a zip.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            packages = tuple(
                _package(archive, members, name.removesuffix("METADATA"))
                for name in sorted(members)
                if name.startswith(LAYER_FOLDER) and name.endswith(".dist-info/METADATA")
            )
    except ZIP_ERRORS as error:
        raise ArchiveError(f"cannot be read as a zip: {error}", where=str(path)) from error
    return InspectedLayer(
        path=path,
        sha256=sha256_of(path),
        size=path.stat().st_size,
        unzipped_size=sum(member.file_size for member in members.values()),
        packages=tuple(sorted(packages, key=lambda package: package.name)),
    )


def _package(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], dist_info: str) -> InspectedPackage:
    with open_text(archive, members[f"{dist_info}METADATA"]) as file:
        found = identity(header_bytes(file), dist_info.rstrip("/").rpartition("/")[2])
    totals = Counter({"files": 0})
    if record := members.get(f"{dist_info}RECORD"):
        with open_text(archive, record) as file:
            for entry in parse_record_lines(line.decode() for line in file):
                if member := members.get(layer_name(entry.path)):
                    totals.update(files=1, size=member.compress_size, unzipped_size=member.file_size)
    return InspectedPackage(
        name=found.name,
        version=found.version,
        license=license_of(found.headers),
        requirements=requirements_of(found.headers),
        files=totals["files"],
        size=totals["size"],
        unzipped_size=totals["unzipped_size"],
    )


def open_text(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """Open a text file in a layer zip, unless reading it could need much memory.

    Raises:
        ValueError: the file is too large, or AWS Lambda could not unpack it.
    """
    if member.compress_type not in {STORED, DEFLATED} or member.file_size > _LARGEST_TEXT:
        raise ValueError(f"{member.filename} is too large, or has a compression method that AWS Lambda cannot unpack")
    return archive.open(member)
