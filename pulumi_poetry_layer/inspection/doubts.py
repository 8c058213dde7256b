"""What may be wrong with a layer, or makes it larger than necessary. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.archive.members import LAYER_FOLDER, LAYER_FOLDERS
from pulumi_poetry_layer.archive.record import is_bytecode_cache
from pulumi_poetry_layer.inspection.bytecode import is_stale, runtime_of_bytecode, source_of
from pulumi_poetry_layer.plan.runtime_packages import RUNTIME_DISTRIBUTIONS
from pulumi_poetry_layer.units import mebibytes
from pulumi_poetry_layer.verify.layer_content import WITHOUT_DISTRIBUTION

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pulumi_poetry_layer.inspection.contents import LayerContents
    from pulumi_poetry_layer.inspection.fits import Fit

_TEST_FOLDERS = frozenset({"test", "tests"})
_READABLE_BY_ALL = 0o004
_EXTENSIONS = (
    "extensions/"  # Lambda extensions: https://docs.aws.amazon.com/lambda/latest/dg/extensions-api-partners.html
)
_LISTED = 3


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Something in a layer that may be wrong, or that nothing needs.

    Attributes:
        kind: a stable word for what it is, such as ``tests``.
        package: the distribution; None if it is about several, or about none.
        problem: what is doubtful.
        hint: what to do.
        files: the files that it is about, sorted.
        unzipped_size: the bytes of these files.
    """

    kind: str
    package: str | None
    problem: str
    hint: str
    files: tuple[str, ...]
    unzipped_size: int

    def document(self) -> dict[str, Any]:
        """The same as a JSON value, with the first files."""
        return {
            "kind": self.kind,
            "package": self.package,
            "problem": self.problem,
            "hint": self.hint,
            "files": len(self.files),
            "first_files": list(self.files[:_LISTED]),
            "unzipped_size": self.unzipped_size,
        }


def find_doubts(contents: LayerContents, fits: Sequence[Fit]) -> tuple[Doubt, ...]:
    """Everything that is doubtful in a layer.

    Args:
        contents: what is in the layer.
        fits: the runtimes and architectures that it is for.
    """
    return tuple(
        chain(
            _unreadable_files(contents),
            _several_copies(contents),
            _of_the_runtime(contents),
            _bytecode(contents, {fit.runtime for fit in fits if fit.reason is None}),
            _tests(contents),
            _unlisted_files(contents),
            _files_outside(contents),
        )
    )


def describe_doubts(doubts: Iterable[Doubt]) -> Iterator[str]:
    """One line for each kind of doubt, largest packages first: ``tests: pandas 3.1.1, 9 files, 0.2 MiB (…)``."""
    groups: dict[tuple[str, str], list[Doubt]] = {}
    for doubt in doubts:
        groups.setdefault((doubt.kind, doubt.problem), []).append(doubt)
    for (_, problem), group in groups.items():
        group.sort(key=lambda doubt: (-doubt.unzipped_size, doubt.package or ""))
        parts = [_part(doubt) for doubt in group[:_LISTED]]
        if len(group) > _LISTED:
            rest = group[_LISTED:]
            parts.append(f"{len(rest)} more ({mebibytes(sum(doubt.unzipped_size for doubt in rest))})")
        yield f"{problem}: {'; '.join(parts)} ({group[0].hint})"


def _part(doubt: Doubt) -> str:
    count = "1 file" if len(doubt.files) == 1 else f"{len(doubt.files)} files"
    size = f"{count}, {mebibytes(doubt.unzipped_size)}"
    return f"{doubt.package}, {size}" if doubt.package else f"{size}, such as {doubt.files[0]}"


def _doubt(
    contents: LayerContents, kind: str, problem: str, hint: str, files: Collection[str], package: str | None = None
) -> Doubt:
    return Doubt(
        kind=kind,
        package=package,
        problem=problem,
        hint=hint,
        files=tuple(sorted(files)),
        unzipped_size=contents.size_of(files).unzipped_size,
    )


def _unreadable_files(contents: LayerContents) -> Iterator[Doubt]:
    files = [file.name for file in contents.files.values() if file.mode & 0o777 and not file.mode & _READABLE_BY_ALL]
    if files:
        problem = "functions cannot read these files, because their modes allow it to their owner alone"
        yield _doubt(contents, "unreadable", problem, 'run "chmod -R o+rX" before the files are zipped', files)


def _several_copies(contents: LayerContents) -> Iterator[Doubt]:
    by_name: dict[str, list[str]] = {}
    for one in contents.distributions:
        by_name.setdefault(one.content.name, []).append(one.dist_info)
    for name, folders in by_name.items():
        if len(folders) > 1:
            versions = [one.content.version for one in contents.distributions if one.content.name == name]
            files = set().union(*(one.content.files for one in contents.distributions if one.content.name == name))
            problem = f"the same package {len(folders)} times ({', '.join(versions)})"
            hint = "install into an empty folder, so that one copy remains"
            yield _doubt(contents, "several-copies", problem, hint, files, package=name)


def _of_the_runtime(contents: LayerContents) -> Iterator[Doubt]:
    for one in contents.distributions:
        if one.content.name in RUNTIME_DISTRIBUTIONS:
            problem = "packages that the runtime has, too"
            hint = "exclude them, unless the function needs these versions"
            yield _doubt(contents, "in-runtime", problem, hint, one.content.files, package=one.content.label)


def _bytecode(contents: LayerContents, runtimes: Collection[str]) -> Iterator[Doubt]:
    compiled = [name for name in contents.files if source_of(name)]
    others = [name for name in compiled if runtimes and runtime_of_bytecode(name) not in runtimes]
    if others:
        names = sorted({runtime_of_bytecode(name) or "another Python" for name in others})
        problem = f"compiled modules of {', '.join(names)}, for which this layer is not"
        yield _doubt(contents, "other-bytecode", problem, "leave them out, or compile for the runtime", others)
    unused = set(others)
    stale = [name for name in compiled if name not in unused and is_stale(contents.files[name], contents.files)]
    if stale:
        problem = "compiled modules that do not fit their sources; Python compiles these again at every cold start"
        hint = "compile after the dates of the sources are final, or with --invalidation-mode unchecked-hash"
        yield _doubt(contents, "stale-bytecode", problem, hint, stale)
    usable = {source_of(name) for name in compiled if name not in unused}
    missing = [name for name in contents.files if name.endswith(".py") and name.startswith(LAYER_FOLDER)]
    missing = [name for name in missing if name not in usable and not _is_test(name)]
    if missing:
        problem = "modules that are not compiled; Python compiles those that are used at every cold start"
        yield _doubt(contents, "missing-bytecode", problem, "compile them for the runtime of the function", missing)


def _tests(contents: LayerContents) -> Iterator[Doubt]:
    for content in contents.all_contents():
        files = [name for name in content.files if _is_test(name)]
        if files:
            hint = "leave them out of the layer, unless a module needs them"
            yield _doubt(contents, "tests", "tests", hint, files, package=content.label)


def _is_test(name: str) -> bool:
    return not _TEST_FOLDERS.isdisjoint(name.split("/")[1:-1]) and name.startswith(LAYER_FOLDER)


def _unlisted_files(contents: LayerContents) -> Iterator[Doubt]:
    listed = set().union(*(one.content.files for one in contents.distributions))
    files = [
        name
        for name in contents.others.files
        if name.startswith(LAYER_FOLDER) and not (is_bytecode_cache(name) and source_of(name) in listed)
    ]
    if files:
        problem = "files that no distribution lists; it is not known where they are from"
        hint = "keep the .dist-info folders with their RECORD, and install into an empty folder"
        yield _doubt(contents, "unlisted", problem, hint, files, package=WITHOUT_DISTRIBUTION)


def _files_outside(contents: LayerContents) -> Iterator[Doubt]:
    files = [name for name in contents.files if not name.startswith((*LAYER_FOLDERS, _EXTENSIONS))]
    if files:
        problem = f"files outside of {', '.join(LAYER_FOLDERS)}, where the runtime does not look"
        yield _doubt(contents, "outside", problem, "leave them out, unless the function opens them by path", files)
