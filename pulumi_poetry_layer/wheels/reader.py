"""Read a wheel: check it, and list the members that it adds to a layer. Nothing is installed or run.

The wheel format says where each file goes
(https://packaging.python.org/en/latest/specifications/binary-distribution-format/). The root of the archive and
``.data/{purelib,platlib}`` go to site-packages. Scripts, headers and data go elsewhere, so a layer does not have them.

The whole wheel is checked before any of it is used: names, kinds of members, sizes, checksums, and every hash in
RECORD. The compressed bytes of its members are then used unchanged.
"""

from __future__ import annotations

import csv
import re
import stat
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, BytesContent, Member, content_bytes
from pulumi_poetry_layer.errors import PoetryLayerError, WheelError, raise_problems
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.wheels.member import MemberReader, WheelMember
from pulumi_poetry_layer.wheels.native import needs_of
from pulumi_poetry_layer.wheels.record import (
    INSTALLATION_FILES,
    INSTALLER_NAME,
    SCHEMES_OUTSIDE,
    RecordEntry,
    entry_for,
    format_record,
    is_bytecode_cache,
    parse_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message
    from pathlib import Path

LARGEST_UNZIPPED = 1 << 30
"""The most bytes that a wheel may unzip to: four times Lambda's limit for a function with all of its layers."""

_LARGEST_TEXT = 1 << 25  # bytes of METADATA, WHEEL and RECORD each; enough for a RECORD of 100,000 files
_SITE_PACKAGES_SCHEMES = frozenset({"purelib", "platlib"})
_SCHEMES = _SITE_PACKAGES_SCHEMES | SCHEMES_OUTSIDE

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_RECORD = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s"})


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A checked wheel.

    Attributes:
        name: normalized name of the distribution, from METADATA.
        version: version of the distribution, from METADATA.
        machines: ELF machine numbers of its native libraries.
        glibc: ELF machine number → the newest glibc that a library for that machine needs. Only for wheels with a
            ``linux`` tag, which promises nothing about glibc. A ``manylinux`` tag does (PEP 600).
        members: the files that it adds to a layer.
    """

    name: str
    version: str
    machines: frozenset[int]
    glibc: Mapping[int, tuple[int, ...]]
    members: tuple[Member, ...]


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
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise WheelError(f"cannot be read as a zip file: {error}", where=file_name) from error
    with archive, MemberReader(path, archive, file_name) as reader:
        return _WheelFile(_files(archive, file_name), reader, file_name).read(rewrite=rewrite)


def _files(archive: zipfile.ZipFile, file_name: str) -> dict[str, zipfile.ZipInfo]:
    """The wheel's files by name, after a check of everything that the zip directory says."""
    files: dict[str, zipfile.ZipInfo] = {}
    problems: list[PoetryLayerError] = []
    for info in archive.infolist():
        if problem := _member_problem(info):
            problems.append(WheelError(problem, where=f"{file_name}: {info.orig_filename!r}"))
        elif not info.filename.endswith("/"):
            if info.filename in files:
                problems.append(WheelError("is in the wheel twice", where=f"{file_name}: {info.filename!r}"))
            files[info.filename] = info
    if sum(info.file_size for info in files.values()) > LARGEST_UNZIPPED:
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


def _platforms(file_name: str) -> set[str]:
    """The kinds of platform in a wheel's tag: ``linux_x86_64.manylinux_2_17_x86_64`` → linux, manylinux."""
    return {tag.partition("_")[0] for tag in file_name.removesuffix(".whl").rpartition("-")[2].split(".")}


class _WheelFile:
    """A wheel with safe names; see :func:`_files`."""

    def __init__(self, files: Mapping[str, zipfile.ZipInfo], reader: MemberReader, file_name: str) -> None:
        self._files = files
        self._reader = reader
        self._file_name = file_name
        self._dist_info = self._only_dist_info()
        stems = (self._dist_info.removesuffix(".dist-info"), "-".join(file_name.split("-")[:2]))
        self._data_folders = {f"{stem}.data" for stem in stems}

    def read(self, *, rewrite: bool) -> Wheel:
        """Check everything else, and return the wheel."""
        version = self._headers("WHEEL").get("Wheel-Version", "")
        if version.partition(".")[0] != "1":
            raise WheelError(f"has Wheel-Version {version!r}, but only version 1 is supported", where=self._file_name)
        metadata = self._headers("METADATA")
        name = normalized(metadata.get("Name", ""))
        recorded = self._recorded()
        members = {
            path: self._reader.read(info, recorded[path].digest if path in recorded else "", rewrite=rewrite)
            for path, info in sorted(self._files.items())
        }
        self._reader.check_overlaps()
        raise_problems(self._record_problems(members, recorded))
        return Wheel(
            name=name,
            version=metadata.get("Version", ""),
            machines=frozenset(member.machine for member in members.values() if member.machine is not None),
            glibc=self._glibc(members) if "linux" in _platforms(self._file_name) else {},
            members=tuple(self._layer_members(members, name)),
        )

    def _glibc(self, members: Mapping[str, WheelMember]) -> dict[int, tuple[int, ...]]:
        newest: dict[int, tuple[int, ...]] = {}
        for name, member in members.items():
            if member.machine is None:
                continue
            if needs := needs_of(self._reader.whole(self._files[name])):
                newest[member.machine] = max(needs.glibc, newest.get(member.machine, ()))
        return newest

    def _only_dist_info(self) -> str:
        folders = {folder for name in self._files if (folder := name.partition("/")[0]).endswith(".dist-info")}
        if len(folders) != 1:
            found = ", ".join(sorted(folders)) or "none"
            raise WheelError(f"must have one .dist-info folder, but has {found}", where=self._file_name)
        return folders.pop()

    def _text(self, file: str) -> str:
        """The text of a file in the .dist-info folder."""
        info = self._files.get(f"{self._dist_info}/{file}")
        if info is None:
            raise WheelError(f"has no {file}", where=self._file_name)
        if info.file_size > _LARGEST_TEXT:
            raise WheelError(f"has a {file} of more than {_LARGEST_TEXT >> 20} MiB", where=self._file_name)
        content = self._reader.read(info, "", rewrite=True).content
        try:
            return content_bytes(content).decode("utf-8")
        except UnicodeDecodeError as error:
            raise WheelError(f"has a {file} that is not UTF-8", where=self._file_name) from error

    def _headers(self, file: str) -> Message:
        return HeaderParser().parsestr(self._text(file))

    def _recorded(self) -> dict[str, RecordEntry]:
        try:
            return {entry.path: entry for entry in parse_record(self._text("RECORD"))}
        except csv.Error as error:
            raise WheelError(f"has a RECORD that is not valid CSV: {error}", where=self._file_name) from error

    def _record_problems(
        self, members: Mapping[str, WheelMember], recorded: Mapping[str, RecordEntry]
    ) -> Iterator[PoetryLayerError]:
        """RECORD must list every file of the wheel, with its size and a hash of sha256 or better."""
        exempt = {f"{self._dist_info}/{name}" for name in _NOT_IN_RECORD}
        for name in members.keys() - exempt:
            where = f"{self._file_name}: {name}"
            entry, member = recorded.get(name), members[name]
            if entry is None or not entry.digest:
                yield WheelError("has no hash in RECORD", where=where)
            elif not member.matches_record:
                yield WheelError(f"does not have the hash that RECORD lists ({entry.digest})", where=where)
            elif entry.size and entry.size != str(member.size):
                yield WheelError(f"has {member.size} bytes, but RECORD lists {entry.size}", where=where)

    def _layer_members(self, members: Mapping[str, WheelMember], distribution: str) -> Iterator[Member]:
        """The members under their names in the layer, with a RECORD that lists exactly these."""
        placed = self._placed(members)
        generated = {f"{self._dist_info}/INSTALLER": f"{INSTALLER_NAME}\n".encode()}
        rows = [RecordEntry(name, member.record_digest, str(member.size)) for name, member in placed.items()]
        rows += [entry_for(name, data) for name, data in generated.items()]
        record = f"{self._dist_info}/RECORD"
        generated[record] = format_record([*rows, RecordEntry(record, "", "")])
        for name, member in placed.items():
            yield Member(LAYER_FOLDER + name, distribution, member.content, member.executable)
        for name, data in generated.items():
            yield Member(LAYER_FOLDER + name, distribution, BytesContent(data))

    def _placed(self, members: Mapping[str, WheelMember]) -> dict[str, WheelMember]:
        """Path in site-packages → member, without the files that are left out or generated."""
        replaced = {f"{self._dist_info}/{file}" for file in ("INSTALLER", "RECORD", *INSTALLATION_FILES)}
        placed: dict[str, WheelMember] = {}
        for name, member in members.items():
            target = self._place(name)
            if target is None or target in replaced or is_bytecode_cache(target):
                continue
            if target in placed and placed[target].record_digest != member.record_digest:
                raise WheelError("is in the wheel twice, with different contents", where=f"{self._file_name}: {target}")
            placed[target] = member
        return placed

    def _place(self, name: str) -> str | None:
        """The path in site-packages of a file of the wheel, or None if the file goes elsewhere."""
        folder, _, rest = name.partition("/")
        if folder not in self._data_folders:
            return name
        scheme, _, path = rest.partition("/")
        if scheme not in _SCHEMES or not path:
            allowed = ", ".join(sorted(_SCHEMES))
            where = f"{self._file_name}: {name}"
            raise WheelError(f"is in an unknown folder of a .data folder (allowed: {allowed})", where=where)
        return path if scheme in _SITE_PACKAGES_SCHEMES else None
