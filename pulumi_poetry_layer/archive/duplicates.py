"""Files that several distributions contain.

If the content is the same, the archive has the file once. If it differs, the archive has the file of the distribution
whose normalized name is the last in alphabetical order. That is the file that remains if the distributions are
installed one after the other in this order. RECORD of the other distributions is then rewritten, so that it lists the
hash of the file that is in the archive. A compiled module goes with its source, because Python would load it without
a comparison of the two.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.checksums import crc32, error
from pulumi_poetry_layer.archive.members import BytesContent, Member, Segment, content_blocks
from pulumi_poetry_layer.archive.record import (
    RecordEntry,
    entry_of,
    format_record,
    is_record,
    parse_record,
    record_path,
    source_of,
)
from pulumi_poetry_layer.errors import ArchiveError, DamagedSegmentError
from pulumi_poetry_layer.wording import argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


def exclude_hint() -> str:
    """The hint for two distributions that cannot be in the same layer."""
    return f"leave one of the distributions out with {argument('exclude')}, or lock versions that do not conflict"


_LONGEST_NAMESPACE = 1 << 14  # bytes of an __init__.py that only extends the package path
_NAMESPACE_CALLS = frozenset({"extend_path", "declare_namespace"})


@dataclass(frozen=True, order=True)
class Conflict:
    """Two distributions contain the same files with different contents.

    Attributes:
        kept: normalized name of the distribution whose files are in the archive.
        replaced: normalized name of the other distribution.
        names: paths of the files in the layer, sorted.
    """

    kept: str
    replaced: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {len(self.names) - 1} more" if len(self.names) > 1 else ""
        return (
            f"{self.replaced} and {self.kept} both contain {self.names[0]}{more}, with different contents; "
            f"the layer has the content of {self.kept}, the last in the order of names"
        )

    def error(self) -> ArchiveError:
        """The error for those who do not want a layer with this conflict."""
        more = f" (and {len(self.names) - 1} more)" if len(self.names) > 1 else ""
        return ArchiveError(
            f"{self.replaced} and {self.kept} both contain this file{more}, with different contents",
            where=self.names[0],
            hint=exclude_hint(),
        )


@dataclass(frozen=True)
class Duplicates:
    """What to do with the files that several parts contain.

    Attributes:
        left_out: identity of a part (``id``) and index of a file that is left out.
        records: the rewritten RECORD files.
        conflicts: the conflicts that a user should know of, sorted.
    """

    left_out: frozenset[tuple[int, int]] = frozenset()
    records: tuple[Member, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class _File:
    """A file in one of the parts.

    Attributes:
        name: its path in the layer.
        part: the segment that contains it, or the member that it is.
        index: its index in the segment; 0 if it is a single member.
    """

    name: bytes
    part: Segment | Member
    index: int

    @property
    def key(self) -> tuple[int, int]:
        """Identity of the part, and the index."""
        return id(self.part), self.index


def find_duplicates(segments: Sequence[Segment], members: Sequence[Member]) -> Duplicates:
    """Decide which of several files with the same name is kept.

    Args:
        segments: the segments, sorted by distribution.
        members: the single members, sorted by name and distribution.

    Raises:
        DamagedSegmentError: a segment file with a duplicate file has changed since it was written.
    """
    decisions = _Decisions()
    for member in members:
        for distribution in member.replaces:
            decisions.replaced[member.distribution, distribution].append(member.name)
    groups = _groups(segments, members)
    for files in groups:
        if source_of(files[0].name) is None:
            decisions.decide(files)
    compiled = list(_files(segments, members)) if decisions.rows else []
    stale = {file.key: file for file in compiled if decisions.has_other_source(file)}
    for files in groups:
        if source_of(files[0].name) is not None:
            decisions.decide([file for file in files if file.key not in stale])
    decisions.leave_out(stale.values(), [file for file in compiled if file.key not in stale])
    rows = decisions.rows
    records = {file.key: record for file, record in _rewritten(_files(segments, members), rows)} if rows else {}
    return Duplicates(
        left_out=frozenset(decisions.left_out | records.keys()),
        records=tuple(records.values()),
        conflicts=tuple(sorted(Conflict(*pair, tuple(sorted(names))) for pair, names in decisions.replaced.items())),
    )


class _Decisions:
    """What has been decided so far.

    Attributes:
        left_out: the files that are left out.
        rows: distribution → path in RECORD → its new row; None if RECORD does not list the file any more.
        replaced: distribution whose files are kept, and another one → the files that a user should know of.
    """

    def __init__(self) -> None:
        self.left_out: set[tuple[int, int]] = set()
        self.rows: dict[str, dict[str, RecordEntry | None]] = defaultdict(dict)
        self.replaced: dict[tuple[str, str], list[str]] = defaultdict(list)

    def decide(self, files: Sequence[_File]) -> None:
        """Decide which of several files with the same name is kept."""
        contents = {file.key: _entry(file) for file in files}
        if len(set(contents.values())) <= 1:
            self.left_out.update(file.key for file in files[1:])
            return
        *others, kept = sorted(files, key=lambda file: file.part.distribution)
        self.left_out.update(file.key for file in others)
        losers = {file.part.distribution for file in others if contents[file.key] != contents[kept.key]}
        is_silent = source_of(kept.name) is not None or all(_only_extends_path(file) for file in files)
        for loser in losers:
            self.rows[loser][contents[kept.key].path] = contents[kept.key]
            if not is_silent:
                self.replaced[kept.part.distribution, loser].append(kept.name.decode())

    def has_other_source(self, file: _File) -> bool:
        """Whether a file is a compiled module, and its source is not the one that is kept."""
        source = source_of(file.name)
        return source is not None and record_path(source.decode()) in self.rows.get(file.part.distribution, {})

    def leave_out(self, stale: Iterable[_File], others: Iterable[_File]) -> None:
        """Leave out compiled modules whose sources are not kept.

        Args:
            stale: these modules.
            others: the other files; if one of them has the same name, RECORD lists that one.
        """
        valid = {file.name: file for file in others}
        for file in stale:
            self.left_out.add(file.key)
            row = _entry(valid[file.name]) if file.name in valid else None
            self.rows[file.part.distribution][record_path(file.name.decode())] = row


def _groups(segments: Sequence[Segment], members: Sequence[Member]) -> list[list[_File]]:
    """The files with a name that is used more than once."""
    names = {member.name.encode() for member in members}.union(*(segment.names for segment in segments))
    if len(names) == len(members) + sum(len(segment.names) for segment in segments):
        return []
    by_name: dict[bytes, list[_File]] = defaultdict(list)
    for file in _files(segments, members):
        by_name[file.name].append(file)
    return [files for files in by_name.values() if len(files) > 1]


def _files(segments: Sequence[Segment], members: Sequence[Member]) -> Iterator[_File]:
    for segment in segments:
        for index, name in enumerate(segment.names):
            yield _File(name, segment, index)
    for member in members:
        yield _File(member.name.encode(), member, 0)


def _rewritten(
    files: Iterable[_File], rows: Mapping[str, Mapping[str, RecordEntry | None]]
) -> Iterator[tuple[_File, Member]]:
    """The RECORD files of the distributions in ``rows``, with these rows instead of their own."""
    for file in files:
        name, distribution = file.name.decode(), file.part.distribution
        if distribution in rows and is_record(name):
            entries = parse_record(_content(file).decode())
            changed = (rows[distribution].get(entry.path, entry) for entry in entries)
            record = format_record(entry for entry in changed if entry)
            yield file, Member(name, distribution, BytesContent(record))


def _entry(file: _File) -> RecordEntry:
    """The row of RECORD for a file."""
    digest, size = hashlib.sha256(), 0
    for block in _blocks(file):
        digest.update(block)
        size += len(block)
    return entry_of(record_path(file.name.decode()), digest.digest(), size)


def _only_extends_path(file: _File) -> bool:
    """Whether this is the ``__init__.py`` of an old namespace package: it may extend the path, and does nothing else.

    https://packaging.python.org/en/latest/guides/packaging-namespace-packages/#legacy-namespace-packages
    """
    if not file.name.endswith(b"/__init__.py") or int(_entry(file).size) > _LONGEST_NAMESPACE:
        return False
    return only_extends_path(_content(file))


def only_extends_path(code: bytes) -> bool:
    """Whether Python code only extends the path of its package, or does nothing at all."""
    if len(code) > _LONGEST_NAMESPACE:
        return False
    try:
        return all(map(_extends_path, ast.parse(code).body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _extends_path(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Try):
        handlers = [inner for handler in statement.handlers for inner in handler.body]
        return all(map(_extends_path, [*statement.body, *handlers, *statement.orelse, *statement.finalbody]))
    if isinstance(statement, ast.Import | ast.ImportFrom):
        modules = [statement.module] if isinstance(statement, ast.ImportFrom) else [n.name for n in statement.names]
        return {*modules} <= {"pkgutil", "pkg_resources", "__future__"}
    if isinstance(statement, ast.Assign):
        targets = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        return targets == ["__path__"] and _is_namespace_call(statement.value)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) or _is_namespace_call(statement.value)
    return isinstance(statement, ast.Pass)


def _is_namespace_call(expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call) or _called(expression) not in _NAMESPACE_CALLS:
        return False
    calls = (node for node in ast.walk(expression) if isinstance(node, ast.Call))
    return all(_called(call) in {*_NAMESPACE_CALLS, "__import__"} for call in calls)


def _called(call: ast.Call) -> str:
    """The last part of the name of the function that is called."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _content(file: _File) -> bytes:
    return b"".join(_blocks(file))


def _blocks(file: _File) -> Iterator[bytes]:
    """The uncompressed content of a file, in blocks.

    Raises:
        DamagedSegmentError: the segment file has changed since it was written.
    """
    if isinstance(file.part, Segment):
        yield from _segment_blocks(file.part, file.index)
    else:
        yield from content_blocks(file.part.content)


def _segment_blocks(segment: Segment, index: int) -> Iterator[bytes]:
    entry, crc = segment.entry(index), 0
    try:
        for block in content_blocks(segment.member(index).content):
            crc = crc32(block, crc)
            yield block
    except (OSError, ArchiveError, error) as problem:
        raise DamagedSegmentError(segment.path) from problem
    if crc != entry.crc:
        raise DamagedSegmentError(segment.path)
