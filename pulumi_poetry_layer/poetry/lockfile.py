"""Reads the text of poetry.lock.

Supports the lock versions that Poetry 2 reads: 1.x and 2.x. Poetry does not document the format; its own reader and
writer is ``poetry/packages/locker.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from packaging.version import Version

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.constraints import allows
from pulumi_poetry_layer.poetry.dependencies import Dependency, dependencies_of
from pulumi_poetry_layer.poetry.direct_references import parse_direct_reference
from pulumi_poetry_layer.poetry.lock_values import (
    address_problem,
    check,
    commit_problem,
    file_name_problem,
    group_problem,
    hash_problem,
    is_common_file,
    name_problem,
    reference_problem,
    source_type_problem,
    subdirectory_problem,
)
from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource
from pulumi_poetry_layer.poetry.toml_tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE_NAME = "poetry.lock"
NEWEST_LOCK_VERSION = "2.1"
"""The newest lock version of a Poetry release. Poetry reads newer ones in the same way, up to version 3."""

_SUPPORTED = ">=1,<3"
_HINT = "restore the file or run `poetry lock`"
_GENERATED_BY = re.compile(r"[^\n]*?Poetry (?P<version>[^ \n]+)")
_FILE_VERSION = re.compile(r".+?-(?P<version>\d[^-]*?)(-.+\.whl|(\.sdist)?\.(zip|tar(\.(gz|bz2|xz|Z))?))")
_EXTRA_MEMBER = re.compile(
    r"\s*(?P<name>[A-Za-z0-9._-]+)\s*(\[(?P<extras>[^\]]*)\])?"
    r"\s*(\((?P<in_brackets>[^()]*)\)|(?P<constraint>[^@;()]*))\s*(@\s*(?P<url>[^ ;]+)\s*)?(;\s*(?P<marker>.+))?"
)


@dataclass(frozen=True, kw_only=True)
class LockedPackage:
    """One ``[[package]]`` of the lock file.

    Attributes:
        name: normalized name.
        version: the version as locked.
        groups: the dependency groups that need it; empty before lock version 2.1.
        markers: group → the marker under which the group needs it; empty before lock version 2.1.
        files: its locked files.
        dependencies: what it needs.
        source: where it comes from; None if from PyPI.
        python: constraint on the interpreter.
        extras: its own extras → the distributions that they request.
        develop: whether Poetry installs it in editable mode.
    """

    name: str
    version: str
    groups: frozenset[str]
    markers: Mapping[str, str]
    files: tuple[LockedFile, ...]
    dependencies: tuple[Dependency, ...]
    source: LockedSource | None
    python: str = "*"
    extras: Mapping[str, tuple[Dependency, ...]] = field(default_factory=dict)
    develop: bool = False

    @property
    def is_path(self) -> bool:
        """Whether it is a path dependency: a file or a folder on the user's disk."""
        return self.source is not None and self.source.type in {"file", "directory"}

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, kw_only=True)
class LockFile:
    """A whole lock file.

    Attributes:
        lock_version: version of the format, such as ``2.1``.
        generated_by: the Poetry release that wrote it; None if the file does not say.
        content_hash: sha256 (hex) of the parts of pyproject.toml that decide the lock file.
        extras: normalized names of the project's extras.
        packages: all locked packages, in the order of the file.
    """

    lock_version: str
    generated_by: str | None
    content_hash: str
    extras: frozenset[str]
    packages: tuple[LockedPackage, ...]

    @property
    def has_groups_and_markers(self) -> bool:
        """Whether its packages list their groups and markers, as they do from lock version 2.1 on."""
        return _has_groups_and_markers(self.lock_version)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the file, and does not stop the build."""
        if Version(self.lock_version) <= Version(NEWEST_LOCK_VERSION):
            return ()
        return (
            f"{FILE_NAME}: lock version {self.lock_version} is newer than {NEWEST_LOCK_VERSION} and is read like it: "
            "run `poetry lock` with an older Poetry if the layer is wrong",
        )


@lru_cache(maxsize=4)  # a program can declare many layers from one lock file
def parse_lockfile(text: str) -> LockFile:
    """Read the text of a poetry.lock.

    Raises:
        LockFileError: the text is not TOML, the lock version is not supported, a key is missing or has the wrong type,
            or a text is not of the kind that Poetry writes there, such as a hash that is not one.
    """
    document = Table.of_text(text, file=FILE_NAME, error=LockFileError, hint=_HINT)
    document.require("metadata")
    metadata = document.table("metadata")
    lock_version = _lock_version(metadata)
    header = _GENERATED_BY.match(text)
    reader = _Reader(metadata, with_groups=_has_groups_and_markers(lock_version))
    return LockFile(
        lock_version=lock_version,
        generated_by=header["version"] if header else None,
        content_hash=metadata.text("content-hash"),
        extras=frozenset(normalized(extra) for extra in document.table("extras")),
        packages=tuple(reader.package(table) for table in document.tables("package")),
    )


def _lock_version(metadata: Table) -> str:
    lock_version = metadata.text("lock-version")
    check(metadata, "lock-version", lock_version, _version_problem)
    if not allows(_SUPPORTED, Version(lock_version)):
        raise metadata.problem(
            "lock-version",
            f"lock version {lock_version} is not supported (supported: 1.x and 2.x)",
            hint="run `poetry lock` with Poetry 2",
        )
    return lock_version


def _has_groups_and_markers(lock_version: str) -> bool:
    return Version(lock_version) >= Version("2.1")


class _Reader:
    """Reads packages. In lock versions 1.0 and 1.1 ``metadata`` lists their files."""

    def __init__(self, metadata: Table, *, with_groups: bool) -> None:
        self._with_groups = with_groups
        self._metadata = metadata
        self._shared_files = metadata.table("files")
        self._shared_names: dict[str, str] = {normalized(name): name for name in self._shared_files}

    def package(self, table: Table) -> LockedPackage:
        check(table, "name", table.text("name"), name_problem)
        name = normalized(table.text("name"))
        table = table.labeled(name)
        version = table.text("version")
        check(table, "version", version, _version_problem)
        if self._with_groups:
            table.require("groups")
        for index, group in enumerate(table.texts("groups")):
            check(table, f"groups[{index}]", group, group_problem)
        groups = frozenset(normalized(group) for group in table.texts("groups"))
        source = _source(table.table("source")) if "source" in table else None
        return LockedPackage(
            name=name,
            version=version,
            groups=groups,
            markers=_markers(table, groups) if self._with_groups else {},
            files=self._files(table, name, version, source),
            dependencies=dependencies_of(table.table("dependencies"), are_locked=True),
            source=source,
            python=table.text("python-versions", "*"),
            extras=_extras(table),
            develop=table.flag("develop"),
        )

    def _files(self, table: Table, name: str, version: str, source: LockedSource | None) -> tuple[LockedFile, ...]:
        if "files" in table:
            return tuple(_locked_files(table, "files"))
        if "hashes" in self._metadata:
            raise self._metadata.problem(
                "hashes", "lists hashes without the names of the files", hint="run `poetry lock` with Poetry 2"
            )
        if source and source.type in {"git", "directory"}:
            return ()
        if name not in self._shared_names:
            if source and source.type == "url":
                return ()
            if "files" not in self._metadata:
                table.require("files")
            raise self._shared_files.problem(name, "missing key")
        shared = _locked_files(self._shared_files, self._shared_names[name])
        if source and source.type in {"file", "url"}:
            file_name = unquote(re.split("[?#]", source.url)[0].rsplit("/", 1)[-1])
            return tuple(file for file in shared if file.name == file_name)
        return tuple(file for file in shared if _is_of_version(file.name, Version(version)))


def _locked_files(table: Table, key: str) -> Iterable[LockedFile]:
    for index, entry in enumerate(table.array(key)):
        if not isinstance(entry, dict):
            raise table.problem(f"{key}[{index}]", "must be a table")
        name, digest = entry.get("file"), entry.get("hash")
        if not isinstance(name, str) or not isinstance(digest, str):
            file = table.nested(f"{key}[{index}]", entry)
            file.text("file")
            file.text("hash")
            raise AssertionError("unreachable: one of the two keys is wrong")
        if not is_common_file(name, digest):
            file = table.nested(f"{key}[{index}]", entry)
            check(file, "hash", digest, hash_problem)
            check(file, "file", name, file_name_problem)
        yield LockedFile(name, digest)


def _version_problem(text: str) -> str | None:
    try:
        Version(text)
    except ValueError:  # also for numbers of more than 4,300 digits
        return f"{text!r} is not a valid version (PEP 440)"
    return None if text.isascii() and not re.search(r"\s", text) else f"{text!r} is not a valid version (PEP 440)"


def _is_of_version(file_name: str, version: Version) -> bool:
    """Whether a file belongs to a version. Lock version 1.1 lists the files of all versions of a package together."""
    match = _FILE_VERSION.fullmatch(file_name)
    try:
        return match is not None and Version(match["version"].replace("_", "-")) == version
    except ValueError:
        return False


def _markers(table: Table, groups: Iterable[str]) -> Mapping[str, str]:
    """Group → marker. The lock file has either one marker for all groups or a table with one per group."""
    locked: Any = table.values.get("markers", "")
    if isinstance(locked, str):
        return dict.fromkeys(groups, locked)
    if not isinstance(locked, dict):
        raise table.problem("markers", "must be a string or a table")
    markers = table.table("markers")
    by_group: dict[str, str] = {normalized(group): markers.text(group) for group in markers}
    return {group: by_group.get(group, "") for group in groups}


def _source(table: Table) -> LockedSource:
    kind, url = table.text("type"), table.text("url")
    check(table, "type", kind, source_type_problem)
    check(table, "url", url, lambda text: address_problem(kind, text))
    if "subdirectory" in table:
        check(table, "subdirectory", table.text("subdirectory"), subdirectory_problem)
    if kind == "git" and "reference" in table:
        check(table, "reference", table.text("reference"), reference_problem)
    if kind == "git" and "resolved_reference" in table:
        check(table, "resolved_reference", table.text("resolved_reference"), commit_problem)
    reference, commit = table.optional_text("reference"), table.optional_text("resolved_reference")
    if kind == "git" and not commit and reference and not commit_problem(reference):
        commit = reference  # lock version 1.0
    return LockedSource(
        type=kind,
        url=url,
        reference=reference,
        resolved_reference=commit,
        subdirectory=table.optional_text("subdirectory"),
    )


def _extras(table: Table) -> Mapping[str, tuple[Dependency, ...]]:
    """Extra → its members; for a package from an index, the package's dependencies contain all of them."""
    extras = table.table("extras")
    return {
        normalized(extra): tuple(found for member in extras.texts(extra) if (found := _extra_member(member)))
        for extra in extras
    }


@lru_cache(maxsize=4096)
def _extra_member(text: str) -> Dependency | None:
    match = _EXTRA_MEMBER.match(text)
    if not match or ("[]" in text and "||" in text):  # Poetry writes the latter, and does not find the name in it
        return None
    constraint = (match["in_brackets"] or match["constraint"] or "").strip()
    return Dependency(
        name=normalized(match["name"]),
        extras=_names(match["extras"]),
        marker=match["marker"] or "",
        **(parse_direct_reference(match["url"]) if match["url"] else {"constraint": constraint or "*"}),
    )


def _names(text: str | None) -> frozenset[str]:
    return frozenset(normalized(name.strip()) for name in (text or "").split(",") if name.strip())
