"""Read a wheel: check it, and list the members that it adds to a layer. Nothing is installed or run.

The wheel format says where each file goes
(https://packaging.python.org/en/latest/specifications/binary-distribution-format/). The root of the archive and
``.data/{purelib,platlib}`` go to site-packages, scripts, headers and data go elsewhere (see ``placement``).

The whole wheel is checked before any of it is used: names, kinds of members, sizes and checksums. The compressed bytes
of its members are then used unchanged. What is wrong but does no harm, such as a wrong RECORD, becomes a note.
"""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, PROGRAM_FOLDER, BytesContent, Member
from pulumi_poetry_layer.archive.record import (
    INSTALLATION_FILES,
    INSTALLER_NAME,
    SCHEMES_OUTSIDE,
    RecordEntry,
    entry_for,
    format_sorted_record,
    is_bytecode_cache,
    layer_name,
    parse_record_lines,
    record_path,
)
from pulumi_poetry_layer.errors import PoetryLayerError, WheelError, raise_problems
from pulumi_poetry_layer.wheels.member import DirectoryEntry, MemberReader, WheelMember
from pulumi_poetry_layer.wheels.metadata import (
    Identity,
    decoded,
    header_bytes,
    identity,
    parse_headers,
    requirements_of,
)
from pulumi_poetry_layer.wheels.native import NativeFile, NativeNeeds, needs_of, platforms_of
from pulumi_poetry_layer.wheels.notes import Names
from pulumi_poetry_layer.wheels.placement import (
    environment_path,
    is_expected_to_be_left_out,
    left_out_note,
    place_outside,
)
from pulumi_poetry_layer.wheels.record_check import RecordCheck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST_UNZIPPED = 1 << 30
"""The most bytes that a wheel may unzip to: four times Lambda's limit for a function with all of its layers."""

_LARGEST_TEXT = 1 << 25  # bytes of METADATA, WHEEL and RECORD each; enough for a RECORD of 200,000 files
_LARGEST_DIRECTORY = 24 << 20  # bytes
_MOST_FILES = 210_000
"""More files than any wheel has; with the size of the directory, a limit on the memory that a wheel needs."""

_DIRECTORY_ENTRY = b"PK\x01\x02"
_MOST_PROBLEMS = 20  # that are reported of one wheel
_SITE_PACKAGES_SCHEMES = frozenset({"purelib", "platlib"})
_SCHEMES = _SITE_PACKAGES_SCHEMES | SCHEMES_OUTSIDE

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_RECORD = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s"})


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A checked wheel.

    Attributes:
        name: normalized name of the distribution.
        version: version of the distribution.
        platforms: the kinds of platform in its tag, such as ``any`` or ``manylinux``.
        requirements: the requirements in METADATA (``Requires-Dist``), without those that belong to an extra.
        natives: its native files; none if its tag says that it is for every platform, because they are data then.
        members: the files that it adds to a layer.
        notes: what is wrong with the wheel and does no harm, and which files the layer does not have.
        interpreters: the Python tags (``py3``) of a wheel that was built on this host; none for others.
    """

    name: str
    version: str
    platforms: frozenset[str]
    requirements: tuple[str, ...]
    natives: tuple[NativeFile, ...]
    members: tuple[Member, ...]
    notes: tuple[str, ...] = ()
    interpreters: frozenset[str] = frozenset()


def read_wheel(path: Path, *, file_name: str, rewrite: bool = False) -> Wheel:
    """Read and check a wheel.

    Args:
        path: the wheel's file.
        file_name: the name of the wheel, which may differ from the name of the file.
        rewrite: store the members uncompressed instead of using the wheel's compressed bytes. For wheels that were
            built on this host: their compressed bytes depend on its zlib.

    Raises:
        WheelError: the wheel is not valid.
        MultipleInputError: the wheel has several problems.
    """
    files = _files(path, file_name)
    with MemberReader(path, file_name, rewrite=rewrite) as reader:
        return _WheelFile(files, reader, file_name).read()


class _WheelBytes(io.FileIO):
    """The file of a wheel, of which zipfile reads no directory that would need too much memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if data and (len(data) > _LARGEST_DIRECTORY or data.count(_DIRECTORY_ENTRY) > _MOST_FILES):
            raise zipfile.BadZipFile(f"it has more than {_MOST_FILES} files, or very long file names")
        return data or b""


def _files(path: Path, file_name: str) -> list[DirectoryEntry]:
    """The wheel's files, after a check of everything that the zip directory says. A name may occur twice."""
    try:
        with _WheelBytes(path) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            entries.reverse()
            archive.NameToInfo.clear()  # so that an entry is freed as soon as it is taken from the list
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise WheelError(f"cannot be read as a zip file: {error}", where=file_name) from error
    files: list[DirectoryEntry] = []
    problems: list[PoetryLayerError] = []
    while entries:
        info = entries.pop()
        if problem := _member_problem(info):
            problems.append(WheelError(problem, where=f"{file_name}: {info.orig_filename!r}"))
        elif not info.filename.endswith("/"):
            files.append(DirectoryEntry.of(info))
        if len(problems) == _MOST_PROBLEMS:
            break
    if sum(entry.size for entry in files) > LARGEST_UNZIPPED:
        problems.append(WheelError(f"unzips to more than {LARGEST_UNZIPPED >> 20} MiB", where=file_name))
    raise_problems(problems)
    return files


def _member_problem(info: zipfile.ZipInfo) -> str | None:
    """Why a member is refused because of its entry in the zip directory, or None if it is not."""
    name = info.orig_filename
    if info.filename != name.partition("\0")[0]:
        return "has a different name in an extra field"  # which newer releases of zipfile use
    parts = name.removesuffix("/").split("/")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name.startswith("/") or ":" in parts[0] or "\\" in name:
        return "is an absolute path or a Windows path"
    if {"", ".", ".."} & set(parts):
        return 'has an empty, "." or ".." part in its path'
    if _CONTROL_CHARACTER.search(name):
        return "has a control character in its name"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "is a symbolic link" if kind == stat.S_IFLNK else "is neither a file nor a folder"
    return "is encrypted" if info.flag_bits & 0x2041 else None


class _WheelFile:
    """A wheel with safe names; see :func:`_files`."""

    def __init__(self, entries: list[DirectoryEntry], reader: MemberReader, file_name: str) -> None:
        self._entries = entries
        self._files = {entry.name: entry for entry in entries}
        self._reader = reader
        self._file_name = file_name
        self._dist_info = self._only_dist_info()
        stems = (self._dist_info.removesuffix(".dist-info"), "-".join(file_name.split("-")[:2]))
        self._replaced = {f"{self._dist_info}/{file}" for file in ("INSTALLER", "RECORD", *INSTALLATION_FILES)}
        self._data_folders = {f"{stem}.data" for stem in stems}
        self._left_out, self._repeated, self._overwritten = Names(), Names(), Names()

    def read(self) -> Wheel:
        """Check everything else, and return the wheel."""
        version = self._wheel_version()
        if version.partition(".")[0] != "1":
            raise WheelError(f"has Wheel-Version {version!r}, but only version 1 is supported", where=self._file_name)
        distribution = self._distribution()
        record = self._record_check()
        placed: dict[str, WheelMember] = {}
        natives: dict[str, NativeFile] = {}
        platforms = platforms_of(self._file_name.removesuffix(".whl"))
        digests = {} if len(self._files) == len(self._entries) else dict.fromkeys(self._files, "")
        self._files = {}
        # Each entry is removed as soon as its member is read: a wheel can have very many of them.
        self._entries.sort(key=attrgetter("offset"), reverse=True)
        while self._entries:
            entry = self._entries.pop()
            member = self._reader.read(entry, record.digest(entry.name))
            if self._is_repeated(entry.name, member, digests):
                continue
            record.check(entry.name, member)
            path = self._put(placed, entry.name, member)
            if path and member.machine is not None and platforms != {"any"}:
                natives[path] = self._native_file(path, entry, member.machine)
        notes = self._notes(record, distribution.note)
        del record  # tables stay large when they are emptied
        return Wheel(
            name=distribution.name,
            version=distribution.version,
            platforms=platforms,
            requirements=requirements_of(distribution.headers),
            natives=tuple(natives.values()),
            members=tuple(self._layer_members(placed, distribution.name)),
            notes=notes,
        )

    def _notes(self, record: RecordCheck, of_metadata: str) -> tuple[str, ...]:
        notes = (
            of_metadata,
            f"the wheel contains {self._repeated} twice, with the same content" if self._repeated else "",
            record.note(),
            f"the wheel contains {self._overwritten} twice, with different contents; the last one is used"
            if self._overwritten
            else "",
            left_out_note(self._left_out),
        )
        return tuple(filter(None, notes))

    def _is_repeated(self, name: str, member: WheelMember, digests: dict[str, str]) -> bool:
        """Whether a file with this name was read before. Its content must be the same.

        Args:
            name: path of the file.
            member: the file.
            digests: path → hash of the file that was read before; empty if no name occurs twice.
        """
        if not digests:
            return False
        before = digests[name]
        digests[name] = member.record_digest
        if not before:
            return False
        if before != member.record_digest:
            raise WheelError("is in the wheel twice, with different contents", where=f"{self._file_name}: {name}")
        self._repeated.add(name)
        return True

    def _native_file(self, path: str, entry: DirectoryEntry, machine: int) -> NativeFile:
        with self._reader.unpack(entry) as file:
            return NativeFile(layer_name(path), needs_of(file) or NativeNeeds(machine))

    def _only_dist_info(self) -> str:
        folders = {folder for name in self._files if (folder := name.partition("/")[0]).endswith(".dist-info")}
        if len(folders) != 1:
            found = ", ".join(sorted(folders)) or "none"
            raise WheelError(f"must have one .dist-info folder, but has {found}", where=self._file_name)
        return folders.pop()

    def _metadata_file(self, file: str) -> DirectoryEntry:
        """A file in the .dist-info folder, which must not be too large to be parsed."""
        entry = self._files.get(f"{self._dist_info}/{file}")
        if entry is None:
            raise WheelError(f"has no {file}", where=self._file_name)
        if entry.size > _LARGEST_TEXT:
            raise WheelError(f"has a {file} of more than {_LARGEST_TEXT >> 20} MiB", where=self._file_name)
        return entry

    def _headers(self, file: str) -> bytes:
        """The headers of a file in the .dist-info folder, without the description that can follow them."""
        try:
            with self._reader.unpack(self._metadata_file(file)) as lines:
                return header_bytes(lines)
        except ValueError as error:
            raise WheelError(f"has a {file} that cannot be parsed: {error}", where=self._file_name) from error

    def _wheel_version(self) -> str:
        text, is_utf8 = decoded(self._headers("WHEEL"))
        if not is_utf8:
            raise WheelError("has a WHEEL that is not UTF-8", where=self._file_name)
        return str(parse_headers(text).get("Wheel-Version", ""))

    def _distribution(self) -> Identity:
        has_metadata = f"{self._dist_info}/METADATA" in self._files
        return identity(self._headers("METADATA") if has_metadata else None, self._dist_info)

    def _record_check(self) -> RecordCheck:
        """RECORD, compared with the names of the files. It is read by lines, because it can be very long."""
        exempt = {f"{self._dist_info}/{file}" for file in _NOT_IN_RECORD}
        try:
            with self._reader.unpack(self._metadata_file("RECORD")) as file:
                return RecordCheck(parse_record_lines(line.decode() for line in file), self._files, exempt)
        except csv.Error as error:
            raise WheelError(f"has a RECORD that is not valid CSV: {error}", where=self._file_name) from error
        except UnicodeDecodeError as error:
            raise WheelError("has a RECORD that is not UTF-8", where=self._file_name) from error

    def _layer_members(self, placed: dict[str, WheelMember], distribution: str) -> Iterator[Member]:
        """The members under their names in the layer, with a RECORD that lists exactly these."""
        installer, record = f"{self._dist_info}/INSTALLER", f"{self._dist_info}/RECORD"
        generated = {installer: f"{INSTALLER_NAME}\n".encode(), record: b""}
        generated[record] = format_sorted_record(
            entry_for(path, generated[path])
            if path == installer
            else RecordEntry(record, "", "")
            if path == record
            else RecordEntry(path, placed[path].record_digest, str(placed[path].size))
            for path in sorted([*placed, *generated])
        )
        while placed:
            path, member = placed.popitem()
            name = layer_name(path)
            executable = member.executable or name.startswith(PROGRAM_FOLDER)
            yield Member(name, distribution, member.content, executable)
        for path, data in generated.items():
            yield Member(LAYER_FOLDER + path, distribution, BytesContent(data))

    def _put(self, placed: dict[str, WheelMember], name: str, member: WheelMember) -> str | None:
        """Add a member at its path in RECORD, and return the path; None if the member is left out or generated.

        If several members have the same place, the last one in the wheel is used, as by an installer.
        """
        target = self._place(name, member)
        if target is None or target in self._replaced or is_bytecode_cache(target):
            return None
        if target in placed and placed[target].sha256 != member.sha256:
            self._overwritten.add(target)
        placed[target] = member
        return target

    def _place(self, name: str, member: WheelMember) -> str | None:
        """The path in RECORD of a file of the wheel, or None if the layer does not have it."""
        folder, _, rest = name.partition("/")
        if folder not in self._data_folders:
            return name
        scheme, _, path = rest.partition("/")
        if scheme not in _SCHEMES or not path:
            allowed = ", ".join(sorted(_SCHEMES))
            where = f"{self._file_name}: {name}"
            raise WheelError(f"is in an unknown folder of a .data folder (allowed: {allowed})", where=where)
        if scheme in _SITE_PACKAGES_SCHEMES:
            return path
        outside = environment_path(scheme, path)
        if place := place_outside(outside, member.kind):
            return record_path(place)
        if not is_expected_to_be_left_out(outside, member.kind):
            self._left_out.add(outside)
        return None
