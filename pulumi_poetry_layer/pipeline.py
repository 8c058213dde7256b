"""plan → build → verify → archive → :class:`LayerArtifact`: the whole way, for the command line and for Pulumi."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive import write_archive
from pulumi_poetry_layer.atomic import replacing, sha256_of, write_atomically
from pulumi_poetry_layer.build_plan import MAIN_GROUP, BuildPlan, Choice, refuse_empty
from pulumi_poetry_layer.builders import DEFAULT_BUILDER, Builder, ProjectFiles, make_builder
from pulumi_poetry_layer.errors import InputError, LockFileError, PoetryLayerError, ProjectError, raise_problems
from pulumi_poetry_layer.layer_code import note_of, twins_of
from pulumi_poetry_layer.lockfile import LockFile, parse_lockfile
from pulumi_poetry_layer.plan import plan_selection, select_layer
from pulumi_poetry_layer.project import Project, parse_project
from pulumi_poetry_layer.selection import Selection
from pulumi_poetry_layer.target import Target
from pulumi_poetry_layer.verify import verify_loads

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Parsed = TypeVar("Parsed")

DEFAULT_ARCHITECTURE = "x86_64"


@dataclass(frozen=True, kw_only=True)
class LayerRequest:
    """Everything a user says about a layer.

    Attributes:
        project_dir: folder that holds pyproject.toml and poetry.lock.
        runtime: Lambda runtime such as ``python3.12``.
        architecture: ``x86_64`` or ``arm64``.
        groups: Poetry dependency groups.
        extras: extras of the project.
        exclude: distributions to leave out, with what only they need.
        builder: what builds the layer.
    """

    project_dir: Path
    runtime: str
    architecture: str = DEFAULT_ARCHITECTURE
    groups: tuple[str, ...] = (MAIN_GROUP,)
    extras: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    builder: Builder = field(default_factory=lambda: make_builder(DEFAULT_BUILDER))


@dataclass(frozen=True, kw_only=True)
class PackageSize:
    """A package of a built layer: number of files, bytes in the zip and unzipped bytes."""

    name: str
    version: str
    files: int
    size: int
    unzipped_size: int


@dataclass(frozen=True, kw_only=True)
class LayerArtifact:
    """A built layer zip.

    Attributes:
        fingerprint: the plan's fingerprint (hex).
        path: the zip.
        sha256: digest of the zip (hex).
        size: bytes of the zip.
        unzipped_size: bytes of its files, what counts for Lambda's limit of 250 MB.
        packages: what each package takes.
    """

    fingerprint: str
    path: Path
    sha256: str
    size: int
    unzipped_size: int
    packages: tuple[PackageSize, ...]


def read_project_files(project_dir: Path) -> ProjectFiles:
    """Read the two files a layer is made from.

    Raises:
        ProjectError: pyproject.toml is missing or unreadable.
        LockFileError: poetry.lock is missing or unreadable.
        MultipleInputError: both.
    """
    problems: list[PoetryLayerError] = []
    texts = []
    for name, error, hint in (
        ("pyproject.toml", ProjectError, "set project_dir to the folder of a Poetry project"),
        ("poetry.lock", LockFileError, "run `poetry lock` in that folder"),
    ):
        path = project_dir / name
        try:
            texts.append(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            problems.append(error("no such file", where=str(path), hint=hint))
        except (OSError, UnicodeDecodeError) as cause:
            problems.append(error(f"cannot be read: {cause}", where=str(path)))
    raise_problems(problems)
    return ProjectFiles(pyproject=texts[0], lock=texts[1], folder=project_dir)


@dataclass(frozen=True, kw_only=True)
class ParsedRequest:
    """What a request is about, read and understood but not planned yet."""

    target: Target
    files: ProjectFiles
    project: Project
    lock: LockFile


def plan_request(request: LayerRequest) -> tuple[BuildPlan, ProjectFiles]:
    """Plan what a user asks for; every problem of the input is reported at once.

    Raises:
        InputError: see :mod:`pulumi_poetry_layer.errors`.
    """
    parsed = parse_request(request)
    return plan_parsed(parsed, request), parsed.files


def parse_request(request: LayerRequest) -> ParsedRequest:
    """Read and parse what a user asks for.

    Raises:
        InputError: every problem of it.
    """
    problems: list[PoetryLayerError] = []

    def attempt(step: Callable[[], Parsed]) -> Parsed | None:
        try:
            return step()
        except InputError as error:
            problems.append(error)
            return None

    target = attempt(lambda: Target(request.runtime, request.architecture))
    files = attempt(lambda: read_project_files(request.project_dir))
    project = attempt(lambda: parse_project(files.pyproject)) if files else None
    lock = attempt(lambda: parse_lockfile(files.lock)) if files else None
    if target is None or files is None or project is None or lock is None:
        raise_problems(problems)
        raise AssertionError("a step gave no result and no problem")
    return ParsedRequest(target=target, files=files, project=project, lock=lock)


def plan_parsed(parsed: ParsedRequest, request: LayerRequest) -> BuildPlan:
    """Plan a request that has been parsed.

    Raises:
        InputError: see :mod:`pulumi_poetry_layer.errors`.
    """
    target, choice = parsed.target, Choice.of(request.groups, request.extras, request.exclude)
    selection = select_layer(parsed.project, parsed.lock, target=target, choice=choice)
    digests = _path_digests(selection, parsed.files.folder)
    return plan_selection(selection, target=target, choice=choice, builder=request.builder.identity, digests=digests)


def _path_digests(selection: Selection, folder: Path) -> dict[str, str]:
    packages = [package for package in selection.packages if package.is_path]
    if not packages:
        return {}
    # Imported here: most projects have no path dependencies, and then no other program is needed to plan.
    from pulumi_poetry_layer.path_dependencies import content_digests

    return content_digests(packages, folder)


def build_request(request: LayerRequest, output: Path, *, fingerprint: str | None = None) -> LayerArtifact:
    """Plan and build; ``output`` appears at the very end, whole, or is not touched.

    Args:
        request: what to build.
        output: the zip to write.
        fingerprint: the fingerprint the caller planned; the build is refused when the files say another by now.

    Raises:
        InputError: the input is wrong, or has changed since the caller planned.
        BuildError: the build failed.
    """
    plan, files = plan_request(request)
    refuse_empty(plan)
    if fingerprint is not None and plan.fingerprint != fingerprint:
        raise InputError(
            "pyproject.toml, poetry.lock or a path dependency changed while Pulumi was running",
            where=str(request.project_dir),
            hint="run the command again",
        )
    with request.builder.build(plan, files) as members:
        verify_loads(members, plan.target)
        summary = write_archive(members, output)
    versions = {package.name: package.version for package in plan.packages}
    return LayerArtifact(
        fingerprint=plan.fingerprint,
        path=output,
        sha256=summary.sha256,
        size=summary.size,
        unzipped_size=summary.unzipped_size,
        packages=tuple(
            PackageSize(name=name, version=versions[name], **asdict(size))
            for name, size in summary.distributions.items()
        ),
    )


def ensure_artifact(request: LayerRequest, output: Path, *, fingerprint: str) -> LayerArtifact:
    """The built zip of that fingerprint at ``output``: the one that is there if it is whole, else built now.

    Before it is built, it is looked for in the folders of other stacks and copied from there.

    Beside the zip lies a note of what it is (``<output>.json``); a zip whose digest the note does not confirm was cut
    short, damaged or put there by somebody else, and is built anew.

    Raises:
        InputError: the input is wrong, or has changed since the caller planned.
        BuildError: the build failed; neither a zip nor a placeholder of one is left behind.
    """
    note = note_of(output)
    artifact = _confirmed(output, fingerprint)
    if artifact:
        return artifact
    try:
        artifact = _copied(output, fingerprint) or build_request(request, output, fingerprint=fingerprint)
    except BaseException:
        note.unlink(missing_ok=True)
        output.unlink(missing_ok=True)
        raise
    write_atomically(note, json.dumps(asdict(artifact) | {"path": output.name}, indent=1).encode())
    return artifact


def _copied(output: Path, fingerprint: str) -> LayerArtifact | None:
    """Take the zip from another stack's or layer's place, if one there is whole; it may vanish at any moment."""
    for twin in twins_of(output):
        artifact = _confirmed(twin, fingerprint)
        with suppress(FileNotFoundError):
            if artifact and _copy(twin, output) == artifact.sha256:
                return replace(artifact, path=output)
    return None


def _copy(source: Path, output: Path) -> str:
    """Copy a file atomically and return the digest of what has arrived."""
    with source.open("rb") as file, replacing(output) as copy:
        shutil.copyfileobj(file, copy)
    return sha256_of(output)


def _confirmed(output: Path, fingerprint: str) -> LayerArtifact | None:
    """What the note says about the zip, None unless the zip is just that and of the fingerprint."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(note_of(output).read_text(encoding="utf-8"))
        packages = tuple(PackageSize(**package) for package in told["packages"])
        artifact = LayerArtifact(**{**told, "path": output, "packages": packages})
        if artifact.fingerprint != fingerprint or output.stat().st_size != artifact.size:
            return None
        if sha256_of(output) == artifact.sha256:
            return artifact
    return None


def build_layer(
    *,
    project_dir: str | Path = ".",
    runtime: str,
    architecture: str = DEFAULT_ARCHITECTURE,
    groups: Iterable[str] = (MAIN_GROUP,),
    extras: Iterable[str] = (),
    exclude: Iterable[str] = (),
    builder: Builder | str = DEFAULT_BUILDER,
    output: str | Path,
) -> LayerArtifact:
    """Build a layer zip from plain Python, without Pulumi.

    Args:
        project_dir: folder that holds pyproject.toml and poetry.lock.
        runtime: Lambda runtime such as ``python3.12``.
        architecture: ``x86_64`` or ``arm64``.
        groups: Poetry dependency groups.
        extras: extras of the project.
        exclude: distributions to leave out, with what only they need.
        builder: a builder or its name.
        output: the zip to write.

    Raises:
        InputError: the input is wrong; nothing was built.
        BuildError: the build failed; nothing was written.
    """
    request = LayerRequest(
        project_dir=Path(project_dir),
        runtime=runtime,
        architecture=architecture,
        groups=tuple(groups),
        extras=tuple(extras),
        exclude=tuple(exclude),
        builder=make_builder(builder) if isinstance(builder, str) else builder,
    )
    return build_request(request, Path(output))
