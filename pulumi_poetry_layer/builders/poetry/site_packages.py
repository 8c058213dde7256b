"""From the site-packages folder of an environment to the members of a layer.

A layer has the files in site-packages that the RECORD of a planned distribution lists, and native files that RECORD
lists outside of it (see ``wheels.placement``). It has no bytecode, no console scripts (their first line contains the
path of the interpreter), and no files of the environment itself. RECORD is rewritten to list exactly the files in the
layer.
"""

from __future__ import annotations

import posixpath
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.duplicates import only_extends_path
from pulumi_poetry_layer.archive.members import LAYER_FOLDER, PROGRAM_FOLDER, BytesContent, FileContent, Member
from pulumi_poetry_layer.archive.record import (
    INSTALLATION_FILES,
    INSTALLER_NAME,
    RecordEntry,
    entry_for,
    format_record,
    is_bytecode_cache,
    layer_name,
    parse_record,
    record_path,
)
from pulumi_poetry_layer.builders.poetry.shared_files import SharedFiles
from pulumi_poetry_layer.errors import VerificationError, raise_problems
from pulumi_poetry_layer.host.build_log import warn
from pulumi_poetry_layer.strip.layer_files import strip_layer
from pulumi_poetry_layer.wheels.built_version import is_version_of, version_notes
from pulumi_poetry_layer.wheels.metadata import Identity, header_bytes, identity, without_file_urls
from pulumi_poetry_layer.wheels.notes import Names
from pulumi_poetry_layer.wheels.placement import (
    is_expected_to_be_left_out,
    kind_of,
    left_out_note,
    place_outside,
)
from pulumi_poetry_layer.wording import argument, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage

_START = 512  # bytes: enough for the first line of a script

_Files = dict[str, tuple["Path", RecordEntry]]
"""Name in the layer → path on disk and row of RECORD, for the files of a distribution that the layer has."""


@dataclass(frozen=True)
class _Installed:
    """An installed distribution.

    Attributes:
        dist_info: its .dist-info folder.
        identity: its name and version.
    """

    dist_info: Path
    identity: Identity

    @property
    def version(self) -> str:
        """Its version."""
        return self.identity.version


def read_site_packages(
    site_packages: Path, plan: BuildPlan, install_alone: Callable[[PlannedPackage], Path]
) -> list[Member]:
    """The members of the layer.

    Args:
        site_packages: the folder that the plan was installed into; it lies in ``lib/python3.x/`` of an environment.
        plan: the plan.
        install_alone: installs a package into an environment of its own and returns its site-packages. It is called for
            a package with files that Poetry has overwritten with those of another one, if they must be read.

    Raises:
        VerificationError: the installed distributions are not the planned ones, or a file is missing.
    """
    installed = dict(_installed(site_packages))
    raise_problems(_differences(plan, installed))
    files = {}
    for package in plan.packages:
        files[package.name], notes = _files(package, site_packages, installed[package.name])
        if notes:
            warn(f"{package.label}: {'; '.join(notes)}")

    @cache
    def files_alone(name: str) -> _Files:
        package = next(package for package in plan.packages if package.name == name)
        folder = install_alone(package)
        return _files(package, folder, dict(_installed(folder))[name])[0]

    shared = _shared_files(files)
    for name, found in files.items():
        for file in shared.overwritten(name, found):
            before, _ = found[file]
            found[file] = files_alone(name)[file]
            shutil.copymode(before, found[file][0])  # executable if it is in any of the distributions
    shared = _shared_files(files)
    shared = _shared_files(files, set(_namespace_files(shared, files, files_alone)))
    members: list[Member] = []
    for name, found in files.items():
        members += _distribution_members(name, found, installed[name].dist_info.name, shared)
    return strip_layer(members, plan.strip)


def _shared_files(files: Mapping[str, _Files], silent: Collection[str] = ()) -> SharedFiles:
    return SharedFiles({name: [entry for _, entry in found.values()] for name, found in files.items()}, silent)


def _namespace_files(
    shared: SharedFiles, files: Mapping[str, _Files], files_alone: Callable[[str], _Files]
) -> Iterator[str]:
    """Paths in RECORD of files that only extend the path of a package, in all distributions that contain them."""
    for path, last, others in shared.conflicts():
        name = layer_name(path)
        if not (name.endswith("/__init__.py") and _only_extends_path(files[last][name])):
            continue  # without an installation of the others
        if all(_only_extends_path(files_alone(other)[name]) for other in others):
            yield path


def _only_extends_path(file: tuple[Path, RecordEntry]) -> bool:
    path, _ = file
    return path.is_file() and only_extends_path(path.read_bytes())


def _installed(site_packages: Path) -> Iterator[tuple[str, _Installed]]:
    """Normalized name → every installed distribution."""
    for folder in sorted(site_packages.glob("*.dist-info")):
        headers = None
        with suppress(FileNotFoundError), (folder / "METADATA").open("rb") as file:
            headers = header_bytes(file)
        found = identity(headers, folder.name)
        yield found.name, _Installed(folder, found)


def _differences(plan: BuildPlan, installed: dict[str, _Installed]) -> Iterator[VerificationError]:
    planned = {package.name for package in plan.packages}
    hint = f"look at the output of Poetry, or use the wheels builder ({setting('builder', 'wheels')})"
    for package in plan.packages:
        found = installed.get(package.name)
        if found is None:
            yield VerificationError("is planned, but Poetry has not installed it", where=package.label, hint=hint)
        elif not is_version_of(package, found.version):
            what = f"is planned, but Poetry has installed {found.version}"
            yield VerificationError(what, where=package.label, hint=hint)
    for name in sorted(installed.keys() - planned):
        label = f"{name} {installed[name].version}"
        yield VerificationError("is not planned, but Poetry has installed it", where=label, hint=hint)


def _files(package: PlannedPackage, site_packages: Path, installed: _Installed) -> tuple[_Files, list[str]]:
    """The files of a distribution that the layer has, and what to say about the distribution."""
    found: _Files = {}
    left_out = Names()
    for entry in parse_record((installed.dist_info / "RECORD").read_text(encoding="utf-8")):
        path = posixpath.normpath(entry.path)
        if path.startswith("../"):
            name = _place_outside(path, site_packages, left_out)
        else:
            name = LAYER_FOLDER + path if _in_layer(path, installed.dist_info.name) else None
        if name:
            found[name] = site_packages / path, RecordEntry(record_path(name), entry.digest, entry.size)
    notes = [
        *filter(None, [installed.identity.note, left_out_note(left_out)]),
        *version_notes(package, installed.version),
    ]
    return found, notes


def _place_outside(path: str, site_packages: Path, left_out: Names) -> str | None:
    """The name in the layer of a file outside of site-packages; None if it is left out."""
    environment = site_packages.parents[2]
    inside = posixpath.normpath((site_packages.relative_to(environment) / path).as_posix())
    file = environment / inside
    if inside.startswith("../") or not file.is_file():
        return None
    with file.open("rb") as opened:
        kind = kind_of(opened.read(_START))
    place = place_outside(inside, kind)
    if place is None and not is_expected_to_be_left_out(inside, kind):
        left_out.add(inside)
    return place


def _in_layer(path: str, dist_info: str) -> bool:
    """Whether a path in RECORD is inside of site-packages and belongs into a layer."""
    if path == "." or path.startswith("/") or is_bytecode_cache(path):
        return False
    folder, _, name = path.partition("/")
    return not (folder == dist_info and name in INSTALLATION_FILES)


def _distribution_members(distribution: str, files: _Files, dist_info: str, shared: SharedFiles) -> Iterator[Member]:
    folder = f"{LAYER_FOLDER}{dist_info}"
    rows = []
    for name, (path, entry) in files.items():
        if name == f"{folder}/RECORD":
            rows.append(entry)
            continue
        if name in {f"{folder}/INSTALLER", f"{folder}/METADATA"}:
            is_metadata = name.endswith("/METADATA")
            data = without_file_urls(path.read_bytes()) if is_metadata else f"{INSTALLER_NAME}\n".encode()
            rows.append(entry_for(entry.path, data))
            yield Member(name, distribution, BytesContent(data))
            continue
        rows.append(shared.row(entry))
        if not shared.is_replaced(distribution, entry):
            yield _file_member(distribution, name, path, shared.replaced_by(distribution, entry))
    yield Member(f"{folder}/RECORD", distribution, BytesContent(format_record(rows)))


def _broken_hint() -> str:
    return f"lock another version of it, or leave it out with {argument('exclude')}"


def _file_member(distribution: str, name: str, path: Path, replaces: tuple[str, ...]) -> Member:
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise VerificationError(
            f"its RECORD lists a file that does not exist: {record_path(name)}", where=distribution, hint=_broken_hint()
        ) from error
    if not stat.S_ISREG(mode):
        raise VerificationError(
            f"its RECORD lists something else than a file: {record_path(name)}", where=distribution, hint=_broken_hint()
        )
    executable = bool(mode & stat.S_IXUSR) or name.startswith(PROGRAM_FOLDER)
    return Member(name, distribution, FileContent(path), executable, replaces)
