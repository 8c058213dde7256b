"""A signal ends a build from the command line immediately, and nothing stays behind, whatever the build is doing."""

from __future__ import annotations

import io
import os
import platform
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import pytest
from samples import PROJECT, Package, lock_text
from samples.hostile import Answer, silence
from samples.index import Index, file_hash, serve
from samples.program import CommandLine, write_project
from samples.wheels import WheelSample

from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedFile
from pulumi_poetry_layer.wheels.cache import WheelCache, cache_key
from pulumi_poetry_layer.wheels.workers import worker_count

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no signals that end a process from outside")

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] if os.name == "posix" else []
WHEEL = WheelSample(files={"app/data.bin": os.urandom(3 << 20)})  # large enough for a worker process
ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
PAGE, FILE = "/simple/app/", f"/files/{WHEEL.file_name}"

BACKEND = """
import subprocess, sys, time

def build_wheel(directory, config_settings=None, metadata_directory=None):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    with open({marker!r}, "w") as file:
        file.write(str(child.pid))
    time.sleep(3600)
"""
"""A build backend that starts a program and never ends."""


WORKER = """
import os, sys, time

if "pulumi_poetry_layer.wheels.workers" in sys.orig_argv:
    with open({marker!r}, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(3600)
"""
"""A module that Python imports when it starts. It stops worker processes."""

POETRY = """#!/bin/sh
sleep 3600 &
echo $! > {marker}
touch "$TMPDIR/temporary"
wait
"""
"""A Poetry that starts a program and never ends."""


GIT = """#!/bin/sh
sleep 3600 &
echo $! > {marker}
mkdir objects
wait
"""
"""A git that starts a program and never ends."""


class Build:
    """A build that runs as a program, with folders of its own."""

    def __init__(self, folder: Path, index: Index, *options: str) -> None:
        commands = CommandLine(
            folder,
            index.url,
            POETRY_REQUESTS_TIMEOUT="3600",
            PATH=f"{folder}{os.pathsep}{os.environ['PATH']}",
            PYTHONPATH=os.pathsep.join([str(folder), *filter(None, sys.path)]),
        )
        self.cache, self.temporary, self.output = commands.cache, commands.temporary, folder / "layer.zip"
        runtime = () if "--runtime" in options else ("--runtime", "python3.12")
        project = ("--project-dir", str(folder / "project"), *runtime)
        self.process = commands.start("build", *project, "--output", str(self.output), *options)

    def await_file(self, path: Path) -> str:
        """The text of a file, when it has one."""
        while self.process.poll() is None:
            with suppress(FileNotFoundError):
                if text := path.read_text():
                    return text
            time.sleep(0.01)
        raise AssertionError(self.process.communicate()[1])

    def end(self, number: int) -> str:
        """Send a signal, wait for the end, check that nothing stays, and return what was printed."""
        self.process.send_signal(number)
        _, printed = self.process.communicate()
        assert self.process.returncode == -number
        assert not self.output.exists()
        files = [path.name for path in self.cache.rglob("*") if path.is_file() and path.suffix != ".lock"]
        assert files == ["CACHEDIR.TAG"]
        assert list(self.cache.rglob(".adding-*")) == []
        assert list(self.temporary.iterdir()) == []
        return printed


@contextmanager
def build(
    folder: Path, file_name: str, data: bytes, *options: str, answers: dict[str, list[Answer]] | None = None
) -> Iterator[Build]:
    """A running build of a project with one package."""
    write_project(folder / "project", {file_name: data})
    with serve(Index(files={file_name: data}, answers=answers or {})) as index, running(folder, index, *options) as it:
        yield it


@contextmanager
def running(folder: Path, index: Index, *options: str) -> Iterator[Build]:
    """A running build of the project in a folder."""
    started = Build(folder, index, *options)
    try:
        yield started
    finally:
        with started.process as process:
            process.kill()


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("path", [PAGE, FILE])
def test_signal_ends_a_build_that_waits_for_an_index(tmp_path: Path, number: int, path: str) -> None:
    """Ctrl-C would wait for the timeout of the request, and a temporary file would stay in the cache."""
    reached = Event()
    start = b"" if path == PAGE else b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nPK"
    with build(tmp_path, WHEEL.file_name, WHEEL.data(), answers={path: [silence(reached, start)]}) as it:
        reached.wait()
        printed = it.end(number)
    assert printed == ("interrupted\n" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}\n")


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_the_programs_of_a_build(tmp_path: Path, number: int) -> None:
    """A build backend and the compilers that it started would continue without anyone who waits for them."""
    marker, name = tmp_path / "child", "app-1.0.tar.gz"
    with build(tmp_path, name, sdist(BACKEND.format(marker=str(marker)))) as it:
        child = int(it.await_file(marker))
        it.end(number)
    await_end(child)


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_the_worker_processes_of_a_build(tmp_path: Path, number: int) -> None:
    """A process that reads a large wheel would continue, and put files into a folder that is removed."""
    marker = tmp_path / "worker"
    (tmp_path / "sitecustomize.py").write_text(WORKER.format(marker=str(marker)))
    with build(tmp_path, WHEEL.file_name, WHEEL.data()) as it:
        if worker_count() == 0:
            pytest.skip("a host with one processor has no worker processes")
        worker = int(it.await_file(marker))
        it.end(number)
    await_end(worker)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the local builder needs a Linux with glibc")
@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_poetry(tmp_path: Path, number: int) -> None:
    """Poetry would continue, and its temporary files would stay."""
    marker, poetry = tmp_path / "child", tmp_path / "poetry"
    poetry.write_text(POETRY.format(marker=marker))
    poetry.chmod(0o755)
    options = ["--builder", "local", "--runtime", "python{}.{}".format(*sys.version_info[:2])]
    with build(tmp_path, WHEEL.file_name, WHEEL.data(), *options, "--architecture", ARCHITECTURE) as it:
        child = int(it.await_file(marker))
        it.end(number)
    await_end(child)


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_git(tmp_path: Path, number: int) -> None:
    """Git would continue to download a repository, into a folder that is removed."""
    marker, git = tmp_path / "child", tmp_path / "git"
    git.write_text(GIT.format(marker=marker))
    git.chmod(0o755)
    source = {"type": "git", "url": "https://git.invalid/a", "reference": "main", "resolved_reference": "a" * 40}
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").write_text(PROJECT)
    lock = lock_text(PROJECT, [Package(name="app", files=(), source=source)])
    (tmp_path / "project" / "poetry.lock").write_text(lock)
    with running(tmp_path, Index(url="http://index.invalid")) as it:
        child = int(it.await_file(marker))
        it.end(number)
    await_end(child)


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_a_build_that_waits_for_another_process(tmp_path: Path, number: int) -> None:
    """Ctrl-C would wait until the other process is done."""
    package = PlannedPackage(
        name="app", version="1.0", file=LockedFile(WHEEL.file_name, file_hash(WHEEL.data())), source=None
    )
    wheels = WheelCache(tmp_path / "cache" / "cache" / "wheels")
    with wheels.lock(cache_key(package), "app 1.0"), build(tmp_path, WHEEL.file_name, WHEEL.data()) as it:
        assert it.process.stderr
        assert f"waiting for process {os.getpid()} on " in it.process.stderr.readline()
        it.process.send_signal(number)
        it.process.communicate()
        assert it.process.returncode == -number


def test_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    """A build under nohup would end when the terminal is closed."""
    code = (
        "import os, signal; from pulumi_poetry_layer.host.cleanup import end_on_signals\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "print(end_on_signals(lambda: os.kill(os.getpid(), signal.SIGHUP) or 'done'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "done\n"


def sdist(backend: str) -> bytes:
    """A source distribution with a build backend of its own, which needs nothing from an index."""
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in {"pyproject.toml": project, "backend.py": backend}.items():
            info = tarfile.TarInfo(f"app-1.0/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def await_end(process: int) -> None:
    """Wait until the system has removed a process that was ended."""
    while _runs(process):
        time.sleep(0.01)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and ") Z " in status.read_text())  # ended, but its parent has not looked yet


FAILS_AT_THE_END = """
import threading
from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.cli.commands import cache
from pulumi_poetry_layer.errors import ContainerError
from pulumi_poetry_layer.host.cleanup import registered

def run(*_):
    removed, worker = threading.Event(), threading.current_thread()

    def remove(_):
        removed.set()
        worker.join()

    with registered(lambda: None, remove):
        print("ready", flush=True)
        removed.wait()
        raise ContainerError("the container ended")

cache.run = run
main(["cache", "size"])
"""
"""A command in which a step fails because a signal has removed what it uses."""


@pytest.mark.parametrize("number", SIGNALS)
def test_consequence_of_a_signal_is_no_error(number: signal.Signals) -> None:
    """After Ctrl-C a user would read that somebody has removed the container."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", FAILS_AT_THE_END]
    with subprocess.Popen(command, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, errors = process.communicate()

    assert errors == ("interrupted\n" if number == signal.SIGINT else f"ended by {number.name}\n")
    assert process.returncode == -number
