"""What the checks need to know of a layer, taken from its files or from the parts that a builder returns."""

from __future__ import annotations

import io
import posixpath
import re
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import BytesContent, FileContent, Member, Segment, content_bytes
from pulumi_poetry_layer.wheels.metadata import decoded, header_bytes, identity, parse_headers, requirements_of
from pulumi_poetry_layer.wheels.native import NativeFile, needs_of, platforms_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from email.message import Message
    from typing import IO

ROOT = re.compile(r"(?:python/)?lib/python3\.\d+/site-packages/|python/")
"""A folder of a layer in which packages are.

Lambda looks in ``python/`` and in ``python/lib/python3.x/site-packages/``
(https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html). Some layers have the latter elsewhere by mistake.
"""

METADATA = re.compile(rf"(?P<folder>(?:{ROOT.pattern})[^/]+\.(?:dist|egg)-info/)(?:METADATA|PKG-INFO)")
"""The path of the METADATA of a distribution in a layer."""

WITHOUT_DISTRIBUTION = "files without a distribution"
"""The name under which files are listed that belong to no distribution."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """What the checks need to know of a distribution in a layer.

    Attributes:
        name: normalized name.
        version: version.
        platforms: the kinds of platform that it is for, as in wheel tags: ``any``, ``linux``, ``manylinux``.
        requirements: its requirements (``Requires-Dist``), without those that an extra asks for.
        files: the paths of its files in the layer.
        natives: its native files. Those of a distribution for ``any`` platform are data, and not listed.
    """

    name: str
    version: str
    platforms: frozenset[str]
    requirements: tuple[str, ...]
    files: frozenset[str]
    natives: tuple[NativeFile, ...]

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True, kw_only=True)
class ReadDistribution:
    """A distribution, and the headers of its METADATA.

    Attributes:
        content: what the checks need to know of it.
        headers: the headers; none if it has no METADATA.
    """

    content: Distribution
    headers: Message


def distributions_of(parts: Iterable[Member | Segment]) -> tuple[Distribution, ...]:
    """The distributions that the parts of a layer are from, sorted by name."""
    members: dict[str, list[Member]] = {}
    found = []
    for part in parts:
        if isinstance(part, Segment):
            found.append(_of_segment(part))
        else:
            members.setdefault(part.distribution, []).append(part)
    found += [_of_members(name, files) for name, files in members.items()]
    return tuple(sorted(found, key=lambda distribution: distribution.name))


def _of_segment(segment: Segment) -> Distribution:
    return Distribution(
        name=segment.distribution,
        version=segment.notes["version"],
        platforms=frozenset(segment.notes["platforms"]),
        requirements=tuple(segment.notes["requirements"]),
        files=frozenset(name.decode() for name in segment.names),
        natives=tuple(map(NativeFile.of, segment.notes["natives"])),
    )


def _of_members(name: str, members: list[Member]) -> Distribution:
    by_name = {member.name: member for member in members}
    dist_info = next((match["folder"] for path in by_name if (match := METADATA.fullmatch(path))), None)
    found = read_distribution(by_name, lambda path: _open(by_name[path]), dist_info)
    return replace(found.content, name=name)


def read_distribution(
    files: Collection[str], open_file: Callable[[str], IO[bytes]], dist_info: str | None
) -> ReadDistribution:
    """Read a distribution from its files.

    Args:
        files: the paths of its files in the layer.
        open_file: opens one of them.
        dist_info: the path of its .dist-info or .egg-info folder, with a slash at the end; None if it has none.
    """
    metadata = _metadata(files, open_file, dist_info)
    found = identity(metadata, posixpath.basename((dist_info or "").rstrip("/")))
    wheel = _header_bytes(files, open_file, f"{dist_info}WHEEL") if dist_info else None
    tags = parse_headers(decoded(wheel or b"")[0]).get_all("Tag", [])
    platforms = frozenset(chain.from_iterable(map(platforms_of, tags)))
    content = Distribution(
        name=found.name or WITHOUT_DISTRIBUTION,
        version=found.version,
        platforms=platforms,
        requirements=requirements_of(found.headers),
        files=frozenset(files),
        natives=() if platforms == {"any"} else tuple(_natives(files, open_file)),
    )
    return ReadDistribution(content=content, headers=found.headers)


def read_headers(files: Collection[str], open_file: Callable[[str], IO[bytes]], dist_info: str) -> Message:
    """The headers of the METADATA of a distribution; the arguments are those of :func:`read_distribution`."""
    return parse_headers(decoded(_metadata(files, open_file, dist_info) or b"")[0])


def _metadata(files: Collection[str], open_file: Callable[[str], IO[bytes]], dist_info: str | None) -> bytes | None:
    if dist_info is None:
        return None
    metadata = _header_bytes(files, open_file, f"{dist_info}METADATA")
    return metadata or _header_bytes(files, open_file, f"{dist_info}PKG-INFO")


def _header_bytes(files: Collection[str], open_file: Callable[[str], IO[bytes]], path: str) -> bytes | None:
    if path not in files:
        return None
    with open_file(path) as file:
        return header_bytes(file)


def _natives(files: Iterable[str], open_file: Callable[[str], IO[bytes]]) -> Iterator[NativeFile]:
    for name in sorted(files):
        with open_file(name) as file:
            if needs := needs_of(file):
                yield NativeFile(name, needs)


def _open(member: Member) -> IO[bytes]:
    if isinstance(member.content, BytesContent):
        return io.BytesIO(member.content.data)
    if isinstance(member.content, FileContent):
        return member.content.path.open("rb")
    return io.BytesIO(content_bytes(member.content))  # a compiled module
