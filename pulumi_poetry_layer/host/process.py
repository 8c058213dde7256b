"""The only door to subprocesses: run a program to its end, or start one that answers questions.

The output of a program that fails is told with its error.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import pulumi_poetry_layer
from pulumi_poetry_layer.errors import SubprocessError
from pulumi_poetry_layer.host.variables import secret_values
from pulumi_poetry_layer.masking import mask_urls, mask_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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


class AnsweringProcess:
    """A Python process of this package that answers each line with one line; what it says on standard error is lost.

    Args:
        arguments: the interpreter's.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        # In the folder of the package, so that the process imports this package and nothing that lies in a project.
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=Path(pulumi_poetry_layer.__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    def ask(self, line: str) -> str:
        """The answer to a line; empty when the process has ended.

        Raises:
            OSError: the process ended before it was asked.
        """
        if not (self._process.stdin and self._process.stdout):
            return ""
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().rstrip("\n")

    def close(self) -> None:
        """Let it end, which it does when there are no more lines."""
        with suppress(OSError):
            self._process.communicate()


def mask_secrets(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text without the values of secret environment variables, and without logins and tokens in URLs."""
    return mask_urls(mask_values(text, secret_values(os.environ if environment is None else environment)))
