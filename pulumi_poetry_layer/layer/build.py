"""Plan, build, verify and zip a layer; the command line, Pulumi and plain Python all build layers with this module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.writer import write_archive
from pulumi_poetry_layer.bytecode.release_file import compiled_by
from pulumi_poetry_layer.errors import DamagedSegmentError, InputError, raise_problems
from pulumi_poetry_layer.host.build_log import warn
from pulumi_poetry_layer.host.failures import host_errors
from pulumi_poetry_layer.host.progress import doing
from pulumi_poetry_layer.layer.artifact import LayerArtifact, PackageSize
from pulumi_poetry_layer.layer.output import check_output, output_path
from pulumi_poetry_layer.layer.planning import PlannedLayer, plan_layer
from pulumi_poetry_layer.layer.request import GivenArguments, as_tuple, is_list_of_strings
from pulumi_poetry_layer.masking import has_unclear_login, mask_address
from pulumi_poetry_layer.plan.build_plan import refuse_empty
from pulumi_poetry_layer.size.limits import LayerSize, refuse_over_limit
from pulumi_poetry_layer.verify.findings import find_problems
from pulumi_poetry_layer.verify.layer_content import distributions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from typing import TypeVar

    from pulumi_poetry_layer.archive.members import Member, Segment
    from pulumi_poetry_layer.archive.writer import ArchiveSummary
    from pulumi_poetry_layer.builders.builder import Builder, ProjectFiles
    from pulumi_poetry_layer.plan.build_plan import BuildPlan

    Result = TypeVar("Result")

_ATTEMPTS = 3
"""How often a layer is built if a damaged file in the cache is found each time."""


def build_request(given: GivenArguments, output: Path, *, fingerprint: str | None = None) -> LayerArtifact:
    """Plan and build a layer; ``output`` is replaced when the zip is complete, and not touched if an error is raised.

    Args:
        given: what to build.
        output: the zip to write.
        fingerprint: the fingerprint that the caller has planned; if the plan now has another one, an error is raised.

    Raises:
        InputError: the input is wrong, ``output`` must not be replaced, or the plan has another fingerprint than
            ``fingerprint``.
        BuildError: the build failed.
    """
    with host_errors():
        planned = check_planned(plan_layer(given))
        if fingerprint is not None and planned.plan.fingerprint != fingerprint:
            raise InputError(
                "pyproject.toml, poetry.lock or a path dependency changed while Pulumi was running",
                where=str(given.where),
                hint="run the command again",
            )
        check_replaceable(planned, output)
        return build_checked(planned, output)


def check_planned(planned: PlannedLayer) -> PlannedLayer:
    """The layer, if it can be built.

    Raises:
        InputError: it would be empty, or the address of a package has an unclear login.
    """
    refuse_empty(planned.plan)
    raise_problems(_unclear_logins(planned.plan))
    return planned


def check_replaceable(planned: PlannedLayer, output: Path) -> None:
    """Check that the zip of a layer may replace what is at a path.

    Raises:
        InputError: it may not.
    """
    check_output(output, planned.plan, planned.files)


def build_checked(planned: PlannedLayer, output: Path) -> LayerArtifact:
    """Build a layer that :func:`check_planned` and :func:`check_replaceable` have checked.

    Raises:
        BuildError: the build failed.
    """
    return build_planned(
        planned.plan,
        planned.files,
        planned.request.builder,
        output,
        refuse_conflicts=planned.request.on_conflict == "error",
        system_libraries=planned.request.system_libraries,
        max_unzipped_size=planned.request.max_unzipped_size,
    )


def build_planned(
    plan: BuildPlan,
    files: ProjectFiles,
    builder: Builder,
    output: Path,
    *,
    refuse_conflicts: bool = False,
    system_libraries: Collection[str] = (),
    max_unzipped_size: int | None = None,
) -> LayerArtifact:
    """Build a planned layer; ``output`` is replaced when the zip is complete, and not touched if an error is raised.

    Args:
        plan: what to build.
        files: the files that the plan was made from.
        builder: the builder.
        output: the zip to write.
        refuse_conflicts: raise an error for files that two distributions contain with different contents. By default,
            such files are only reported.
        system_libraries: file names of shared libraries that the function has besides those of the runtime.
        max_unzipped_size: the most bytes that the layer may have, unzipped; None means any number.

    Raises:
        BuildError: the build failed, or the Lambda could not load the layer.
        PublishError: the layer is larger than ``max_unzipped_size``.
    """
    for warning in plan.warnings:
        warn(warning)

    def write(parts: Sequence[Member | Segment]) -> tuple[ArchiveSummary, str | None]:
        _verify(parts, plan, system_libraries)
        doing("writing the zip")
        release = compiled_by(parts) if plan.bytecode else None

        def check(summary: ArchiveSummary) -> None:
            if max_unzipped_size is not None and summary.unzipped_size > max_unzipped_size:
                from pulumi_poetry_layer.layer.savings import files_of, with_savings  # most layers are smaller

                size = with_savings(_size_of(summary), plan, files, files_of(parts))
                refuse_over_limit(size, where=output.name, direct_upload=False, max_unzipped_size=max_unzipped_size)

        return write_archive(parts, output, refuse_conflicts=refuse_conflicts, check=check), release

    summary, release = _with_parts(plan, files, builder, write)
    for conflict in summary.conflicts:
        warn(str(conflict))
    versions = {package.name: package.version for package in plan.packages}
    return LayerArtifact(
        fingerprint=plan.fingerprint,
        path=output,
        sha256=summary.sha256,
        size=summary.size,
        unzipped_size=summary.unzipped_size,
        packages=tuple(
            PackageSize(name=name, version=versions[name], **vars(size)) for name, size in summary.distributions.items()
        ),
        bytecode=release,
    )


def _size_of(summary: ArchiveSummary) -> LayerSize:
    packages = {name: size.unzipped_size for name, size in summary.distributions.items()}
    zipped = {name: size.size for name, size in summary.distributions.items()}
    return LayerSize(size=summary.size, unzipped_size=summary.unzipped_size, packages=packages, zipped=zipped)


def _unclear_logins(plan: BuildPlan) -> Iterator[InputError]:
    """An error for each address with a login of which a program would take a part for the host."""
    for package in plan.packages:
        if package.source and not package.digest and has_unclear_login(package.source.url):
            yield InputError(
                f"its address {mask_address(package.source.url)} has a login with a space, a slash or an @",
                where=f"poetry.lock: package {package.label}",
                hint="percent-encode the login in pyproject.toml (%20, %2F, %40) and run `poetry lock`",
            )


def _with_parts(
    plan: BuildPlan,
    files: ProjectFiles,
    builder: Builder,
    write: Callable[[Sequence[Member | Segment]], Result],
) -> Result:
    """Build, and write the parts; again if something in the cache was damaged, which the builder has removed."""
    attempts = _ATTEMPTS
    while True:
        attempts -= 1
        try:
            with builder.build(plan, files) as parts:
                return write(parts)
        except DamagedSegmentError:
            if not attempts:
                raise


def _verify(parts: Sequence[Member | Segment], plan: BuildPlan, system_libraries: Collection[str]) -> None:
    """Refuse what its Lambda could not load, and warn of what it may not."""
    excluded = {package.name for package in plan.excluded}
    findings = find_problems(distributions_of(parts), plan.target, excluded=excluded, system_libraries=system_libraries)
    raise_problems(finding.error() for finding in findings if finding.is_error)
    for finding in findings:
        warn(str(finding))


def build_layer(
    *,
    project_dir: str | Path = ".",
    runtime: str | None = None,
    architecture: str | None = None,
    groups: Iterable[str] | None = None,
    extras: Iterable[str] | None = None,
    exclude: Iterable[str] | None = None,
    builder: Builder | str | None = None,
    on_conflict: str | None = None,
    python_patch: str | None = None,
    system_libraries: Iterable[str] | None = None,
    bytecode: bool | str | None = None,
    exclude_runtime: bool | None = None,
    strip: Iterable[str] | None = None,
    max_unzipped_size: int | None = None,
    output: str | Path,
) -> LayerArtifact:
    """Build a layer zip from plain Python, without Pulumi.

    What is left out or None comes from ``[tool.poetry-layer]`` in pyproject.toml, or else has the default below.

    Args:
        project_dir: folder of pyproject.toml and poetry.lock.
        runtime: Lambda runtime, such as ``python3.12``; it has no default.
        architecture: ``x86_64`` or ``arm64``; default: ``x86_64``.
        groups: Poetry dependency groups; default: ``main``.
        extras: extras of the project; default: none.
        exclude: distributions to leave out, with the dependencies that only they need; default: none.
        builder: a builder, or the name of one; default: ``wheels``.
        on_conflict: what to do if two distributions contain the same file with different contents: ``warn`` takes that
            of the last distribution in the order of names, ``error`` raises an error; default: ``warn``.
        python_patch: the patch release of the runtime's Python, such as ``3.12.4``, for projects that require a certain
            one; default: the newest known one.
        system_libraries: file names of shared libraries that the function has besides those of the runtime, for example
            ``libodbc.so.2`` in another layer; default: none.
        bytecode: whether to compile the modules, so that functions start faster; docs/bytecode.md. A string is the only
            release of Python that may compile them, such as ``3.13.2``; by default any of the runtime's version may.
            Default: False.
        exclude_runtime: leave out the AWS SDK, which the runtime has, and what only it needs and the runtime has, too.
            Default: False.
        strip: kinds of files to leave out if the packages do not need them: ``tests``, ``stubs``, ``sources``;
            docs/size.md. Default: none.
        max_unzipped_size: raise an error for a layer with more bytes than this, unzipped. Default: no limit.
        output: the zip to write. A file at that path is replaced, but not a link, a device, a folder, or a file that
            the layer is made from.

    Raises:
        InputError: the input is wrong, or ``output`` must not be replaced; nothing is built.
        BuildError: the build failed; nothing is written.
    """
    lists = {"groups": groups, "extras": extras, "exclude": exclude, "system_libraries": system_libraries}
    lists["strip"] = strip
    raise_problems(
        InputError(f"must be a list of strings, not {value!r}", where=name)
        for name, value in lists.items()
        if value is not None and not is_list_of_strings(value)
    )
    given = GivenArguments(
        project_dir=Path(project_dir),
        runtime=runtime,
        architecture=architecture,
        groups=as_tuple(groups),
        extras=as_tuple(extras),
        exclude=as_tuple(exclude),
        builder=builder,
        on_conflict=on_conflict,
        python_patch=python_patch,
        system_libraries=as_tuple(system_libraries),
        bytecode=bytecode,
        exclude_runtime=exclude_runtime,
        strip=as_tuple(strip),
        max_unzipped_size=max_unzipped_size,
    )
    return build_request(given, output_path(output))
