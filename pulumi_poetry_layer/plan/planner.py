"""Plans a layer: project, lock file, target and choice → the packages and files of the layer, and its fingerprint.

Planning has two steps, because the content of path dependencies must be read between them: :func:`select_layer`, then
:func:`plan_selection`. Pure: the same arguments give the same plan on every host.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import PackageFileError, StaleLockError, raise_problems
from pulumi_poetry_layer.names import is_wheel
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, BuildPlan, Choice, PlannedPackage
from pulumi_poetry_layer.plan.chooser import FileChooser, are_native
from pulumi_poetry_layer.plan.file_policy import EVERY_FILE
from pulumi_poetry_layer.plan.python_patch import python_problems
from pulumi_poetry_layer.plan.selection import Selection, choice_problems, select_packages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pulumi_poetry_layer.errors import PoetryLayerError
    from pulumi_poetry_layer.plan.file_policy import FilePolicy
    from pulumi_poetry_layer.plan.target import Target
    from pulumi_poetry_layer.poetry.locked import LockedFile
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage, LockFile
    from pulumi_poetry_layer.poetry.pyproject import Project


def select_layer(project: Project, lock: LockFile, *, target: Target, choice: Choice) -> Selection:
    """Select the packages of the layer: the first step of planning.

    Raises:
        StaleLockError: the lock file does not match pyproject.toml.
        ProjectError: the project does not allow the Python version of the runtime.
        SelectionError: a group, an extra or an excluded distribution is unknown.
        LockFileError: the lock file contains an invalid marker, or its packages cannot be installed together.
        MultipleInputError: there are several of these problems.
    """
    raise_problems(selection_problems(project, lock, target=target, choice=choice))
    selection = select_packages(project, lock, choice, target.marker_environment)
    return replace(selection, warnings=(*target.warnings, *lock.warnings, *selection.warnings))


def selection_problems(
    project: Project, lock: LockFile, *, target: Target | None, choice: Choice
) -> Iterator[PoetryLayerError]:
    """An error for a stale lock file, for a runtime that the project does not allow, and for each unknown name.

    Args:
        project: the project.
        lock: its lock file.
        target: the target of the layer; None if it is not known.
        choice: the groups, extras and exclusions of the layer.
    """
    is_stale = not project.matches(lock)
    if is_stale:
        yield StaleLockError(
            "does not match pyproject.toml (metadata.content-hash differs)",
            where="poetry.lock",
            hint="run `poetry lock`",
        )
    if target:
        yield from python_problems(project, target)
    yield from choice_problems(project, lock, choice, is_stale=is_stale)


def plan_selection(
    selection: Selection,
    *,
    target: Target,
    choice: Choice,
    builder: BuilderIdentity,
    digests: Mapping[str, str] = MappingProxyType({}),
    policy: FilePolicy = EVERY_FILE,
    build_constraints: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    bytecode: str | None = None,
    strip: Iterable[str] = (),
) -> BuildPlan:
    """Choose the file of each selected package: the second step of planning.

    Args:
        selection: the packages of the layer.
        target: the runtime and architecture of the layer.
        choice: the choice that the selection was made for.
        builder: the parts of the builder that decide the bytes.
        digests: name of a path dependency → sha256 (hex) of its content. A missing name means that the path does not
            exist.
        policy: which packages may use wheels and sdists.
        build_constraints: name of a package → the constraints for its build.
        bytecode: the Python that compiles the modules; None for none.
        strip: the kinds of files that are left out if the packages do not need them.

    Raises:
        PackageFileError: a package has no file that the target can use, or the path of a dependency does not exist.
        MultipleInputError: there are several such packages.
    """
    chooser = _chooser_for(target)
    chosen = {package.name: chooser.choose(policy.allowed_files(package)) for package in selection.packages}
    problems = (_file_problem(p, chosen[p.name], target, digests.get(p.name), policy) for p in selection.packages)
    raise_problems(problem for problem in problems if problem)
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
                build_constraints=(() if _is_wheel(chosen[package.name]) else build_constraints.get(package.name, ())),
            )
            for package in selection.packages
        ),
        excluded=selection.excluded,
        warnings=selection.warnings,
        bytecode=bytecode,
        strip=tuple(sorted(set(strip))),
    )


@lru_cache(maxsize=32)
def _chooser_for(target: Target) -> FileChooser:
    """The chooser of a target, which remembers the ranks of wheel tags: many layers have the same target."""
    return FileChooser(target.tag_ranks)


def _is_wheel(file: LockedFile | None) -> bool:
    return file is not None and is_wheel(file.name)


def _file_problem(
    package: LockedPackage, file: LockedFile | None, target: Target, digest: str | None, policy: FilePolicy
) -> PackageFileError | None:
    """The reason why a package cannot be built for the target; None if there is none.

    Args:
        package: the package.
        file: its chosen file, if there is one.
        target: the runtime and architecture of the layer.
        digest: sha256 (hex) of the content of a path dependency; None if the path does not exist.
        policy: which packages may use wheels and sdists.
    """
    source, source_type = package.source, package.source.type if package.source else None
    if source and package.is_path and digest is None:
        return _problem(
            package,
            f"the {'file' if source_type == 'file' else 'folder'} {source.url!r} does not exist "
            "(the path is relative to the project)",
            f"restore it, or change the path of {package.name} in pyproject.toml and run `poetry lock`",
        )
    if package.is_path and file and file.hash.startswith("sha256:") and file.hash != f"sha256:{digest}":
        return _problem(package, "the file has changed since it was locked (its hash differs)", "run `poetry lock`")
    # `develop = true` makes no difference: a layer cannot contain a link to a checkout, so it is built like any other.
    if source and source_type == "git" and not source.resolved_reference:
        return _problem(package, "no git commit is locked for it", "run `poetry lock`")
    if source_type in {"directory", "git"}:
        return None
    return _no_usable_file(package, target, policy) if file is None else None


def _no_usable_file(package: LockedPackage, target: Target, policy: FilePolicy) -> PackageFileError:
    if not package.files:
        return _problem(
            package,
            "the lock file has no hash of any of its files, so it does not say what to install",
            "run `poetry lock` with Poetry 2, which locks the hash of every file",
        )
    if forbidden := policy.forbidden_kinds(package):
        return _problem(
            package,
            f"none of its {len(package.files)} locked files can be used for {target}: "
            + " and ".join(f"`{setting}` of Poetry forbids its {kind}" for setting, kind in forbidden.items()),
            "change this setting in poetry.toml, in the user's config.toml, or in POETRY_INSTALLER_NO_BINARY or "
            "POETRY_INSTALLER_ONLY_BINARY",
        )
    return _problem(
        package,
        f"none of its {len(package.files)} locked files is compatible with {target} "
        f"({target.operating_system}, glibc {target.glibc[0]}.{target.glibc[1]}), and no sdist is locked",
        f"lock another version of {package.name}, or choose another runtime or architecture; "
        f"locked: {', '.join(file.name for file in package.files)}",
    )


def _problem(package: LockedPackage, what: str, hint: str) -> PackageFileError:
    return PackageFileError(what, where=f"poetry.lock: package {package.label}", hint=hint)
