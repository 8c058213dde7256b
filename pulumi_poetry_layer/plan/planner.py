"""The waist of the house: a project, its lock file and a target → what a layer consists of, and its fingerprint.

Pure: the same texts and arguments give the same plan on every host.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from packaging.version import Version

from pulumi_poetry_layer.errors import PackageFileError, PoetryLayerError, ProjectError, StaleLockError, raise_problems
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan, Choice, PlannedPackage
from pulumi_poetry_layer.plan.chooser import FileChooser, are_native
from pulumi_poetry_layer.plan.selection import Selection, choice_problems, select_packages
from pulumi_poetry_layer.poetry.constraints import InvalidConstraint, allows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.poetry.locked import LockedFile
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage, LockFile
    from pulumi_poetry_layer.poetry.pyproject import Project


def select_layer(project: Project, lock: LockFile, *, target: Target, choice: Choice) -> Selection:
    """The first half of planning: the packages that land in the layer.

    Raises:
        StaleLockError: the lock file was not made from this pyproject.toml.
        ProjectError: the project's python constraint leaves out the runtime.
        SelectionError: an unknown group, extra or excluded distribution.
        LockFileError: the lock file contradicts itself.
        MultipleInputError: several of these at once.
    """
    if not project.matches(lock):
        raise StaleLockError(
            "was not made from the pyproject.toml beside it (its metadata.content-hash differs)",
            where="poetry.lock",
            hint="run `poetry lock`",
        )
    raise_problems([*_python_problems(project, target), *choice_problems(project, lock, choice)])
    return select_packages(project, lock, choice, target.marker_environment)


def plan_selection(
    selection: Selection,
    *,
    target: Target,
    choice: Choice,
    builder: BuilderIdentity,
    digests: Mapping[str, str] = MappingProxyType({}),
) -> BuildPlan:
    """The second half: the file of each package.

    Args:
        selection: what lands in the layer.
        target: the Lambda it is for.
        choice: what it was selected by.
        builder: what builds it.
        digests: name of a path dependency → sha256 (hex) of its content, for those that exist.

    Raises:
        PackageFileError: a package has no file that the target can use, or its path does not exist.
        MultipleInputError: several such packages.
    """
    chooser = FileChooser(target.tag_ranks)
    chosen = {package.name: chooser.choose(package.files) for package in selection.packages}
    raise_problems(_artifact_problems(selection.packages, chosen, target, digests))
    return BuildPlan(
        target=target,
        builder=builder,
        choice=choice,
        packages=tuple(
            PlannedPackage(
                name=package.name,
                version=package.version,
                file=chosen[package.name],
                source=package.source,
                is_native=are_native(package.files),
                digest=digests.get(package.name) if package.is_path else None,
            )
            for package in selection.packages
        ),
        excluded=selection.excluded,
    )


def _python_problems(project: Project, target: Target) -> Iterator[PoetryLayerError]:
    """A ``python`` constraint of the project that leaves out the runtime; Poetry refuses such an interpreter too."""
    python = target.marker_environment["python_full_version"]
    for key, constraint in project.python.items():
        where = f"pyproject.toml: {key}"
        try:
            if not allows(constraint, Version(python)):
                yield ProjectError(
                    f"{constraint!r} leaves out the runtime {target.runtime} (Python {python})",
                    where=where,
                    hint="choose another runtime, or widen the constraint and run `poetry lock`",
                )
        except InvalidConstraint as error:
            yield ProjectError(str(error), where=where)


def _artifact_problems(
    packages: tuple[LockedPackage, ...],
    chosen: Mapping[str, LockedFile | None],
    target: Target,
    digests: Mapping[str, str],
) -> Iterator[PoetryLayerError]:
    for package in packages:
        where = f"poetry.lock: package {package.label}"
        source = package.source
        if source and package.is_path and package.name not in digests:
            kind = "file" if source.type == "file" else "folder"
            yield PackageFileError(
                f"there is no {kind} {source.url!r}, seen from the project's folder",
                where=where,
                hint=f"put it there, or change the path of {package.name} in pyproject.toml and run `poetry lock`",
            )
        elif package.is_path and _is_another(chosen[package.name], digests[package.name]):
            yield PackageFileError(
                "the file is not the one that was locked (it has another hash)", where=where, hint="run `poetry lock`"
            )
        elif source and source.type == "directory":
            continue
        elif package.develop:
            yield PackageFileError(
                "its repository would be referred to, not installed (develop = true)",
                where=where,
                hint=f"take `develop = true` from {package.name} in pyproject.toml and run `poetry lock`",
            )
        elif not (source and source.type == "git") and chosen[package.name] is None:
            yield PackageFileError(
                f"none of its {len(package.files)} locked files fits {target} "
                f"({target.operating_system}, glibc {target.glibc[0]}.{target.glibc[1]}), and no sdist is locked",
                where=where,
                hint=f"lock another version of {package.name}, or choose another runtime or architecture"
                + (f"; locked: {', '.join(file.name for file in package.files)}" if package.files else ""),
            )


def _is_another(locked: LockedFile | None, digest: str) -> bool:
    return locked is not None and locked.hash.startswith("sha256:") and locked.hash != f"sha256:{digest}"
