"""The errors of this package, in one tree. Each says what is wrong, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pulumi_poetry_layer.masking import mask_urls
from pulumi_poetry_layer.printable import printable, printable_line, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class PoetryLayerError(Exception):
    """Base class of all errors that this package raises on purpose.

    Logins and tokens in URLs are masked in all three texts, and control characters are escaped. Very long lines, which
    only a hostile lock file, index or wheel causes, are shortened.

    Args:
        what: what is wrong, as one sentence without a period.
        where: the file, package or key that is wrong.
        hint: what the user can do next.
    """

    is_one_line: ClassVar[bool] = False
    """Whether line breaks are escaped in ``what``, too, because they are never this package's or a program's own."""

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what = shortened(printable_line(mask_urls(what))) if self.is_one_line else printable(mask_urls(what))
        self.where = where and shortened(printable_line(mask_urls(where)))
        self.hint = hint and printable(mask_urls(hint))
        super().__init__(self.what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class InputError(PoetryLayerError):
    """The input is wrong; nothing has been built."""


class TargetError(InputError):
    """AWS Lambda has no such Python runtime or architecture."""

    is_one_line = True


class ProjectError(InputError):
    """pyproject.toml is missing, unreadable or not valid for Poetry."""

    is_one_line = True


class LockFileError(InputError):
    """poetry.lock is missing, unreadable or has an unsupported lock version."""

    is_one_line = True


class StaleLockError(LockFileError):
    """poetry.lock does not match pyproject.toml."""


class SelectionError(InputError):
    """A group, an extra or an excluded distribution is unknown, or the layer would be empty."""

    is_one_line = True


class PackageFileError(InputError):
    """A locked package has no file for the target, or its file is of a kind that the builder cannot use."""

    is_one_line = True


class WheelError(PackageFileError):
    """A wheel breaks the rules of the wheel format, or belongs to another distribution than the locked one."""

    def __init__(self, what: str, *, where: str | None = None) -> None:
        super().__init__(
            what,
            where=where,
            hint="this wheel is invalid: lock another version, or report it to the project that publishes it",
        )


class MultipleInputError(InputError):
    """Several problems, reported together."""

    def __init__(self, problems: Iterable[PoetryLayerError]) -> None:
        self.problems = tuple(part for problem in problems for part in problems_of(problem))
        super().__init__(f"{len(self.problems)} problems")

    def __str__(self) -> str:
        entries = [str(problem) for problem in _merged(self.problems)]
        if len(entries) == 1:
            return entries[0]
        more = [f"- and {len(entries) - _MOST_PROBLEMS} more"] if len(entries) > _MOST_PROBLEMS else []
        return "\n".join([f"{len(entries)} problems:", *(f"- {entry}" for entry in entries[:_MOST_PROBLEMS]), *more])


_MOST_PLACES = 5
_MOST_PROBLEMS = 50


def _merged(problems: Iterable[PoetryLayerError]) -> Iterator[PoetryLayerError]:
    """The problems, but those that only differ in the place as one: an index that is down is one problem."""
    alike: dict[object, list[PoetryLayerError]] = {}
    for problem in problems:
        alike.setdefault(id(problem) if problem.where is None else (problem.what, problem.hint), []).append(problem)
    for first, *others in alike.values():
        if not others:
            yield first
            continue
        places = [problem.where or "" for problem in (first, *others)]
        more = len(places) - _MOST_PLACES
        shown = ", ".join(places[:_MOST_PLACES]) + (f" and {more} more" if more > 0 else "")
        yield PoetryLayerError(first.what, where=shown, hint=first.hint)


class BuildError(PoetryLayerError):
    """The build failed; nothing was written."""


class HostError(BuildError):
    """The chosen builder cannot build for the target on this host."""


class SubprocessError(BuildError):
    """A program that the build runs is missing or failed; the message contains its output."""


class ContainerError(BuildError):
    """An image or a container is not available, or the container ended too early."""


class VerificationError(BuildError):
    """The built layer differs from the plan, or would not load on the target."""

    is_one_line = True


class DownloadError(BuildError):
    """An index or a file is not reachable, or the download is not the locked file."""

    is_one_line = True


class UnreachableError(DownloadError):
    """An index cannot be reached or needs a login, so no other package can be downloaded from it either."""


class LoginError(UnreachableError):
    """An index needs a login, or refuses the one that it got."""


class ArchiveError(BuildError):
    """The layer archive cannot be written or read."""

    is_one_line = True


class DamagedSegmentError(ArchiveError):
    """A segment in the cache was changed, damaged or removed after it was written.

    A build then fetches the wheel again. The error is only raised if that does not help.

    Attributes:
        path: the file of the segment.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            "this file in the cache is damaged, and so was its replacement",
            where=str(path),
            hint="check the disk, or set PULUMI_POETRY_LAYER_CACHE_DIR to a folder on another disk",
        )
        self.path = path


class CacheError(BuildError):
    """A cache does not work."""

    def __init__(self, what: str, *, where: str | None = None) -> None:
        super().__init__(what, where=where, hint='run "pulumi-poetry-layer cache clear", then build again')


class InvocationError(PoetryLayerError):
    """A function raised an error on the emulator, or the emulator does not work."""


class PublishError(PoetryLayerError):
    """The layer cannot be published, for example because it is over an AWS limit."""


def problems_of(error: PoetryLayerError) -> list[PoetryLayerError]:
    """The single problems that an error reports."""
    return list(error.problems) if isinstance(error, MultipleInputError) else [error]


def raise_problems(problems: Iterable[PoetryLayerError]) -> None:
    """Raise all problems together. Does nothing if there are none; a single problem is raised as it is.

    Raises:
        PoetryLayerError: there is one problem.
        MultipleInputError: there are several problems.
    """
    found = list(problems)
    if len(found) == 1:
        raise found[0]
    if found:
        raise MultipleInputError(found)
