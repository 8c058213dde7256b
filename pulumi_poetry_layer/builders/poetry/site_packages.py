"""From a site-packages folder to the members of a layer.

A layer has the files in site-packages that the RECORD of a planned distribution lists. It has no bytecode, no console
scripts (their first line contains the path of the interpreter), and no files of the virtual environment itself. RECORD
is rewritten to list exactly the files in the layer.
"""

from __future__ import annotations

import stat
from importlib.metadata import PathDistribution
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.version import Version

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, BytesContent, FileContent, Member
from pulumi_poetry_layer.errors import VerificationError, raise_problems
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.wheels.metadata import without_file_urls
from pulumi_poetry_layer.wheels.record import (
    INSTALLATION_FILES,
    INSTALLER_NAME,
    RecordEntry,
    entry_for,
    format_record,
    is_bytecode_cache,
    parse_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.plan.build_plan import BuildPlan


def read_site_packages(site_packages: Path, plan: BuildPlan) -> list[Member]:
    """The members of the layer.

    Args:
        site_packages: the folder that the plan was installed into.
        plan: the plan.

    Raises:
        VerificationError: the installed distributions are not the planned ones, or a file is missing.
    """
    installed = dict(_installed(site_packages))
    raise_problems(_differences(plan, installed))
    members: list[Member] = []
    for package in plan.packages:
        members += _distribution_members(package.name, site_packages, installed[package.name][1])
    return members


def _installed(site_packages: Path) -> Iterator[tuple[str, tuple[str, Path]]]:
    """Normalized name → version and .dist-info folder of every installed distribution."""
    for folder in sorted(site_packages.glob("*.dist-info")):
        metadata = PathDistribution(folder).metadata
        yield normalized(metadata["Name"]), (metadata["Version"], folder)


def _differences(plan: BuildPlan, installed: dict[str, tuple[str, Path]]) -> Iterator[VerificationError]:
    planned = {package.name: package.version for package in plan.packages}
    for name, version in planned.items():
        if name not in installed:
            yield VerificationError("was planned but not installed", where=f"{name} {version}")
        elif Version(installed[name][0]) != Version(version):
            yield VerificationError(f"was planned, but {installed[name][0]} was installed", where=f"{name} {version}")
    for name in sorted(installed.keys() - planned.keys()):
        yield VerificationError("was installed but not planned", where=f"{name} {installed[name][0]}")


def _distribution_members(name: str, site_packages: Path, dist_info: Path) -> Iterator[Member]:
    record = dist_info / "RECORD"
    kept: list[RecordEntry] = []
    for entry in parse_record(record.read_text(encoding="utf-8")):
        path = PurePosixPath(entry.path)
        if not _in_layer(path, dist_info.name):
            continue
        if path.parts == (dist_info.name, "INSTALLER"):
            data = f"{INSTALLER_NAME}\n".encode()
            kept.append(entry_for(entry.path, data))
            yield Member(f"{LAYER_FOLDER}{entry.path}", name, BytesContent(data))
            continue
        if path.parts == (dist_info.name, "METADATA"):
            data = without_file_urls((site_packages / path).read_bytes())
            kept.append(entry_for(entry.path, data))
            yield Member(f"{LAYER_FOLDER}{entry.path}", name, BytesContent(data))
            continue
        kept.append(entry)
        if path.parts != (dist_info.name, "RECORD"):
            yield _file_member(name, entry.path, site_packages / path)
    record_name = f"{LAYER_FOLDER}{dist_info.name}/RECORD"
    yield Member(record_name, name, BytesContent(format_record(kept)))


def _in_layer(path: PurePosixPath, dist_info: str) -> bool:
    """Whether a path in RECORD is inside of site-packages and belongs into a layer."""
    if not path.parts or path.is_absolute() or ".." in path.parts or is_bytecode_cache(path.as_posix()):
        return False
    return not (path.parts[0] == dist_info and path.name in INSTALLATION_FILES)


def _file_member(distribution: str, recorded: str, path: Path) -> Member:
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise VerificationError(f"is in RECORD but not on disk: {recorded}", where=distribution) from error
    if not stat.S_ISREG(mode):
        raise VerificationError(f"is not a regular file: {recorded}", where=distribution)
    name = PurePosixPath(recorded).as_posix()
    return Member(f"{LAYER_FOLDER}{name}", distribution, FileContent(path), executable=bool(mode & stat.S_IXUSR))
