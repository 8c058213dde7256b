"""The files of a layer without those that it does not need."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import BytesContent, FileContent, Member, content_bytes
from pulumi_poetry_layer.archive.record import format_record, is_record, parse_record, record_path
from pulumi_poetry_layer.strip.needed import Unneeded, unneeded_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


@dataclass(frozen=True)
class StrippedFiles:
    """The files of a distribution that remain.

    Attributes:
        members: the files, with a RECORD that lists exactly these.
        unneeded: what is left out.
    """

    members: tuple[Member, ...]
    unneeded: Unneeded


def strip_distribution(members: Sequence[Member], kinds: Collection[str]) -> StrippedFiles:
    """The files of a distribution without those of some kinds that it does not need."""
    by_name = {member.name: member for member in members}
    sizes = {member.name: _size(member) for member in members}
    unneeded = unneeded_files(sizes, lambda name: content_bytes(by_name[name].content), kinds)
    paths = set(map(record_path, unneeded.names))
    remaining = (member for member in members if member.name not in unneeded.names)
    return StrippedFiles(
        tuple(_without_rows(member, paths) if paths and is_record(member.name) else member for member in remaining),
        unneeded,
    )


def strip_layer(members: Iterable[Member], kinds: Collection[str]) -> list[Member]:
    """The files of a layer without those of some kinds that it does not need."""
    if not kinds:
        return list(members)
    distributions: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        distributions[member.distribution].append(member)
    stripped = {name: strip_distribution(own, kinds) for name, own in distributions.items()}
    for name in with_needed_tests({name: own.unneeded for name, own in stripped.items()}):
        stripped[name] = strip_distribution(distributions[name], without_tests(kinds))
    return [member for own in stripped.values() for member in own.members]


def with_needed_tests(distributions: Mapping[str, Unneeded]) -> list[str]:
    """The distributions with tests that another distribution refers to. All of their tests stay."""
    foreign = {module for unneeded in distributions.values() for module in unneeded.foreign_tests}
    return [
        name
        for name, unneeded in distributions.items()
        if any(_is_inside(module, package) for module in foreign for package in unneeded.test_packages)
    ]


def without_tests(kinds: Iterable[str]) -> tuple[str, ...]:
    """The kinds for a distribution with tests that another one needs."""
    return tuple(kind for kind in kinds if kind != "tests")


def _is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _size(member: Member) -> int:
    if isinstance(member.content, BytesContent):
        return len(member.content.data)
    return member.content.path.stat().st_size if isinstance(member.content, FileContent) else member.content.size


def _without_rows(record: Member, paths: Collection[str]) -> Member:
    rows = (row for row in parse_record(content_bytes(record.content).decode()) if row.path not in paths)
    return Member(record.name, record.distribution, BytesContent(format_record(rows)), record.executable)
