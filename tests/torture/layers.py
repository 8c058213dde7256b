"""What every layer zip has to be, whatever it was made from."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path

from pulumi_poetry_layer.archive.record import entry_of, layer_name, parse_record

FOLDERS = ("python/", "lib/", "bin/")


def check_layer(path: Path, sha256: str | None = None) -> None:
    """Check a layer zip.

    Args:
        path: the zip.
        sha256: the digest that was reported for it; None if it does not matter.

    Raises:
        AssertionError: it is not complete, or a file in it could be unpacked elsewhere, or a RECORD is wrong.
    """
    if sha256 is not None:
        assert sha256_of(path) == sha256, "another digest than the reported one"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, "a file with a wrong CRC-32"
        names = archive.namelist()
        assert len(names) == len(set(names)), "a name twice"
        for info in archive.infolist():
            assert info.filename.startswith(FOLDERS), f"outside of the folders of a layer: {info.filename!r}"
            assert not {"", ".", ".."} & set(info.filename.split("/")), f"an unsafe path: {info.filename!r}"
            assert info.filename.isprintable() or not info.filename.isascii(), f"not printable: {info.filename!r}"
            assert stat.S_ISREG(info.external_attr >> 16), f"not a regular file: {info.filename!r}"
            assert info.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
        for name in names:
            if name.endswith(".dist-info/RECORD"):
                check_record(archive, name)


def check_record(archive: zipfile.ZipFile, record: str) -> None:
    """Check that a RECORD lists files that exist, with their hashes."""
    for row in parse_record(archive.read(record).decode()):
        name = layer_name(row.path)
        with archive.open(name) as file:
            digest, size = hashlib.sha256(), 0
            while block := file.read(1 << 18):
                digest.update(block)
                size += len(block)
        found = entry_of(row.path, digest.digest(), size)
        assert not row.digest or row == found, f"RECORD lists {row}, not {found}"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
