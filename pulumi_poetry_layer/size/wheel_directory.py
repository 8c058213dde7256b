"""The size that a wheel will have in a layer, read from the last bytes of the wheel: a zip ends with its directory."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER
from pulumi_poetry_layer.archive.record import SCHEMES_OUTSIDE, is_bytecode_cache
from pulumi_poetry_layer.archive.zip_format import CENTRAL_SIZE, LOCAL_SIZE
from pulumi_poetry_layer.size.compiled_modules import estimate
from pulumi_poetry_layer.wheels.native import is_library

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class WheelSizes:
    """The size that a wheel has in a layer.

    Attributes:
        size: bytes in the zip, the entries in its directory included.
        unzipped_size: bytes of the files, None if that is not known.
        compiled_size: bytes in the zip that its compiled modules may add; an estimate.
        compiled_unzipped_size: bytes of these, unzipped.
    """

    size: int
    unzipped_size: int | None
    compiled_size: int = 0
    compiled_unzipped_size: int = 0


class TruncatedDirectoryError(Exception):
    """The directory starts before the bytes that were given.

    Attributes:
        length: how many of the wheel's last bytes are needed.
    """

    def __init__(self, length: int) -> None:
        super().__init__(f"the last {length} bytes are needed")
        self.length = length


def read_directory(end: bytes, whole_size: int) -> WheelSizes:
    """Add up the sizes in the directory of a wheel.

    Args:
        end: the last bytes of the wheel.
        whole_size: the size of the whole wheel, in bytes.

    Raises:
        TruncatedDirectoryError: ``end`` does not contain the whole directory.
        zipfile.BadZipFile: ``end`` is not the end of a zip file.
    """
    with zipfile.ZipFile(io.BufferedReader(_Tail(end, whole_size))) as wheel:
        members = list(_layer_files(wheel.infolist()))
    names = sum(len(LAYER_FOLDER) + len(info.filename.encode()) for info in members)
    files = {LAYER_FOLDER + info.filename: (info.compress_size, info.file_size) for info in members}
    compiled = estimate(files)
    return WheelSizes(
        size=sum(_stored_size(info) for info in members) + len(members) * (LOCAL_SIZE + CENTRAL_SIZE) + 2 * names,
        unzipped_size=sum(info.file_size for info in members),
        compiled_size=compiled.size,
        compiled_unzipped_size=compiled.unzipped_size,
    )


def _layer_files(infos: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    """The files of a wheel that a layer contains, by the rules of ``wheels.reader``.

    Programs are not counted: a directory does not say which files are native.
    """
    for info in infos:
        folder, _, rest = info.filename.partition("/")
        is_outside = folder.endswith(".data") and rest.partition("/")[0] in SCHEMES_OUTSIDE
        is_outside = is_outside and not (rest.startswith("data/lib/") and is_library(rest))
        if not info.filename.endswith("/") and not is_outside and not is_bytecode_cache(info.filename):
            yield info


def _stored_size(info: zipfile.ZipInfo) -> int:
    """Bytes in the zip; RECORD is rewritten and not compressed."""
    return info.file_size if info.filename.endswith(".dist-info/RECORD") else info.compress_size


class _Tail(io.RawIOBase):
    """A readable file of which only the last bytes are available."""

    def __init__(self, end: bytes, size: int) -> None:
        self._end = end[-size:] if size else b""
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if self._position < 0:
            raise OSError("before the start of the file")
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        missing = self._size - len(self._end)
        if self._position < missing:
            raise TruncatedDirectoryError(self._size - self._position)
        data = self._end[self._position - missing :][: len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
