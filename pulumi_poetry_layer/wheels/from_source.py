"""Build wheels from source distributions, git commits and folders, with pypa/build in an isolated environment.

Only pure wheels (such as ``py3-none-any``) are accepted, because this host compiles code for itself and not for the
target. The build runs on the Python of this host, so a build backend may see another Python version than the target's.
"""

from __future__ import annotations

import os
import re
import sys
import tarfile
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, BytesContent, content_bytes
from pulumi_poetry_layer.archive.record import entry_for, format_record, parse_record
from pulumi_poetry_layer.errors import PackageFileError, SubprocessError
from pulumi_poetry_layer.host.process import Program, find_program, run, temporary_variables
from pulumi_poetry_layer.index.sources import Address
from pulumi_poetry_layer.plan.chooser import wheel_tags
from pulumi_poetry_layer.poetry.lock_values import address_problem, commit_problem
from pulumi_poetry_layer.wheels.build_environment import git_variables
from pulumi_poetry_layer.wheels.metadata import without_file_urls
from pulumi_poetry_layer.wheels.native import container_hint
from pulumi_poetry_layer.wheels.reader import read_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi_poetry_layer.plan.build_plan import PlannedPackage
    from pulumi_poetry_layer.wheels.reader import Wheel

_PROTOCOLS_VARIABLE = "GIT_ALLOW_PROTOCOL"
_PROTOCOLS = "https:http:ssh:git"
"""Where git may fetch from. For other protocols it runs programs, and a submodule must not name a file of this host.

https://git-scm.com/docs/git#Documentation/git.txt-GITALLOWPROTOCOL
"""

_SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
"""The build backend of a project that names none: https://peps.python.org/pep-0517/#source-trees"""

_METADATA = re.compile(rf"{LAYER_FOLDER}[^/]+\.dist-info/METADATA")
_EARLIEST_DATE = "315532800"  # 1980-01-01, as in the layer: https://reproducible-builds.org/specs/source-date-epoch/


def unpack(sdist: Path, file_name: str, folder: Path) -> Path:
    """Unpack a source distribution and return the folder of its project.

    Args:
        sdist: the archive.
        file_name: its name, which says what kind of archive it is.
        folder: a folder that does not exist yet.

    Raises:
        PackageFileError: it is not a valid archive, or a file in it would be written outside of the folder.
    """
    folder.mkdir()
    try:
        if file_name.endswith(".zip"):
            with zipfile.ZipFile(sdist) as archive:
                archive.extractall(folder)  # noqa: S202 - zipfile removes unsafe parts from names
        else:
            with tarfile.open(sdist) as archive_file:
                archive_file.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        raise PackageFileError(f"cannot be unpacked: {error}", where=file_name, hint=container_hint()) from error
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


def check_out(package: PlannedPackage, folder: Path) -> Path:
    """Check out the locked commit of a git dependency and return the folder of its project.

    Args:
        package: a planned git dependency.
        folder: a folder that does not exist yet.

    Raises:
        PackageFileError: the package has no git commit, its address is not one that git may be called with, or its
            subdirectory is outside of the repository.
        SubprocessError: git is missing or failed.
    """
    source = package.source
    if source is None or source.type != "git" or not source.resolved_reference:
        raise PackageFileError(
            "has neither a file nor a git commit to build from", where=package.label, hint="run `poetry lock`"
        )
    if problem := address_problem("git", source.url) or commit_problem(source.resolved_reference):
        hint = "correct its address in pyproject.toml, and run `poetry lock`"
        raise PackageFileError(problem, where=package.label, hint=hint)
    git = find_program("git", hint=f"install git: it is needed to check out {package.name}")
    folder.mkdir()
    # A login in the address is passed in the environment: every user of this host can read the arguments.
    address = Address.of(source.url) if source.url.startswith("http") else Address(source.url)
    environment = git_variables(os.environ, address)
    own_files = {**environment, _PROTOCOLS_VARIABLE: environment.get(_PROTOCOLS_VARIABLE, f"{_PROTOCOLS}:file")}
    submodules = {**environment, _PROTOCOLS_VARIABLE: environment.get(_PROTOCOLS_VARIABLE, _PROTOCOLS)}
    run(git, ["clone", "--no-checkout", "--quiet", "--", address.url, "."], environment=own_files, folder=folder)
    _fetch_commit(git, source.resolved_reference, own_files, folder)
    for variables, arguments in (
        (own_files, ["checkout", "--quiet", "--detach", source.resolved_reference, "--"]),
        (submodules, ["submodule", "--quiet", "update", "--init", "--recursive"]),
    ):
        run(git, arguments, environment=variables, folder=folder)
    tree = folder / PurePosixPath(source.subdirectory or ".")
    if folder.resolve() not in (tree.resolve(), *tree.resolve().parents):
        raise PackageFileError(
            f"its subdirectory {source.subdirectory!r} is outside of the repository",
            where=package.label,
            hint="correct it in pyproject.toml, and run `poetry lock`",
        )
    return tree


def _fetch_commit(git: Program, commit: str, environment: Mapping[str, str], folder: Path) -> None:
    """Fetch a commit that is in no branch, such as one of a pull request, or one that a forced push has replaced."""
    for refs in (commit, "+refs/*:refs/all/*"):
        try:
            run(git, ["cat-file", "-e", f"{commit}^{{commit}}"], environment=environment, folder=folder)
        except SubprocessError:
            with suppress(SubprocessError):  # the checkout reports that the commit does not exist
                run(git, ["fetch", "--quiet", "origin", refs], environment=environment, folder=folder)


def build_pure_wheel(tree: Path, folder: Path, label: str, variables: Mapping[str, str]) -> Wheel:
    """Build the wheel of a project and read it.

    Args:
        tree: the folder of the project.
        folder: where to put the wheel.
        label: name and version of the package, for errors.
        variables: environment variables for the build.

    Raises:
        PackageFileError: the wheel is not pure Python.
        SubprocessError: the build failed; the error contains its output.
    """
    if (tree / "setup.cfg").exists() and not any((tree / name).exists() for name in ("pyproject.toml", "setup.py")):
        (tree / "pyproject.toml").write_text(_SETUPTOOLS, encoding="utf-8")  # else pypa/build refuses the folder
    environment = {
        **variables,
        **temporary_variables(folder / "tmp"),
        "SOURCE_DATE_EPOCH": _EARLIEST_DATE,
        "PYTHONHASHSEED": "0",
    }
    try:
        run(
            Program("python", sys.executable),
            ["-m", "build", "--wheel", "--outdir", str(folder.absolute()), str(tree.absolute())],
            environment=environment,
            folder=folder.parent,  # not the project: Python would import a build.py of the project
        )
    except SubprocessError as error:
        raise SubprocessError(
            f"cannot be built from its source on this host: {error.what}",
            where=label,
            hint=container_hint(),
        ) from error
    (path,) = folder.glob("*.whl")
    if not all((abi, platform) == ("none", "any") for _, abi, platform in wheel_tags(path.name)):
        raise PackageFileError(
            f"the wheel that was built from its source is not pure Python ({path.name})",
            where=label,
            hint=container_hint(),
        )
    wheel = _without_file_urls(read_wheel(path, file_name=path.name, rewrite=True))
    return replace(wheel, interpreters=frozenset(interpreter for interpreter, _, _ in wheel_tags(path.name)))


def _without_file_urls(wheel: Wheel) -> Wheel:
    """The wheel without paths of this host in its METADATA, and with a RECORD that matches."""
    members = {member.name: member for member in wheel.members}
    name = next((name for name in members if _METADATA.fullmatch(name)), None)
    if name is None:
        return wheel
    before = content_bytes(members[name].content)
    after = without_file_urls(before)
    if after == before:
        return wheel
    record = name.replace("METADATA", "RECORD")
    entry = entry_for(name.removeprefix(LAYER_FOLDER), after)
    rows = parse_record(content_bytes(members[record].content).decode())
    members[name] = replace(members[name], content=BytesContent(after))
    rows = (entry if row.path == entry.path else row for row in rows)
    members[record] = replace(members[record], content=BytesContent(format_record(rows)))
    return replace(wheel, members=tuple(members.values()))
