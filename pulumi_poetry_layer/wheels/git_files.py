"""Asks git about the work tree that contains a path dependency."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import SubprocessError
from pulumi_poetry_layer.host.process import find_program, run
from pulumi_poetry_layer.host.variables import Audience, seen_by

if TYPE_CHECKING:
    from pathlib import Path

_HINT = "install git: the folder is in a git work tree, and git lists which of its files belong to the package"

# The folder may belong to another user, as in containers. The repository must not choose a program to run.
_SETTINGS = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")


def work_tree_of(folder: Path) -> Path | None:
    """The root of the git work tree that contains a folder, None if there is none."""
    resolved = folder.resolve()
    return next((parent for parent in (resolved, *resolved.parents) if (parent / ".git").exists()), None)


def git_output(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return its output.

    Raises:
        SubprocessError: git is missing or failed.
    """
    return run(
        find_program("git", hint=_HINT),
        [*_SETTINGS, *arguments],
        environment=seen_by(Audience.BUILDS, os.environ),
        folder=folder,
        errors_apart=True,
    )


def listed_by_git(folder: Path, *options: str) -> list[str]:
    """The files in a folder that ``git ls-files`` lists, relative to the folder.

    Raises:
        SubprocessError: git is missing or failed.
    """
    output = git_output(folder, "ls-files", "-z", *options)
    return [name for name in dict.fromkeys(output.split("\0")) if name]  # git lists a file in conflict three times


def described(folder: Path) -> str:
    """The commit of a work tree, its last tag, and whether files are changed; empty if there is no commit yet."""
    try:
        return git_output(folder, "describe", "--tags", "--long", "--always", "--dirty", "--abbrev=40").strip()
    except SubprocessError:
        return ""


def clone_without_files(repository: Path, target: Path) -> None:
    """Copy the history of a repository, so that a build can read its commit and tags. No files are checked out.

    Args:
        repository: the root of the work tree.
        target: a folder that does not exist yet.

    Raises:
        SubprocessError: git is missing or failed.
    """
    # git starts the second program without the settings of the first one.
    serve = "git -c safe.directory='*' upload-pack"
    git_output(
        repository, "clone", "--quiet", "--no-checkout", f"--upload-pack={serve}", "--", str(repository), str(target)
    )
    git_output(target, "read-tree", "HEAD")
