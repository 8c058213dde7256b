"""Many processes on one cache: builds, and beside them ``cache clear`` and ``cache size``."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from samples.index import Index, serve
from samples.program import RUNTIME, CommandLine, write_project
from samples.wheels import WheelSample

from torture.layers import check_layer, sha256_of
from torture.ledger import Ledger

_WHEELS = [
    WheelSample(name="app", files={"app/data.bin": Random(1).randbytes(2 << 20)}),  # large enough for a worker process
    *(WheelSample(name=f"lib{number}", files={f"lib{number}.py": b"x = 1\n" * 2000}) for number in range(5)),
]
_EXPECTED = {
    "build": re.compile(r"(?s).*, fingerprint [0-9a-f]{64}\n"),
    "size": re.compile(r"(<?\d+\.\d+|0) MiB\n"),
    "clear": re.compile(r"removed \d+ files, (<?\d+\.\d+|0) MiB, from .*\n"),
}
_WAITING = re.compile(r"warning: .*: waiting for .*, which has locked .*\n")


def crowd_a_cache(ledger: Ledger, random: Random, until: float, folder: Path) -> None:
    """Let 8 to 16 processes build at the same time, until a time of the monotonic clock.

    Args:
        ledger: where to note what happened.
        random: decides how many there are, and when they start.
        until: when to stop.
        folder: an empty folder.
    """
    files = {wheel.file_name: wheel.data() for wheel in _WHEELS}
    write_project(folder / "project", files)
    with serve(Index(files=files)) as index:
        first = folder / "first.zip"
        outcome = _Running(CommandLine(folder / "one", index.url), "build", folder / "project", first).end()
        if outcome:
            ledger.find(f"a build alone: {outcome}")
            return
        number = 0
        while time.monotonic() < until:
            commands = CommandLine(folder / "crowd", index.url)
            _crowd(ledger, random, commands, folder / "project", sha256_of(first))
            if random.random() < 0.5:  # else the next crowd finds a full cache
                shutil.rmtree(commands.cache)
            number += 1


def _crowd(ledger: Ledger, random: Random, commands: CommandLine, project: Path, sha256: str) -> None:
    kinds = ["build"] * random.randrange(8, 17) + ["size"] * 3 + ["clear"] * 3
    random.shuffle(kinds)
    with ExitStack() as stack:
        output = commands.temporary.parent / "output"
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir()
        same = random.random() < 0.3  # all write the same file
        running = []
        for number, kind in enumerate(kinds):
            running.append(_Running(commands, kind, project, output / f"{0 if same else number}.zip"))
            stack.callback(running[-1].kill)
            time.sleep(random.choice((0, 0, 0.05, 0.2)))
        for process in running:
            problem = process.end()
            if problem:
                ledger.find(f"{process.kind} in a crowd of {len(kinds)}: {problem}")
            else:
                ledger.add(process.kind)
        for zip_file in output.iterdir():
            try:
                check_layer(zip_file, sha256)
            except AssertionError as error:
                ledger.find(f"crowd of {len(kinds)}: {zip_file.name}: {error}")
        left = [*_temporary(commands.cache), *commands.temporary.iterdir()]
        if left:
            ledger.find(f"crowd of {len(kinds)}: left behind: {left[:5]}")


class _Running:
    """A process of a crowd."""

    def __init__(self, commands: CommandLine, kind: str, project: Path, output: Path) -> None:
        self.kind = kind
        build: Sequence[str] = ("build", "--project-dir", str(project), "--runtime", RUNTIME, "--output", str(output))
        self._process = commands.start(*(build if kind == "build" else ("cache", kind)))

    def end(self) -> str:
        """Wait for the end. Return what is wrong, "" if nothing is."""
        printed, errors = self._process.communicate(timeout=120)
        errors = _WAITING.sub("", errors)
        if self._process.returncode != 0 or errors or not _EXPECTED[self.kind].fullmatch(printed):
            return f"exit code {self._process.returncode}: {printed[-300:]}{errors[-500:]}"
        return ""

    def kill(self) -> None:
        """End the process if it still runs."""
        with self._process:
            self._process.kill()


def _temporary(cache: Path) -> Iterator[Path]:
    yield from (path for path in cache.rglob(".*") if not path.name.endswith(".lock"))
