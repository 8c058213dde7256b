"""What a file is that is not a layer, by its first bytes or by the names in the zip. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, LAYER_FOLDERS

if TYPE_CHECKING:
    from collections.abc import Collection

START_SIZE = 264
"""How many of a file's first bytes :func:`kind_of_file` looks at."""

_STARTS = (
    (b"PK\x03\x04", "the start of a zip without its end; it was not written or downloaded completely"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a native program or library"),
    (b"MZ", "a Windows program"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself"),
)
_TAR_OFFSET, _TAR = 257, b"ustar"

_DIST_INFO = re.compile(r"([^/]+)\.dist-info/")
_OTHER_RUNTIMES = {"nodejs": "Node.js", "java": "Java", "ruby": "Ruby"}
_LAYER_FOLDERS = frozenset(folder.rstrip("/") for folder in LAYER_FOLDERS) | {"extensions"}
_LISTED = 5

_MAKE_LAYER = f"a layer has its packages in the folder {LAYER_FOLDER}"


def kind_of_file(start: bytes) -> str:
    """What a file is that is not a zip.

    Args:
        start: the first :data:`START_SIZE` bytes of the file.
    """
    if not start:
        return "an empty file"
    if start[_TAR_OFFSET:].startswith(_TAR):
        return "a tar archive"
    for magic, kind in _STARTS:
        if start.startswith(magic):
            return kind
    if start.lstrip()[:1] == b"<":
        return "an HTML or XML file"
    return "a text file" if _is_text(start) else "no archive that is known here"


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")  # the last character may be cut
    return len(text.encode()) > len(start) - 4 and all(char.isprintable() or char in "\t\n\r" for char in text)


def reason_not_a_layer(names: Collection[str]) -> tuple[str, str | None] | None:
    """What a zip is, and what to do, if it is not a layer; None if it is one.

    Args:
        names: the names of its members.
    """
    files = [name for name in names if not name.endswith("/")]
    if not files:
        return "is a zip without any files", None
    tops = {name.partition("/")[0] for name in files}
    if "python" in tops and any(name.startswith(LAYER_FOLDER) for name in files):
        return None
    if not any("/" not in name for name in files) and tops <= _LAYER_FOLDERS:
        return None  # a layer with shared libraries, programs or extensions alone
    return _other_zip(files, tops)


def _other_zip(files: Collection[str], tops: set[str]) -> tuple[str, str | None]:
    dist_infos = sorted({match[1] for name in files if (match := _DIST_INFO.match(name))})
    if len(dist_infos) == 1 and f"{dist_infos[0]}.dist-info/WHEEL" in files and "EGG-INFO" not in tops:
        return f"is a wheel ({dist_infos[0]}), not a layer", f'{_MAKE_LAYER}: "pip install --target python" the wheel'
    if other := sorted(tops & _OTHER_RUNTIMES.keys()):
        return f"is a layer for {_OTHER_RUNTIMES[other[0]]}; this program knows those for Python", None
    if "META-INF/MANIFEST.MF" in files:
        return "is a Java archive, not a layer", None
    if len(files) == 1 and (inner := next(iter(files))).endswith(".zip"):
        return f"is a zip that contains {inner}, not a layer", "unpack it, and give the zip in it"
    if any(name.startswith("python\\") for name in files):
        return "has backslashes in its paths, so Lambda does not see the folder python/", "zip it with another program"
    if len(tops) == 1 and any(name.startswith(f"{(top := next(iter(tops)))}/{LAYER_FOLDER}") for name in files):
        return (
            f"has {LAYER_FOLDER} inside of the folder {top}/, where Lambda does not look",
            f"zip the content of {top}/, not the folder itself",
        )
    if len(tops) == 1 and any(name.count("/") == 1 and name.endswith("/PKG-INFO") for name in files):
        return f"is a source distribution ({next(iter(tops))}), not a layer", None
    if dist_infos or any(name.endswith(".py") for name in files):
        return (
            f"is the code of a function, or packages outside of {LAYER_FOLDER}; it is not a layer",
            f"{_MAKE_LAYER}; move them there",
        )
    shown = ", ".join(sorted(tops)[:_LISTED]) + (", …" if len(tops) > _LISTED else "")
    return f"is a zip, but not a layer: it has {shown}", _MAKE_LAYER
