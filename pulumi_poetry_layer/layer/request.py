"""What a user asks for, and the two project files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.registry import DEFAULT_BUILDER, make_builder
from pulumi_poetry_layer.errors import InputError, LockFileError, ProjectError
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.target import NEWEST_PATCH, is_patch_of
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.size.limits import UNZIPPED_LIMIT
from pulumi_poetry_layer.strip.kinds import KINDS
from pulumi_poetry_layer.wording import argument, boolean, place, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.builders.builder import Builder

DEFAULT_ARCHITECTURE = "x86_64"

CONFLICT_RULES = ("warn", "error")
"""What to do if two distributions contain the same file with different contents."""

DEFAULT_CONFLICT_RULE = "warn"


def is_list_of_strings(value: object) -> bool:
    """Whether this is a list of names; a single string would be taken for a list of letters."""
    return not isinstance(value, str) and isinstance(value, Iterable)


def as_tuple(names: Iterable[str] | None) -> tuple[str, ...] | None:
    """The names as a tuple; None if they are left out."""
    return None if names is None else tuple(names)


@dataclass(frozen=True, kw_only=True)
class GivenArguments:
    """The arguments that a user gives, and that decide what is in a layer; None for what is left out.

    What is left out comes from ``[tool.poetry-layer]`` in pyproject.toml, or has the default of :class:`LayerRequest`.

    Attributes:
        project_dir: folder of pyproject.toml and poetry.lock.
        shown_dir: ``project_dir`` as the user has written it, for messages; None if it is the same.
        runtime: Lambda runtime, such as ``python3.12``.
        architecture: ``x86_64`` or ``arm64``.
        groups: Poetry dependency groups.
        extras: extras of the project.
        exclude: distributions to leave out, with the dependencies that only they need.
        exclude_runtime: leave out the AWS SDK, which the runtime has, and what only it needs and the runtime has, too.
        builder: the builder, or the name of one.
        on_conflict: what to do if two distributions contain the same file with different contents: ``warn`` takes that
            of the last distribution in the order of names, ``error`` refuses the layer. It does not change a layer, so
            it is not part of the fingerprint.
        python_patch: the patch release of the runtime's Python, such as ``3.12.4``; None means the one in
            ``[tool.poetry-layer]`` or the newest known one. It decides which markers are true, and nothing else.
        system_libraries: file names of shared libraries that the function has besides those of the runtime, for example
            in another layer. They decide whether a layer is refused, not what is in it.
        bytecode: whether the layer has compiled modules. A string is the only release of Python that may compile them,
            such as ``3.13.2``.
        strip: kinds of files to leave out if the packages do not need them: ``tests``, ``stubs``, ``sources``.
        max_unzipped_size: refuse a layer with more bytes than this, unzipped; None means Lambda's limit. It does not
            change a layer, so it is not part of the fingerprint.
    """

    project_dir: Path
    shown_dir: Path | None = None
    runtime: str | None = None
    architecture: str | None = None
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    builder: Builder | str | None = None
    on_conflict: str | None = None
    python_patch: str | None = None
    system_libraries: tuple[str, ...] | None = None
    bytecode: bool | str | None = None
    exclude_runtime: bool | None = None
    strip: tuple[str, ...] | None = None
    max_unzipped_size: int | None = None

    @property
    def where(self) -> Path:
        """The project's folder, for messages."""
        return self.project_dir if self.shown_dir is None else self.shown_dir


@dataclass(frozen=True, kw_only=True)
class LayerRequest(GivenArguments):
    """What decides what is in a layer, with nothing left out; :class:`GivenArguments` describes the attributes."""

    runtime: str = field()
    architecture: str = DEFAULT_ARCHITECTURE
    groups: tuple[str, ...] = (MAIN_GROUP,)
    extras: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    builder: Builder = field(default_factory=lambda: make_builder(DEFAULT_BUILDER))
    on_conflict: str = DEFAULT_CONFLICT_RULE
    system_libraries: tuple[str, ...] = ()
    bytecode: bool | str = False
    exclude_runtime: bool = False
    strip: tuple[str, ...] = ()
    max_unzipped_size: int | None = None

    @property
    def compiled_for(self) -> str | None:
        """The Python that compiles: the version of the runtime, or the only release that may; None for none."""
        if self.bytecode is True:
            return self.runtime.removeprefix("python")
        return self.bytecode or None

    @property
    def choice(self) -> Choice:
        """The groups, extras and exclusions."""
        return Choice.of(self.groups, self.extras, self.exclude, exclude_runtime=self.exclude_runtime)


def conflict_rule_problems(value: object) -> Iterator[InputError]:
    """Check the ``on_conflict`` argument."""
    if value not in CONFLICT_RULES:
        yield InputError(f"must be {' or '.join(map(repr, CONFLICT_RULES))}, not {value!r}", where=place("on_conflict"))


def system_library_problems(names: Iterable[str]) -> Iterator[InputError]:
    """Check the ``system_libraries`` argument."""
    for name in names:
        if not name or "/" in name or "\0" in name:
            hint = "write the name that the loader looks for, such as libodbc.so.2"
            yield InputError(f"{name!r} is not the file name of a library", where=place("system_libraries"), hint=hint)


def bytecode_problems(value: object, runtime: str) -> Iterator[InputError]:
    """Check the ``bytecode`` argument."""
    if isinstance(value, bool) or (isinstance(value, str) and is_patch_of(value, runtime)):
        return
    example = NEWEST_PATCH.get(runtime, "3.13.2")
    hint = f"write {boolean(True)}, or the full version of the only Python that may compile, such as {example!r}"
    problem = f"is not a patch release of {runtime}" if isinstance(value, str) else "is neither a boolean nor a string"
    yield InputError(f"{value!r} {problem}", where=place("bytecode"), hint=hint)


def strip_problems(kinds: Iterable[str]) -> Iterator[InputError]:
    """Check the ``strip`` argument."""
    for kind in kinds:
        if kind not in KINDS:
            hint = suggestion(kind, KINDS, "known kinds")
            yield InputError(f"unknown kind {kind!r}", where=place("strip"), hint=hint)


def size_problems(max_unzipped_size: object) -> Iterator[InputError]:
    """Check the ``max_unzipped_size`` argument."""
    if max_unzipped_size is None:
        return
    if not isinstance(max_unzipped_size, int) or isinstance(max_unzipped_size, bool):
        yield InputError(
            f"must be a number of bytes, not {max_unzipped_size!r}",
            where=place("max_unzipped_size"),
            hint="200 MiB are 200 * 1024 * 1024",
        )
    elif not 0 < max_unzipped_size <= UNZIPPED_LIMIT:
        yield InputError(
            f"must be from 1 to {UNZIPPED_LIMIT}, which is Lambda's limit for a function with all its layers, "
            f"not {max_unzipped_size}",
            where=place("max_unzipped_size"),
        )


def read_pyproject(project_dir: Path, shown_dir: Path | None = None) -> str:
    """Read pyproject.toml.

    Args:
        project_dir: its folder.
        shown_dir: the folder as messages show it; None means ``project_dir``.

    Raises:
        ProjectError: the file is missing or unreadable.
    """
    hint = f"set {argument('project_dir')} to the folder of a Poetry project"
    return _read(project_dir, shown_dir, "pyproject.toml", ProjectError, hint)


def read_lock(project_dir: Path, shown_dir: Path | None = None) -> str:
    """Read poetry.lock.

    Args:
        project_dir: its folder.
        shown_dir: the folder as messages show it; None means ``project_dir``.

    Raises:
        LockFileError: the file is missing or unreadable.
    """
    return _read(project_dir, shown_dir, "poetry.lock", LockFileError, "run `poetry lock` in that folder")


def _read(folder: Path, shown: Path | None, name: str, error: type[InputError], hint: str) -> str:
    where = str((shown or folder) / name)
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError as cause:
        raise error("no such file", where=where, hint=hint) from cause
    except (OSError, ValueError) as cause:  # also for a name that no file can have
        raise error(f"cannot be read: {getattr(cause, 'strerror', None) or cause}", where=where) from cause
