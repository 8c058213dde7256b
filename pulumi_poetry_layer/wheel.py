"""A wheel → the members it has in a layer, without installing or running anything.

What goes where is the binary distribution format's rule
(https://packaging.python.org/en/latest/specifications/binary-distribution-format/): the archive's root and
``.data/{purelib,platlib}`` are site-packages; scripts, headers and data lie outside of it and are left out.

A wheel is checked as a whole before any of it is used: names, kinds of members, sizes, checksums, and every hash in
RECORD. Its members' compressed bytes are then used as they are.
"""

from __future__ import annotations

import stat
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pulumi_poetry_layer.errors import PoetryLayerError, WheelError, raise_problems
from pulumi_poetry_layer.members import LAYER_FOLDER, BytesContent, Member
from pulumi_poetry_layer.record import (
    INSTALLATION_FILES,
    INSTALLER_NAME,
    RecordEntry,
    entry_for,
    format_record,
    is_bytecode_cache,
    parse_record,
)
from pulumi_poetry_layer.wheel_member import MemberReader, WheelMember

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

LARGEST_UNZIPPED = 1 << 30
"""Bytes a wheel may unzip to: four times what Lambda lets a function have with all of its layers."""

_SITE_PACKAGES_SCHEMES = frozenset({"purelib", "platlib"})
_SCHEMES = _SITE_PACKAGES_SCHEMES | {"scripts", "headers", "data"}

_NOT_IN_RECORD = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s"})


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """What is in a wheel.

    Attributes:
        name: normalised name of the distribution, as its .dist-info folder tells it.
        version: its version, as the folder tells it.
        tags: the tags in its WHEEL file.
        machines: ELF machine numbers of the native libraries in it.
        members: its files in a layer.
    """

    name: str
    version: str
    tags: frozenset[str]
    machines: frozenset[int]
    members: tuple[Member, ...]


def read_wheel(path: Path, *, label: str, rewrite: bool = False) -> Wheel:
    """Check a wheel and tell its members.

    Args:
        path: the file.
        label: what to call the wheel in errors.
        rewrite: keep the members uncompressed instead of using the wheel's compressed bytes; for wheels made on this
            host, whose compression depends on its zlib.

    Raises:
        WheelError: the wheel is not sound.
        MultipleInputError: several reasons for that.
    """
    try:
        with zipfile.ZipFile(path) as archive, MemberReader(path, archive, label) as reader:
            return _read(archive, reader, label, rewrite=rewrite)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, EOFError) as error:
        raise WheelError(f"cannot be read as a zip file: {error}", where=label) from error


def _read(archive: zipfile.ZipFile, reader: MemberReader, label: str, *, rewrite: bool) -> Wheel:
    files = _files(archive, label)
    dist_info = _dist_info(files, label)
    tags = _tags(_text(archive, f"{dist_info}/WHEEL", label), label)
    recorded = {entry.path: entry for entry in parse_record(_text(archive, f"{dist_info}/RECORD", label))}
    _text(archive, f"{dist_info}/METADATA", label)
    digests = {entry.path: entry.digest for entry in recorded.values()}
    members = {name: reader.read(info, digests.get(name, ""), rewrite=rewrite) for name, info in sorted(files.items())}
    reader.check_overlaps()
    raise_problems(_record_problems(members, recorded, dist_info, label))
    name, _, version = dist_info.removesuffix(".dist-info").partition("-")
    return Wheel(
        name=canonicalize_name(name),
        version=version,
        tags=tags,
        machines=frozenset(member.machine for member in members.values() if member.machine is not None),
        members=tuple(_layer_members(members, dist_info, canonicalize_name(name), label)),
    )


def _files(archive: zipfile.ZipFile, label: str) -> dict[str, zipfile.ZipInfo]:
    """The wheel's files by name, none of which could do harm."""
    files: dict[str, zipfile.ZipInfo] = {}
    problems: list[PoetryLayerError] = []
    for info in archive.infolist():
        if problem := _danger(info):
            problems.append(WheelError(problem, where=f"{label}: {info.orig_filename!r}"))
        elif not info.filename.endswith("/"):
            if info.filename in files:
                problems.append(WheelError("is in the archive twice", where=f"{label}: {info.filename!r}"))
            files[info.filename] = info
    if sum(info.file_size for info in files.values()) > LARGEST_UNZIPPED:
        problems.append(WheelError(f"unzips to more than {LARGEST_UNZIPPED >> 20} MiB", where=label))
    raise_problems(problems)
    return files


def _danger(info: zipfile.ZipInfo) -> str | None:
    """Why a member is refused by what the directory says of it."""
    name = info.orig_filename
    parts = name.removesuffix("/").split("/")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name.startswith("/") or ":" in parts[0] or "\\" in name:
        return "is an absolute name, or one of another system"
    if {"", ".", ".."} & set(parts):
        return "is a name that leads out of its folder"
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        return "has a control character in its name"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "is a symbolic link" if kind == stat.S_IFLNK else "is neither a file nor a folder"
    return "is encrypted" if info.flag_bits & 0x2041 else None


def _dist_info(files: Iterable[str], label: str) -> str:
    """The one .dist-info folder."""
    folders = sorted({folder for name in files if (folder := name.partition("/")[0]).endswith(".dist-info")})
    if len(folders) != 1:
        raise WheelError(f"has {len(folders)} .dist-info folders instead of one: {', '.join(folders)}", where=label)
    return folders[0]


def _text(archive: zipfile.ZipFile, name: str, label: str) -> str:
    try:
        return archive.read(name).decode("utf-8")
    except KeyError as error:
        raise WheelError(f"has no {name}", where=label) from error


def _tags(text: str, label: str) -> frozenset[str]:
    """The tags in a WHEEL file, whose version must be one we know."""
    from email.parser import HeaderParser

    headers = HeaderParser().parsestr(text)
    version = headers.get("Wheel-Version", "")
    if version.partition(".")[0] != "1":
        raise WheelError(f"is of wheel version {version or 'unknown'}; version 1 is supported", where=label)
    return frozenset(headers.get_all("Tag", ()))


def _record_problems(
    members: Mapping[str, WheelMember], recorded: Mapping[str, RecordEntry], dist_info: str, label: str
) -> Iterator[PoetryLayerError]:
    """Every file of the wheel has to be in RECORD with its size and a hash of sha256 or better."""
    exempt = {f"{dist_info}/{name}" for name in _NOT_IN_RECORD}
    for name, member in members.items():
        if name in exempt:
            continue
        where = f"{label}: {name}"
        entry = recorded.get(name)
        if entry is None or not entry.digest:
            yield WheelError("has no hash in RECORD", where=where)
        elif not member.recorded:
            yield WheelError(f"does not have the hash that RECORD tells ({entry.digest})", where=where)
        elif entry.size and entry.size != str(member.size):
            yield WheelError(f"is {member.size} bytes long, RECORD tells {entry.size}", where=where)


def _layer_members(
    members: Mapping[str, WheelMember], dist_info: str, distribution: str, label: str
) -> Iterator[Member]:
    """Members under their names in the layer, with a RECORD that is true to the layer."""
    placed: dict[str, WheelMember] = {}
    for name, member in members.items():
        target = _place(name, dist_info, label)
        if target is None or is_bytecode_cache(target):
            continue
        if target in placed and placed[target].sha256 != member.sha256:
            raise WheelError("has two different files of this name in site-packages", where=f"{label}: {target}")
        placed[target] = member
    generated = {f"{dist_info}/INSTALLER": f"{INSTALLER_NAME}\n".encode()}
    for name in (*generated, *(f"{dist_info}/{file}" for file in INSTALLATION_FILES), f"{dist_info}/RECORD"):
        placed.pop(name, None)
    rows = [RecordEntry(name, member.record_digest, str(member.size)) for name, member in placed.items()]
    rows += [entry_for(name, data) for name, data in generated.items()]
    generated[f"{dist_info}/RECORD"] = format_record([*rows, RecordEntry(f"{dist_info}/RECORD", "", "")])
    for name, member in placed.items():
        yield Member(LAYER_FOLDER + name, distribution, member.content, member.executable)
    for name, data in generated.items():
        yield Member(LAYER_FOLDER + name, distribution, BytesContent(data))


def _place(name: str, dist_info: str, label: str) -> str | None:
    """Where in site-packages a file of the wheel lands; None when it lands elsewhere."""
    folder, _, rest = name.partition("/")
    if folder != f"{dist_info.removesuffix('.dist-info')}.data":
        return name
    scheme, _, path = rest.partition("/")
    if scheme not in _SCHEMES or not path:
        raise WheelError(
            f"is in no folder that a .data folder may have ({', '.join(sorted(_SCHEMES))})", where=f"{label}: {name}"
        )
    return path if scheme in _SITE_PACKAGES_SCHEMES else None
