"""What the checks need to know of a layer, taken from the parts that a builder returns."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import BytesContent, FileContent, Member, Segment
from pulumi_poetry_layer.wheels.metadata import decoded, header_bytes, parse_headers, requirements_of
from pulumi_poetry_layer.wheels.native import NativeFile, needs_of, platforms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from email.message import Message
    from typing import IO


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
    metadata = _headers(members, ".dist-info/METADATA")
    tags = _headers(members, ".dist-info/WHEEL").get_all("Tag", [])
    platforms = frozenset(chain.from_iterable(map(platforms_of, tags)))
    return Distribution(
        name=name,
        version=metadata.get("Version", ""),
        platforms=platforms,
        requirements=requirements_of(metadata),
        files=frozenset(member.name for member in members),
        natives=() if platforms == {"any"} else tuple(_natives(members)),
    )


def _headers(members: Iterable[Member], ending: str) -> Message:
    """The headers of the file in the .dist-info folder whose name ends so; none if there is no such file."""
    for member in members:
        if member.name.endswith(ending) and member.name.count("/") == ending.count("/") + 1:
            with _open(member) as file:
                return parse_headers(decoded(header_bytes(file))[0])
    return parse_headers("")


def _natives(members: Iterable[Member]) -> Iterator[NativeFile]:
    for member in members:
        if isinstance(member.content, FileContent):
            with _open(member) as file:
                if needs := needs_of(file):
                    yield NativeFile(member.name, needs)


def _open(member: Member) -> IO[bytes]:
    if isinstance(member.content, BytesContent):
        return io.BytesIO(member.content.data)
    if isinstance(member.content, FileContent):
        return member.content.path.open("rb")
    raise TypeError(f"{member.name} is compressed")  # builders return streams in segments only
