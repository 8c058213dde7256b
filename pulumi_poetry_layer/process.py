"""The only door to subprocesses: run a program, keep its output, and tell it all when it fails."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from shutil import which
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import SubprocessError
from pulumi_poetry_layer.masking import mask_urls, mask_values, secret_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Program:
    """An executable and what a user calls it."""

    name: str
    path: str


def find_program(name: str, *, hint: str) -> Program:
    """Look a program up on PATH.

    Raises:
        SubprocessError: it is not there; ``hint`` says how to get it.
    """
    path = which(name)
    if path is None:
        raise SubprocessError(f"{name!r} was not found on PATH", hint=hint)
    return Program(name, path)


def run(
    program: Program,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    hint: str | None = None,
    errors_apart: bool = False,
) -> str:
    """Run a program to its end, without standard input, and return what it printed.

    Args:
        program: what to run.
        arguments: its arguments.
        environment: all of its environment variables.
        folder: its working directory.
        hint: what to do when it fails.
        errors_apart: return standard output alone; else both streams, in order.

    Raises:
        SubprocessError: it could not be started, or ended with an error; carries its whole output, secrets masked.
    """
    try:
        ended = subprocess.run(
            [program.path, *arguments],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if errors_apart else subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        where = str(error.filename or program.path)  # the folder, when it is that which is not there
        raise SubprocessError(f"cannot run {program.name}: {error.strerror}", where=where, hint=hint) from error
    if ended.returncode != 0:
        command = " ".join([program.name, *arguments])
        report = f"`{command}` ended with exit code {ended.returncode}\n{ended.stdout}{ended.stderr or ''}"
        raise SubprocessError(mask_secrets(report, environment).rstrip(), hint=hint)
    return ended.stdout


def mask_secrets(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text without the values of secret environment variables, and without logins and tokens in URLs."""
    return mask_urls(mask_values(text, secret_values(os.environ if environment is None else environment)))
