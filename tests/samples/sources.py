"""Sample packages that are built from source, with build backends that come from no index or a local one."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

from samples.wheels import WheelSample

_BACKEND = """\
import base64, hashlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    files = {files!r}
    rows = []
    with zipfile.ZipFile(f"{{folder}}/{stem}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{{path}},sha256={{digest}},{{len(text)}}\\n")
        wheel.writestr("{stem}-1.0.dist-info/RECORD", "".join(rows) + "{stem}-1.0.dist-info/RECORD,,\\n")
    return "{stem}-1.0-py3-none-any.whl"
"""


def source_tree(name: str, files: Mapping[str, str]) -> dict[str, str]:
    """The source of a package with a build backend of its own; path → text.

    Args:
        name: name of the package.
        files: path → text of the files of its wheel, without the .dist-info folder.
    """
    stem = name.replace("-", "_")
    all_files = {
        **files,
        f"{stem}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{stem}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    return {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": _BACKEND.format(files=all_files, stem=stem),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
    }


def sdist_of(name: str, tree: Mapping[str, str]) -> bytes:
    """The sdist of a source tree."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in tree.items():
            info = tarfile.TarInfo(f"{name.replace('-', '_')}-1.0/{path}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


_MAKER = """\
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = open("NAME").read().strip()
    stem = name.replace("-", "_")
    files = {
        f"{stem}.py": "maker = '@VERSION@'\\n",
        f"{stem}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
        f"{stem}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files[f"{stem}-1.0.dist-info/RECORD"] = "".join(f"{path},,\\n" for path in files)
    with zipfile.ZipFile(f"{folder}/{stem}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return f"{stem}-1.0-py3-none-any.whl"
"""
"""A build backend. The wheels that it builds contain its version."""


def maker(version: str) -> WheelSample:
    """A wheel of a build backend. What it builds contains its version."""
    return WheelSample(name="maker", version=version, files={"maker.py": _MAKER.replace("@VERSION@", version).encode()})


def made_tree(name: str) -> dict[str, str]:
    """The source of a package that is built with the newest version of that backend, unless something limits it."""
    backend = '[build-system]\nrequires = ["maker"]\nbuild-backend = "maker"\n'
    return {"pyproject.toml": backend, "NAME": name, "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"}
