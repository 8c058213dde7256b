"""Runs programs. No other module starts subprocesses.

The error for a program that fails contains the program's whole output, with secrets masked.
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
    """An executable.

    Attributes:
        name: the name of the program, for messages.
        path: the path of the executable.
    """

    name: str
    path: str


def find_program(name: str, *, hint: str) -> Program:
    """Find a program on PATH.

    Args:
        name: the name of the program.
        hint: how to install it, for the error.

    Raises:
        SubprocessError: the program is not on PATH.
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
    """Run a program without standard input, wait for its end, and return its output.

    Args:
        program: the program to run.
        arguments: the command line arguments.
        environment: the complete environment of the program; nothing is inherited.
        folder: the working directory.
        hint: what the user can do if the program fails.
        errors_apart: return only standard output. By default both output streams are returned, in order.

    Raises:
        SubprocessError: the program could not be started, or it failed. The message contains its whole output, with
            secrets masked.
    """
    try:
        completed = subprocess.run(
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
        where = str(error.filename or program.path)  # the working directory, if that does not exist
        raise SubprocessError(f"cannot run {program.name}: {error.strerror}", where=where, hint=hint) from error
    except ValueError as error:  # an argument or a variable has a null character, which no program can be given
        raise SubprocessError(f"cannot run {program.name}: {error}", where=program.path, hint=hint) from error
    if completed.returncode != 0:
        command = " ".join([program.name, *arguments])
        report = f"`{command}` ended with exit code {completed.returncode}\n{completed.stdout}{completed.stderr or ''}"
        raise SubprocessError(mask_secrets(report, environment).rstrip(), hint=hint)
    return completed.stdout


class AnsweringProcess:
    """A Python process that reads lines and answers each line with one line. Its standard error is discarded.

    Args:
        arguments: the command line arguments of the Python interpreter.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        # The working directory is first on sys.path, so it must contain this package and no files of a project.
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=Path(pulumi_poetry_layer.__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    def ask(self, line: str) -> str:
        """Send a line and return the answer; empty if the process ends without one.

        Raises:
            OSError: the process had ended before the line was sent.
        """
        if not (self._process.stdin and self._process.stdout):
            return ""
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().rstrip("\n")

    def close(self) -> None:
        """Close the standard input of the process, which makes it end, and wait for it."""
        with suppress(OSError):
            self._process.communicate()


def mask_secrets(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Mask the values of secret environment variables, and the logins and tokens in URLs.

    Args:
        text: the text to mask.
        environment: the environment variables; None means those of this process.
    """
    return mask_urls(mask_values(text, secret_values(os.environ if environment is None else environment)))
