"""Checks the path that a layer zip is written to, before anything is built.

The zip replaces the file at that path. So the path must not be a device, a pipe, a folder, a link, or one of the files
that the layer is made from.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.poetry import lockfile, pyproject
from pulumi_poetry_layer.wheels.path_dependencies import content_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.plan.build_plan import BuildPlan

_KINDS = (
    (stat.S_ISDIR, "a folder", "add the name of a file to the path"),
    (stat.S_ISLNK, "a symbolic link, and links are not followed", "give the path of the file itself"),
    (stat.S_ISCHR, "a device", None),
    (stat.S_ISBLK, "a device", None),
    (stat.S_ISFIFO, "a pipe", None),
    (stat.S_ISSOCK, "a socket", None),
)
_STANDARD_OUTPUT = "`pulumi-poetry-layer build --output -` writes the zip to standard output"


def output_path(text: str | Path) -> Path:
    """The path of an output file that a user has given.

    Raises:
        InputError: it ends with a slash, so it is the path of a folder. :class:`~pathlib.Path` would drop the slash.
    """
    if str(text).endswith(("/", os.sep)):
        raise InputError("is the path of a folder", where=str(text), hint="add the name of a file to the path")
    return Path(text)


def check_output(output: Path, plan: BuildPlan, files: ProjectFiles) -> None:
    """Check that the file at a path may be replaced. A path where nothing exists is fine.

    Raises:
        InputError: the path is not that of a regular file, or the layer is made from this file.
    """
    try:
        found = output.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return  # if the folder cannot be created, writing the zip reports it
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be used as the output file: {error}", where=str(output)) from error
    for is_kind, kind, hint in _KINDS:
        if is_kind(found.st_mode):
            raise InputError(f"is {kind}", where=str(output), hint=hint or _STANDARD_OUTPUT)
    for path in _inputs(plan, files):
        with suppress(OSError):
            if os.path.samestat(found, path.stat()):
                raise InputError(
                    f"is the same file as {path}, which the layer is made from",
                    where=str(output),
                    hint="choose another output file",
                )


def _inputs(plan: BuildPlan, files: ProjectFiles) -> Iterator[Path]:
    """The files that the layer is made from."""
    yield from (files.folder / name for name in (pyproject.FILE_NAME, lockfile.FILE_NAME))
    for package in plan.packages:
        if package.digest and package.source:
            yield from content_files(files.folder / package.source.url)
