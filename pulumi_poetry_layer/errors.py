"""The one tree of errors: each says what is wrong, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.masking import mask_urls

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class PoetryLayerError(Exception):
    """Base of every error this package raises on purpose. Logins and tokens in the addresses it names are masked.

    Args:
        what: what is wrong, as one sentence without a full stop.
        where: the file, package or key it is about.
        hint: what to do next.
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what = mask_urls(what)
        self.where = where and mask_urls(where)
        self.hint = hint and mask_urls(hint)
        super().__init__(self.what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class InputError(PoetryLayerError):
    """What was handed in is wrong; nothing has been built."""


class TargetError(InputError):
    """The runtime or architecture is not one that AWS Lambda offers for Python."""


class ProjectError(InputError):
    """pyproject.toml is missing, unreadable or not what Poetry would accept."""


class LockFileError(InputError):
    """poetry.lock is missing, unreadable or of an unknown lock version."""


class StaleLockError(LockFileError):
    """poetry.lock was not made from the pyproject.toml beside it."""


class SelectionError(InputError):
    """A group, an extra or an excluded distribution is unknown."""


class PackageFileError(InputError):
    """A locked package has no file that the target can use, or one that the builder cannot handle."""


class WheelError(PackageFileError):
    """A wheel breaks the rules of its format, or is not of the locked distribution."""

    def __init__(self, what: str, *, where: str) -> None:
        super().__init__(
            what,
            where=where,
            hint="this is not a sound wheel: lock another version, or tell the project that publishes it",
        )


class MultipleInputError(InputError):
    """Several problems found in one go."""

    def __init__(self, problems: Iterable[PoetryLayerError]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(self.problems)} problems")

    def __str__(self) -> str:
        return "\n".join([f"{self.what}:", *(f"- {problem}" for problem in self.problems)])


class BuildError(PoetryLayerError):
    """The build failed; nothing was written."""


class HostError(BuildError):
    """This host cannot build for the target with the chosen builder."""


class SubprocessError(BuildError):
    """A program that the build runs is missing or ended with an error; its output is part of the message."""


class ContainerError(BuildError):
    """A container, or an image for one, cannot be had, or the container ended before its work was done."""


class VerificationError(BuildError):
    """What was built is not what was planned, or would not load on the target."""


class DownloadError(BuildError):
    """An index or a file cannot be reached, or sends something other than what was locked."""


class ArchiveError(BuildError):
    """The layer archive cannot be written or read."""


class DamagedSegmentError(ArchiveError):
    """A cached segment is not what it was when it was cached; ``path`` is its file."""

    def __init__(self, path: Path) -> None:
        super().__init__("was damaged after it was cached", where=str(path), hint="run the command again")
        self.path = path


class PublishError(PoetryLayerError):
    """The layer cannot be published as it is (for example over an AWS limit)."""


def raise_problems(problems: Iterable[PoetryLayerError]) -> None:
    """Raise all problems at once: nothing for none, the error itself for one.

    Raises:
        PoetryLayerError: the only problem.
        MultipleInputError: several problems.
    """
    found = list(problems)
    if len(found) == 1:
        raise found[0]
    if found:
        raise MultipleInputError(found)
