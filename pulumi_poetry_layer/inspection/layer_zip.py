"""Opens a layer zip within bounds, and says what a file is that is not a layer."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
import zlib
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, cast

from pulumi_poetry_layer.archive.zip_format import DEFLATED, STORED
from pulumi_poetry_layer.errors import ArchiveError
from pulumi_poetry_layer.host.failures import lack_of_resources
from pulumi_poetry_layer.inspection.kinds import START_SIZE, kind_of_file, reason_not_a_layer
from pulumi_poetry_layer.size.limits import UNZIPPED_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ERRORS = (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, csv.Error)
_LARGEST = 4 * UNZIPPED_LIMIT  # bytes to read; more than any layer has
_LARGEST_DIRECTORY = 1 << 24  # bytes; that of a layer with 10,000 files has about one million
_LARGEST_TEXT = 1 << 25  # bytes of METADATA and RECORD each
_IN_MEMORY = 1 << 23  # bytes of a native file; a larger one is unpacked to a temporary file
_ENCRYPTED = 1  # in the flags (APPNOTE 4.4.4)
_ELF = b"\x7fELF"


@contextmanager
def open_layer(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a layer zip.

    Raises:
        ArchiveError: the file does not exist, is not a zip, is damaged, or unzips to more than Lambda allows.
        OSError: the disk is full, or the like.
    """
    try:
        with _Bounded(io.FileIO(path)) as file:
            if not zipfile.is_zipfile(file):
                file.seek(0)
                raise ValueError(f"it is {kind_of_file(file.read(START_SIZE))}")
            with zipfile.ZipFile(file) as archive:
                _check(archive)
                yield archive
    except FileNotFoundError as error:
        raise ArchiveError("no such file", where=str(path)) from error
    except _ERRORS as error:
        if lack_of_resources(error):
            raise
        if isinstance(error, OSError):
            raise ArchiveError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
        raise ArchiveError(f"cannot be read as a zip: {error}", where=str(path)) from error


def _check(archive: zipfile.ZipFile) -> None:
    if sum(member.file_size for member in archive.infolist()) > _LARGEST:
        raise ValueError(f"it unzips to more than {_LARGEST >> 20} MiB, four times the limit of AWS Lambda")
    for member in archive.infolist():
        if not member.filename:
            raise ValueError("a file in it has no name")
        if member.compress_type not in {STORED, DEFLATED}:
            raise ValueError(f"{member.filename} has a compression method that AWS Lambda cannot unpack")
        if member.flag_bits & _ENCRYPTED:
            raise ValueError(f"{member.filename} is encrypted")


def refuse_other_zips(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse a zip that is not a layer for Python.

    Raises:
        ArchiveError: the zip is something else; the message says what.
    """
    if found := reason_not_a_layer(archive.NameToInfo.keys()):
        reason, hint = found
        raise ArchiveError(reason, where=str(path), hint=hint)


class _Bounded(io.BufferedReader):
    """A file from which ``zipfile`` reads no directory that would fill the memory. It reads the directory at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LARGEST_DIRECTORY:
            raise ValueError(f"its directory has more than {_LARGEST_DIRECTORY >> 20} MiB")
        return super().read(size)


def open_text(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """Open a text file in a layer zip, unless reading it could need much memory.

    Raises:
        ValueError: the file is too large.
    """
    if member.file_size > _LARGEST_TEXT:
        raise ValueError(f"{member.filename} has more than {_LARGEST_TEXT >> 20} MiB")
    return archive.open(member)


def open_member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a file in a layer zip. A native file is unpacked first, because its parts are not read one after another."""
    file = cast("zipfile.ZipExtFile", archive.open(name))
    if file.peek(len(_ELF))[: len(_ELF)] != _ELF:
        return cast("IO[bytes]", file)
    unpacked = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        with file:
            shutil.copyfileobj(file, unpacked)
    except BaseException:
        unpacked.close()
        raise
    return cast("IO[bytes]", unpacked)
