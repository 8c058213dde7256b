"""Direct references of requirements: ``name @ git+https://host/repository@v1#subdirectory=part`` (PEP 508)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

_GIT = re.compile(r"(git\+)?(?P<address>(\w+://[^/#]*|[^@/#]+@)?[^@#]*)(@(?P<reference>[^@#]+))?(#(?P<fragment>.*))?")
_HOST_WITH_PATH = re.compile(r"(?P<start>(\w+://)?([^/@]+@)?[^/:@]+):(?!//|\d+(/|$))/*(?P<path>.+)")
_SUBDIRECTORY = re.compile(r"(^|&)subdirectory=(?P<folder>[^&]+)")
_WHEEL_VERSION = re.compile(r".*/[^/]+?-(?P<version>\d[^-/]*)(-\d[^-/]*)?-[^-/]+-[^-/]+-[^-/]+\.whl")


def parse_direct_reference(url: str) -> dict[str, Any]:
    """The fields of a ``Dependency`` for a direct reference.

    If the address names a wheel, its version is the constraint, as in Poetry.
    """
    if url.startswith(("git+", "git:")) and (match := _GIT.fullmatch(url)):
        return {
            "origin": "git",
            "address": match["address"],
            "reference": match["reference"],
            "subdirectory": _subdirectory(match["fragment"]),
        }
    address, _, fragment = url.partition("#")
    is_path = address.startswith("file:") or "://" not in address
    fields: dict[str, Any] = {"origin": "path" if is_path else "url", "address": address}
    if folder := _subdirectory(fragment):
        fields["subdirectory"] = folder
    if wheel := _WHEEL_VERSION.fullmatch(address):
        fields["constraint"] = unquote(wheel["version"])
    return fields


def plain_git_address(address: str) -> str:
    """The address of a git repository in a uniform spelling: Poetry locks ``git@host:path`` as ``git@host/path``."""
    address = address.removeprefix("git+")
    match = _HOST_WITH_PATH.fullmatch(address)
    return f"{match['start']}/{match['path']}" if match else address


def _subdirectory(fragment: str | None) -> str | None:
    match = _SUBDIRECTORY.search(fragment or "")
    return match["folder"] if match else None
