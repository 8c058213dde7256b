"""The files of a layer zip, and the distributions that they belong to."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, DistributionSize
from pulumi_poetry_layer.archive.record import is_bytecode_cache, parse_record_lines
from pulumi_poetry_layer.bytecode.release_file import is_release_file, release_in
from pulumi_poetry_layer.inspection.bytecode import HEADER_SIZE, zip_times
from pulumi_poetry_layer.inspection.layer_zip import open_layer, open_member, open_text, refuse_other_zips
from pulumi_poetry_layer.inspection.licenses import license_of
from pulumi_poetry_layer.verify.layer_content import METADATA, ROOT, read_distribution, read_headers

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from pulumi_poetry_layer.verify.layer_content import Distribution

_SCRIPT = re.compile(r"(?:\.\./)+bin/([^/]+)")  # pip install --target puts it into bin/ beside the packages
_LONGEST_RELEASE = 100  # bytes
_MOST_TEXT = 1 << 27  # bytes of all METADATA and RECORD files together


class LayerFile(NamedTuple):
    """A file of a layer.

    Attributes:
        name: its path in the layer.
        size: bytes in the zip, without headers.
        unzipped_size: bytes of its content.
        crc: CRC-32 of its content.
        mode: its Unix mode; 0 if the zip has none.
        times: the seconds since 1970 that the zip may mean by its date.
        start: the first bytes of a compiled module; empty for other files.
    """

    name: str
    size: int
    unzipped_size: int
    crc: int
    mode: int
    times: frozenset[int]
    start: bytes


@dataclass(frozen=True, kw_only=True)
class LayerDistribution:
    """A distribution in a layer zip.

    Attributes:
        content: its name, version, files, native files and requirements.
        root: the folder in which it is, such as ``python/``.
        dist_info: the path of its .dist-info or .egg-info folder.
        license: its license, as METADATA says; None if it does not say.
        requires_python: the versions of Python that it is for (``Requires-Python``); empty if it does not say.
    """

    content: Distribution
    root: str
    dist_info: str
    license: str | None
    requires_python: str


@dataclass(frozen=True, kw_only=True)
class LayerContents:
    """What is in a layer zip.

    Attributes:
        files: path → file.
        distributions: the distributions, by name.
        others: the files that no distribution lists.
        bytecode: the releases of Python that have compiled modules of this package, such as ``3.13.2``.
    """

    files: Mapping[str, LayerFile]
    distributions: tuple[LayerDistribution, ...]
    others: Distribution
    bytecode: tuple[str, ...] = ()

    def all_contents(self) -> Iterator[Distribution]:
        """The distributions, and what belongs to none as one more."""
        yield from (distribution.content for distribution in self.distributions)
        if self.others.files:
            yield self.others

    def visible_to(self, runtime: str) -> Iterator[Distribution]:
        """The distributions in folders where a runtime looks, and what belongs to none."""
        yield from (found.content for found in self.distributions if looks_in(found.root, runtime))
        if self.others.files:
            yield self.others

    def invisible_to(self, runtime: str) -> Iterator[LayerDistribution]:
        """The distributions of which a runtime finds no copy."""
        visible = {content.name for content in self.visible_to(runtime)}
        yield from (one for one in self.distributions if one.content.name not in visible)

    def other_modules(self) -> dict[str, frozenset[str]]:
        """The files that no distribution lists, by the module or folder that they are in: ``numpy``, ``six.py``."""
        found: dict[str, set[str]] = {}
        for name in sorted(self.others.files):
            found.setdefault(name.removeprefix(root_of(name)).partition("/")[0], set()).add(name)
        return {module: frozenset(names) for module, names in sorted(found.items())}

    def size_of(self, names: Collection[str]) -> DistributionSize:
        """The size of some files together."""
        return size_of([self.files[name] for name in names])


def size_of(files: Collection[LayerFile]) -> DistributionSize:
    """The size of some files together."""
    return DistributionSize(
        files=len(files),
        size=sum(file.size for file in files),
        unzipped_size=sum(file.unzipped_size for file in files),
    )


def read_layer(path: Path) -> LayerContents:
    """Read what is in a layer zip.

    Raises:
        ArchiveError: the file does not exist, is damaged, is not a layer zip, or unzips to more than Lambda allows.
    """
    with open_layer(path) as archive:
        refuse_other_zips(archive, path)
        return read_contents(archive)


def read_licenses(path: Path) -> tuple[str | None, ...]:
    """The license of each distribution in a layer zip. Nothing but METADATA is read.

    Raises:
        ArchiveError: the file does not exist, is damaged, or unzips to more than Lambda allows.
    """
    with open_layer(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        folders = sorted({match["folder"] for name in members if (match := METADATA.fullmatch(name))})
        _refuse_long_texts(members, folders)
        opened = partial(open_member, archive)
        return tuple(license_of(read_headers(members, opened, folder)) for folder in folders)


def read_contents(archive: zipfile.ZipFile) -> LayerContents:
    """Read what is in an open layer zip.

    Raises:
        ValueError: the metadata of the distributions is too large.
        zipfile.BadZipFile: the zip is damaged.
    """
    members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
    found = sorted({match["folder"] for name in members if (match := METADATA.fullmatch(name))})
    _refuse_long_texts(members, found)
    files_of = {folder: _recorded(archive, members, folder) for folder in found}
    rest = members.keys() - set().union(*files_of.values())
    for folder in found:
        if f"{folder}RECORD" not in members:
            guessed = _guessed_files(archive, members, folder, rest)
            files_of[folder] |= guessed
            rest -= guessed
    opened = partial(open_member, archive)
    distributions = []
    for folder in found:
        read = read_distribution(files_of[folder], opened, folder)
        distributions.append(
            LayerDistribution(
                content=read.content,
                root=root_of(folder),
                dist_info=folder,
                license=license_of(read.headers),
                requires_python=str(read.headers.get("Requires-Python") or ""),
            )
        )
    return LayerContents(
        files={name: _file(archive, members[name]) for name in sorted(members)},
        distributions=tuple(sorted(distributions, key=lambda one: (one.content.name, one.dist_info))),
        others=read_distribution(rest, opened, None).content,
        bytecode=tuple(sorted({_release(archive, members[name]) for name in members if is_release_file(name)})),
    )


def _release(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    with archive.open(member) as file:
        return release_in(file.read(_LONGEST_RELEASE))


def root_of(name: str) -> str:
    """The folder of packages in which a file of the layer is, such as ``python/``; empty for files elsewhere."""
    match = ROOT.match(name)
    return match[0] if match else ""


def looks_in(root: str, runtime: str) -> bool:
    """Whether a runtime looks for modules in a folder of the layer."""
    return root in {LAYER_FOLDER, f"{LAYER_FOLDER}lib/{runtime}/site-packages/"}


def _refuse_long_texts(members: Mapping[str, zipfile.ZipInfo], folders: Iterable[str]) -> None:
    texts = (members.get(f"{folder}{name}") for folder in folders for name in ("METADATA", "PKG-INFO", "RECORD"))
    if sum(member.file_size for member in texts if member) > _MOST_TEXT:
        raise ValueError(f"the metadata of its packages has more than {_MOST_TEXT >> 20} MiB")


def _recorded(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], folder: str) -> set[str]:
    """The files that a distribution lists, and those of its .dist-info folder that name it."""
    listed = {f"{folder}{name}" for name in ("METADATA", "PKG-INFO", "WHEEL", "RECORD")}
    if record := members.get(f"{folder}RECORD"):
        root = posixpath.dirname(folder.rstrip("/"))
        with open_text(archive, record) as file:
            for entry in parse_record_lines(line.decode() for line in file):
                path = posixpath.normpath(posixpath.join(root, entry.path))
                script = _SCRIPT.fullmatch(entry.path)
                listed.add(f"{root}/bin/{script[1]}" if script and path not in members else path)
    return listed & members.keys()


def _guessed_files(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], folder: str, candidates: Collection[str]
) -> set[str]:
    """The files of a distribution without RECORD: those of its top-level modules, which top_level.txt may list."""
    root, _, base = folder.rstrip("/").rpartition("/")
    modules = {base.partition("-")[0]}
    if listed := members.get(f"{folder}top_level.txt"):
        with open_text(archive, listed) as file:
            modules = {line.decode("utf-8", "replace").strip() for line in file} - {""} or modules
    starts = (folder, *(f"{root}/{module}{end}" for module in modules for end in ("/", ".")))
    return {name for name in candidates if name.startswith(starts)}


def _file(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> LayerFile:
    start = b""
    if member.filename.endswith(".pyc") and is_bytecode_cache(member.filename):
        with archive.open(member) as file:
            start = file.read(HEADER_SIZE)
    return LayerFile(
        name=member.filename,
        size=member.compress_size,
        unzipped_size=member.file_size,
        crc=member.CRC,
        mode=member.external_attr >> 16,
        times=zip_times(member.date_time, member.extra),
        start=start,
    )
