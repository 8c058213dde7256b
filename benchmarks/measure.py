"""Measure commands: each runs as a process of its own, and is measured from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")

TIME_LIMIT = 600.0
"""Seconds after which a command is killed."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A program to run.

    Attributes:
        arguments: the program and its arguments.
        folder: its working directory.
        variables: environment variables, added to those of this process.
    """

    arguments: Sequence[str | Path]
    folder: Path
    variables: Mapping[str, str | Path]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What was measured.

    Attributes:
        seconds: seconds from start to end.
        processor_seconds: seconds that processors worked for the program and the programs that it started.
        peak_memory: peak memory of the largest process, in bytes.
    """

    seconds: float
    processor_seconds: float
    peak_memory: int


def measure(commands: Sequence[Command]) -> Measurement:
    """Run the commands one after the other and measure them as one.

    Raises:
        RuntimeError: a command failed or reached the time limit; the error contains its output.
    """
    measured = [_measure(command) for command in commands]
    return Measurement(
        seconds=sum(one.seconds for one in measured),
        processor_seconds=sum(one.processor_seconds for one in measured),
        peak_memory=max((one.peak_memory for one in measured), default=0),
    )


def _measure(command: Command) -> Measurement:
    arguments = [str(argument) for argument in command.arguments]
    variables = {name: str(value) for name, value in command.variables.items()}
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace", prefix="benchmark-") as log:
        # The peak memory of a program includes the process that started it, so a small process must start it.
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(TIME_LIMIT), log.name, *arguments]
        ended = subprocess.run(
            launcher, cwd=command.folder, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True, check=True
        )
        status, seconds, processor_seconds, peak = ended.stdout.split()
        if status != "0":
            output = log.read()
            raise RuntimeError(f"`{' '.join(arguments)}` ended with exit code {status} after {seconds} s:\n{output}")
    return Measurement(seconds=float(seconds), processor_seconds=float(processor_seconds), peak_memory=int(peak))
