"""The METADATA of a wheel: its headers, and a form without paths of the build host.

A build backend writes a path dependency as ``Requires-Dist: name @ file:///…``, with the path on the build host. A
layer contains that dependency under its name, and the name is the same on every host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import IO, TYPE_CHECKING

from pulumi_poetry_layer.names import normalized

if TYPE_CHECKING:
    from email.message import Message

_LARGEST_HEADERS = 1 << 21  # bytes; real ones have some kilobytes
_LOCAL_REQUIREMENT = re.compile(rb"(?im)^(Requires-Dist: *[^@;\s]+(?: *\[[^\]]*\])?) *@ *file:[^\s;]*")
_EXTRA = re.compile(r";.*\bextra\b")


def without_file_urls(metadata: bytes) -> bytes:
    """METADATA with its requirements on ``file:`` URLs reduced to name, extras and marker."""
    headers, blank_line, description = metadata.partition(b"\n\n")
    return _LOCAL_REQUIREMENT.sub(rb"\1", headers) + blank_line + description


def header_bytes(file: IO[bytes]) -> bytes:
    """The headers of a METADATA or WHEEL file, up to the first blank line. The description after it is not read.

    Args:
        file: the file, at its start.

    Raises:
        ValueError: the headers are too long.
    """
    headers = bytearray()
    while (line := file.readline(_LARGEST_HEADERS)).strip(b"\r\n"):
        headers += line
        if len(headers) >= _LARGEST_HEADERS:
            raise ValueError(f"its headers have more than {_LARGEST_HEADERS >> 20} MiB")
    return bytes(headers)


def decoded(data: bytes) -> tuple[str, bool]:
    """The text of headers, and whether it is UTF-8; if not, each byte that is wrong is replaced."""
    try:
        return data.decode("utf-8"), True
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace"), False


@dataclass(frozen=True)
class Identity:
    """The distribution that an installed .dist-info folder, or that of a wheel, belongs to.

    Attributes:
        name: normalized name.
        version: the version.
        headers: the headers of METADATA.
        note: what is wrong with METADATA; empty if nothing is.
    """

    name: str
    version: str
    headers: Message
    note: str


def identity(headers: bytes | None, dist_info: str) -> Identity:
    """The distribution that a .dist-info folder belongs to; by the folder's name if METADATA does not say it.

    Args:
        headers: the headers of METADATA; None if there is no such file.
        dist_info: name of the folder.
    """
    name, _, version = dist_info.removesuffix(".dist-info").removesuffix(".egg-info").partition("-")
    text, is_utf8 = decoded(headers or b"")
    metadata = parse_headers(text)
    notes = [] if is_utf8 else ["its METADATA is not UTF-8"]
    if not (metadata.get("Name") and metadata.get("Version")):
        notes.append("its METADATA has no name or no version" if headers is not None else "it has no METADATA")
    return Identity(
        name=normalized(metadata.get("Name") or name),
        version=metadata.get("Version") or version,
        headers=metadata,
        note="; ".join(notes),
    )


def parse_headers(text: str) -> Message:
    """The headers of a METADATA or WHEEL file."""
    return HeaderParser().parsestr(text)


def requirements_of(headers: Message) -> tuple[str, ...]:
    """The requirements in METADATA (``Requires-Dist``), without those that belong to an extra."""
    return tuple(text for text in headers.get_all("Requires-Dist", []) if not _EXTRA.search(text))
