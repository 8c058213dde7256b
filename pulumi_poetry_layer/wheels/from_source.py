"""Source distributions and git commits → wheels, by pypa/build in an isolated environment.

Only pure wheels are taken (``py3-none-any``): what this host compiles is for this host. The interpreter that runs the
build is this host's, so the version that a build backend sees need not be the target's.
"""

from __future__ import annotations

import os
import re
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, BytesContent, content_bytes
from pulumi_poetry_layer.errors import PackageFileError, SubprocessError
from pulumi_poetry_layer.host.process import Program, find_program, run
from pulumi_poetry_layer.index.sources import Address
from pulumi_poetry_layer.plan.chooser import wheel_tags
from pulumi_poetry_layer.wheels.build_environment import git_variables
from pulumi_poetry_layer.wheels.metadata import without_local_places
from pulumi_poetry_layer.wheels.reader import read_wheel
from pulumi_poetry_layer.wheels.record import entry_for, format_record, parse_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.wheels.reader import Wheel

_PURE = frozenset({("py3", "none", "any"), ("py2", "none", "any")})
_CONTAINER_HINT = "use the container builder, which builds it inside the build image of the runtime"
_METADATA = re.compile(rf"{LAYER_FOLDER}[^/]+\.dist-info/METADATA")
_EARLIEST_DATE = "315532800"  # 1980-01-01, as in the layer: https://reproducible-builds.org/specs/source-date-epoch/


def unpack(sdist: Path, file_name: str, folder: Path) -> Path:
    """Unpack a source distribution and return the folder of its project.

    Raises:
        PackageFileError: it is not an archive, or not a safe one.
    """
    folder.mkdir()
    try:
        if file_name.endswith(".zip"):
            with zipfile.ZipFile(sdist) as archive:
                archive.extractall(folder)  # noqa: S202 - zipfile takes unsafe parts out of names
        else:
            with tarfile.open(sdist) as archive_file:
                archive_file.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        raise PackageFileError(f"cannot be unpacked: {error}", where=file_name, hint=_CONTAINER_HINT) from error
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


def check_out(package: PlannedPackage, folder: Path) -> Path:
    """Check a git dependency's commit out and return the folder of its project.

    Raises:
        PackageFileError: the package is not from git.
        SubprocessError: git is missing or failed.
    """
    source = package.source
    if source is None or source.type != "git" or not source.resolved_reference:
        raise PackageFileError("has no file and no commit to build from", where=package.label)
    git = find_program("git", hint=f"install git, to check out {package.name}")
    folder.mkdir()
    # A login in the address goes by the environment: arguments can be read by everybody on this host.
    address = Address.of(source.url) if source.url.startswith("http") else Address(source.url)
    environment = git_variables(os.environ, address)
    clone = ["clone", "--no-checkout", "--quiet", address.url, "."]
    for arguments in (
        clone,
        ["-c", "advice.detachedHead=false", "checkout", "--quiet", source.resolved_reference],
        ["submodule", "--quiet", "update", "--init", "--recursive"],
    ):
        run(git, arguments, environment=environment, folder=folder)
    tree = folder / PurePosixPath(source.subdirectory or ".")
    if folder.resolve() not in (tree.resolve(), *tree.resolve().parents):
        raise PackageFileError(f"its folder leads out of the repository: {source.subdirectory}", where=package.label)
    return tree


def build_pure_wheel(tree: Path, folder: Path, label: str, variables: Mapping[str, str]) -> Wheel:
    """Build a project's wheel.

    Args:
        tree: the project.
        folder: where the wheel is put.
        label: what to call the package in errors.
        variables: environment variables for the build.

    Raises:
        PackageFileError: the wheel is not pure.
        SubprocessError: the build failed; carries its output.
    """
    environment = {**variables, "SOURCE_DATE_EPOCH": _EARLIEST_DATE, "PYTHONHASHSEED": "0"}
    try:
        run(
            Program("python", sys.executable),
            ["-m", "build", "--wheel", "--outdir", str(folder), str(tree)],
            environment=environment,
            folder=tree,
        )
    except SubprocessError as error:
        raise SubprocessError(
            f"has no wheel for the target, and building one here failed: {error.what}",
            where=label,
            hint=_CONTAINER_HINT,
        ) from error
    (path,) = folder.glob("*.whl")
    if not wheel_tags(path.name) <= _PURE:
        raise PackageFileError(
            f"has no wheel for the target, and what is built here is for this host ({path.name})",
            where=label,
            hint=_CONTAINER_HINT,
        )
    return _of_no_host(read_wheel(path, file_name=path.name, rewrite=True))


def _of_no_host(wheel: Wheel) -> Wheel:
    """The wheel without the places of this host that its METADATA names, and its RECORD true to that."""
    members = {member.name: member for member in wheel.members}
    (name,) = (name for name in members if _METADATA.fullmatch(name))
    before = content_bytes(members[name].content)
    after = without_local_places(before)
    if after == before:
        return wheel
    record = name.replace("METADATA", "RECORD")
    entry = entry_for(name.removeprefix(LAYER_FOLDER), after)
    rows = parse_record(content_bytes(members[record].content).decode())
    members[name] = replace(members[name], content=BytesContent(after))
    rows = (entry if row.path == entry.path else row for row in rows)
    members[record] = replace(members[record], content=BytesContent(format_record(rows)))
    return replace(wheel, members=tuple(members.values()))
