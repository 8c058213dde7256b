"""Sample layer zips, as different tools make them, for tests."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

SITE_PACKAGES = "python/lib/python3.12/site-packages/"
DATE = (2026, 1, 2, 3, 4, 6)
SECONDS = 1767323046  # the same date in UTC


def installed(
    name: str, files: Mapping[str, bytes], *, version: str = "1.0", root: str = "python/", metadata: str = ""
) -> dict[str, bytes]:
    """The files of an installed distribution in a layer, with a RECORD that lists all of them."""
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    contents = {
        **files,
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}".encode(),
    }
    record = "".join(f"{path},,\n" for path in (*contents, f"{folder}/RECORD"))
    return {f"{root}{path}": data for path, data in {**contents, f"{folder}/RECORD": record.encode()}.items()}


def write_zip(path: Path, *parts: Mapping[str, bytes], mode: int = 0o644) -> Path:
    """Write a zip with these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            for name, data in part.items():
                info = zipfile.ZipInfo(name, DATE)
                info.external_attr = (0o100000 | mode) << 16
                archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return path
