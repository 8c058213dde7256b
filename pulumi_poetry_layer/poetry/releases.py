"""Versions that are computed from other versions, as Poetry's arithmetic needs them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable


def as_compared_with(version: Version, bound: Version) -> Version:
    """The version for a comparison with a bound: without its local part, unless the bound has one."""
    return version if bound.local or not version.local else public(version)


@lru_cache(maxsize=4096)
def public(version: Version) -> Version:
    """The version without its local part."""
    return Version(version.public)


def _made(version: Version, *, release: Iterable[int] | None = None, suffix: str = "") -> Version:
    numbers = ".".join(map(str, version.release if release is None else release))
    return Version(f"{version.epoch}!{numbers}{suffix}")


def _pre(version: Version) -> str:
    return "".join(map(str, version.pre or ()))


def without_post_release(version: Version) -> Version:
    """The version without its post-release number."""
    local = f"+{version.local}" if version.local else ""
    return _made(version, suffix=f"{_pre(version)}{local}")


def next_patch(version: Version) -> Version:
    """The release after the patch release that a version belongs to."""
    return _made(version, release=(version.major, version.minor, version.micro + 1))


def next_after_local_versions(version: Version) -> Version:
    """The first release after a version and all its local versions."""
    if version.dev is not None:
        post = f".post{version.post}" if version.post is not None else ""
        return _made(version, suffix=f"{_pre(version)}{post}.dev{version.dev + 1}")
    post_number = 0 if version.post is None else version.post + 1
    return _made(version, suffix=f"{_pre(version)}.post{post_number}")
