"""Builds that end by a signal at a random moment. Nothing incomplete stays, and the next build is not affected."""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from samples.index import Index, serve
from samples.program import RUNTIME, CommandLine, write_project
from samples.wheels import WheelSample

from torture.layers import check_layer, sha256_of
from torture.ledger import Ledger

MOST_SECONDS = 2.0
"""How long a program may take to end after a signal; more than the second that a user waits on an idle machine."""

_MARKER = "TORTURE_TRIAL"
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_WHEELS = [
    WheelSample(name="app", files={"app/data.bin": Random(1).randbytes(3 << 20)}),  # large enough for a worker process
    WheelSample(name="large", files={"large/data.bin": Random(2).randbytes(2 << 20), "large/__init__.py": b""}),
    *(WheelSample(name=f"lib{number}", files={f"lib{number}.py": b"x = 1\n" * 2000}) for number in range(4)),
]
_BACKEND = """\
import shutil, tempfile, time
from pathlib import Path

def build_wheel(directory, config_settings=None, metadata_directory=None):
    with tempfile.TemporaryDirectory():
        time.sleep(0.2)
    return shutil.copy("built.bin", Path(directory, "sourced-1.0-py3-none-any.whl")) and "sourced-1.0-py3-none-any.whl"
"""
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def kill_builds(ledger: Ledger, random: Random, until: float, folder: Path) -> None:
    """Start builds, end them at random moments, and build again, until a time of the monotonic clock.

    Args:
        ledger: where to note what happened.
        random: decides when a build is ended, and how.
        until: when to stop.
        folder: an empty folder.
    """
    files = {wheel.file_name: wheel.data() for wheel in _WHEELS}
    write_project(folder / "wheels", files)
    sources = {"sourced-1.0.tar.gz": _sdist()}
    write_project(folder / "sources", {**sources, _WHEELS[0].file_name: _WHEELS[0].data()})
    with serve(Index(files={**files, **sources})) as index:
        kinds = {name: _Kind(folder, name, index.url) for name in ("wheels", "sources")}
        number = 0
        while time.monotonic() < until:
            kind = kinds["sources" if number % 4 == 3 else "wheels"]
            _try(ledger, random, kind, folder / f"trial-{number}", index.url)
            number += 1


class _Kind:
    """A project, the layer that it gives, and how long a build of it takes."""

    def __init__(self, folder: Path, name: str, url: str) -> None:
        self.project = folder / name
        self.output = folder / f"{name}.zip"
        started = time.monotonic()
        ended = _build(CommandLine(folder / f"first-{name}", url), self.project, self.output)
        _, errors = ended.communicate()
        assert ended.returncode == 0, errors
        self.seconds = time.monotonic() - started
        self.sha256 = sha256_of(self.output)


def _build(commands: CommandLine, project: Path, output: Path) -> subprocess.Popen[str]:
    return commands.start("build", "--project-dir", str(project), "--runtime", RUNTIME, "--output", str(output))


def _try(ledger: Ledger, random: Random, kind: _Kind, folder: Path, url: str) -> None:
    """End one to three builds in a row on the same cache, then build to the end."""
    # Without a keyring: the library calls ctypes.util.find_library, which makes temporary files of its own.
    commands = CommandLine(folder, url, POETRY_KEYRING_ENABLED="false", **{_MARKER: str(folder)})
    output = folder / "out" / "layer.zip"
    old = random.choice((None, b"an older zip"))
    if old:
        output.parent.mkdir()
        output.write_bytes(old)
    history: list[str] = []
    try:
        for _ in range(random.choice((1, 1, 2, 3))):
            number = random.choice(_SIGNALS)
            moment = random.uniform(0.02, kind.seconds * 1.1)
            history.append(f"{signal.Signals(number).name} after {moment:.3f} s")
            _end(_build(commands, kind.project, output), number, moment, folder)
            _check_output(output, old, kind)
            if not any(line.startswith("SIGKILL") for line in history):  # what it leaves is removed by the next build
                _check_nothing_temporary(commands, output)
        last = _build(commands, kind.project, output)
        _, errors = last.communicate()
        assert last.returncode == 0, f"the next build fails: {errors}"
        check_layer(output, kind.sha256)
        _check_nothing_temporary(commands, output)
        assert [path.name for path in output.parent.iterdir()] == ["layer.zip"]
    except AssertionError as problem:
        ledger.find(f"{kind.project.name}: {', '.join(history)}: {problem}")
    else:
        for line in history:
            ledger.add(line.split()[0])
    shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[str], number: int, moment: float, folder: Path) -> None:
    """Send a signal, and check that the program and what it has started end."""
    with process:
        time.sleep(moment)
        process.send_signal(number)
        started = time.monotonic()
        _, errors = process.communicate()
        seconds = time.monotonic() - started
        # Ctrl-C while Python is still starting gives its traceback, and sometimes the exit code 1.
        is_early = number == signal.SIGINT and errors.rstrip().endswith("KeyboardInterrupt")
        assert is_early or process.returncode in {0, -number}, f"exit code {process.returncode}: {errors[-500:]}"
        assert seconds < MOST_SECONDS, f"{seconds:.1f} seconds until the end"
    # What a killed build has started ends by itself; a build that ended itself has ended it.
    limit = time.monotonic() + (30 if number == signal.SIGKILL else MOST_SECONDS)
    while running := list(_processes_of(folder)):
        assert time.monotonic() < limit, f"still running: {running}"
        time.sleep(0.02)


def _processes_of(folder: Path) -> Iterator[str]:
    """The command lines of the processes of a trial."""
    wanted = f"{_MARKER}={folder}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (path / "environ").read_bytes().split(b"\0"):
                yield (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has ended


def _check_output(output: Path, old: bytes | None, kind: _Kind) -> None:
    """The output is what was there before, or complete."""
    if not output.exists():
        assert old is None, "the older zip is gone"
    elif output.read_bytes() != old:
        check_layer(output, kind.sha256)


def _check_nothing_temporary(commands: CommandLine, output: Path) -> None:
    left = [str(path.relative_to(commands.temporary)) for path in commands.temporary.rglob("*")]
    assert not left, f"left in the folder for temporary files: {left[:5]}"
    if commands.cache.exists():
        names = [str(path.relative_to(commands.cache)) for path in commands.cache.rglob(".*") if _is_temporary(path)]
        assert not names, f"left in the cache: {names[:5]}"
    if output.parent.exists():
        assert [path.name for path in output.parent.iterdir() if path != output] == [], "left beside the output"


def _is_temporary(path: Path) -> bool:
    return not path.name.endswith(".lock")


def _sdist() -> bytes:
    """A source distribution whose build needs nothing from an index."""
    built = WheelSample(name="sourced", files={"sourced.py": b"y = 1\n"}).data()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in {
            "pyproject.toml": _PROJECT.encode(),
            "backend.py": _BACKEND.encode(),
            "built.bin": built,
        }.items():
            info = tarfile.TarInfo(f"sourced-1.0/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
