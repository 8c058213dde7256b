"""Runs programs. No other module starts subprocesses.

The error for a program that fails contains the program's whole output, with secrets masked.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from threading import Thread
from typing import TYPE_CHECKING

import pulumi_poetry_layer
from pulumi_poetry_layer.errors import SubprocessError
from pulumi_poetry_layer.host.cleanup import forget, register, registered, signals_are_handled
from pulumi_poetry_layer.host.variables import secret_values
from pulumi_poetry_layer.masking import mask_urls, mask_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_END_SECONDS = 0.25
"""How long a program may take to end after SIGTERM, before it is killed."""


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
    seconds: float | None = None,
) -> str:
    """Run a program without standard input, wait for its end, and return its output.

    Args:
        program: the program to run.
        arguments: the command line arguments.
        environment: the complete environment of the program; nothing is inherited.
        folder: the working directory.
        hint: what the user can do if the program fails.
        errors_apart: return only standard output. By default both output streams are returned, in order.
        seconds: how long the program may run; by default as long as it likes.

    Raises:
        SubprocessError: the program could not be started, it failed, or it took too long and was ended. The message of
            a program that failed contains its whole output, with secrets masked.
    """
    command = [program.path, *arguments]
    try:
        with _start_errors(program, hint), _running(command, environment, folder, errors_apart=errors_apart) as process:
            output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise SubprocessError(f"{program.name} was ended because it took longer than {seconds} s", hint=hint) from None
    if process.returncode != 0:
        shown = " ".join([program.name, *arguments])
        report = f"`{shown}` ended with exit code {process.returncode}\n{output}{errors or ''}"
        raise SubprocessError(mask_secrets(report, environment).rstrip(), hint=hint)
    return output


@contextmanager
def _start_errors(program: Program, hint: str | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = str(error.filename or program.path)  # the working directory, if that does not exist
        raise SubprocessError(f"cannot run {program.name}: {error.strerror}", where=where, hint=hint) from error
    except ValueError as error:  # an argument or a variable has a null character, which no program can be given
        raise SubprocessError(f"cannot run {program.name}: {error}", where=program.path, hint=hint) from error


@contextmanager
def running(
    program: Program,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    show_line: Callable[[str], None],
) -> Iterator[Callable[[], bool]]:
    """Run a program beside this process for the time of the block, without standard input.

    At the end of the block the program is killed. When a signal ends this process, it is ended, too.

    Args:
        program: the program to run.
        arguments: the command line arguments.
        environment: the complete environment of the program; nothing is inherited.
        folder: the working directory.
        show_line: is called in another thread with each line that the program prints to either output stream.

    Yields:
        A function that returns whether the program has ended. If so, all its output has been shown.

    Raises:
        SubprocessError: the program could not be started.
    """
    with ExitStack() as stack:
        with _start_errors(program, None):
            command = [program.path, *arguments]
            process = stack.enter_context(_running(command, environment, folder, errors_apart=False))
        reader = Thread(target=_show_output, args=(process, show_line), daemon=True)
        reader.start()

        def has_ended() -> bool:
            ended = process.poll() is not None
            if ended:
                reader.join(_END_SECONDS)
            return ended

        try:
            yield has_ended
        finally:
            process.kill()
            process.wait()
            reader.join(_END_SECONDS)


def _show_output(process: subprocess.Popen[str], show_line: Callable[[str], None]) -> None:
    if process.stdout:
        with process.stdout:
            for line in process.stdout:
                show_line(line.rstrip("\n"))


@contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, *, errors_apart: bool
) -> Iterator[subprocess.Popen[str]]:
    """A running program. It is ended if the block fails, or when a signal ends this process."""

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if errors_apart else subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=signals_are_handled(),
        )

    with registered(start, _end) as process:
        try:
            yield process
        except BaseException:
            _end(process)
            for stream in filter(None, (process.stdout, process.stderr)):
                stream.close()
            raise


def _end(process: subprocess.Popen[str]) -> None:
    """End a program; with everything that it started, if it has a session of its own."""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(OSError):
            if os.name == "posix" and os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)


def temporary_variables(folder: Path) -> dict[str, str]:
    """Environment variables that make a program put its temporary files into a folder, which is created.

    So they are removed with that folder, also if the program is killed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))


class AnsweringProcess:
    """A Python process that reads lines and answers each line with one line. Its standard error is discarded.

    Args:
        arguments: the command line arguments of the Python interpreter.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._process = register(self, lambda: self._start(arguments), subprocess.Popen.kill)

    @staticmethod
    def _start(arguments: Sequence[str]) -> subprocess.Popen[str]:
        # The working directory is first on sys.path, so it must contain this package and no files of a project.
        return subprocess.Popen(
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

    def kill(self) -> None:
        """End the process immediately."""
        self._process.kill()

    def close(self) -> None:
        """Close the standard input of the process, which makes it end, and wait for it."""
        with suppress(OSError):
            self._process.communicate()
        forget(self)


def mask_secrets(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Mask the values of secret environment variables, and the logins and tokens in URLs.

    Args:
        text: the text to mask.
        environment: the environment variables; None means those of this process.
    """
    return mask_urls(mask_values(text, secret_values(os.environ if environment is None else environment)))
