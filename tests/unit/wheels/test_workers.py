"""Worker processes that read large wheels into the cache, with the same result as without them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.wheels import WheelSample

from pulumi_poetry_layer.host.process import AnsweringProcess
from pulumi_poetry_layer.wheels import workers as module
from pulumi_poetry_layer.wheels.cache import WheelCache
from pulumi_poetry_layer.wheels.reader import read_wheel
from pulumi_poetry_layer.wheels.workers import WheelWorkers, worker_count

SAMPLE = WheelSample()
KEY = SAMPLE.hash


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WheelWorkers]:
    """One worker, for wheels of any size."""
    monkeypatch.setattr(module, "_LARGE", 0)
    with WheelWorkers(tmp_path / "cache", 1) as workers:
        yield workers


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[AnsweringProcess]:
    """Every process that is started."""
    started: list[AnsweringProcess] = []

    class Recorded(AnsweringProcess):
        def __init__(self, arguments: tuple[str, ...]) -> None:
            super().__init__(arguments)
            started.append(self)

    monkeypatch.setattr("pulumi_poetry_layer.wheels.workers.AnsweringProcess", Recorded)
    return started


def saved(folder: Path, data: bytes) -> Path:
    """A downloaded file."""
    path = folder / "downloaded"
    path.write_bytes(data)
    return path


def entries(folder: Path) -> list[bytes]:
    """The content of every file in a cache."""
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_worker_adds_the_same_entry_as_this_process(tmp_path: Path, workers: WheelWorkers) -> None:
    """Otherwise a layer with large wheels differs between hosts with one and with several processors."""
    path = saved(tmp_path, SAMPLE.data())

    assert workers.add(path, SAMPLE.file_name, KEY)

    WheelCache(tmp_path / "here").add(KEY, read_wheel(path, file_name=SAMPLE.file_name))
    assert WheelCache(tmp_path / "cache").find(KEY, SAMPLE.name)
    assert entries(tmp_path / "cache") == entries(tmp_path / "here")


def test_one_worker_reads_several_wheels(
    tmp_path: Path, workers: WheelWorkers, started: list[AnsweringProcess]
) -> None:
    """Otherwise each wheel waits for an interpreter to start."""
    path = saved(tmp_path, SAMPLE.data())
    assert all(workers.add(path, SAMPLE.file_name, f"sha256:{number}") for number in range(3))
    assert len(started) == 1


def test_invalid_wheel_is_not_added_and_is_left_to_the_caller(tmp_path: Path, workers: WheelWorkers) -> None:
    """Otherwise a hostile wheel gets into the cache, or its error is lost in another process."""
    assert not workers.add(saved(tmp_path, b"not a zip"), SAMPLE.file_name, KEY)
    assert entries(tmp_path / "cache") == []
    assert workers.add(saved(tmp_path, SAMPLE.data()), SAMPLE.file_name, KEY)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_worker_is_replaced(tmp_path: Path, workers: WheelWorkers, started: list[AnsweringProcess]) -> None:
    """Otherwise a build hangs or fails when the system runs out of memory."""
    path = saved(tmp_path, SAMPLE.data())
    assert workers.add(path, SAMPLE.file_name, "sha256:0")
    process = started[0]._process
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert not workers.add(path, SAMPLE.file_name, "sha256:1")
    assert workers.add(path, SAMPLE.file_name, "sha256:1")


def test_wheel_is_left_to_the_caller_if_no_worker_can_be_started(
    tmp_path: Path, workers: WheelWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a build fails where no process may be started, or where Python is embedded in another program."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert not workers.add(saved(tmp_path, SAMPLE.data()), SAMPLE.file_name, KEY)


def test_small_wheel_starts_no_worker(tmp_path: Path, started: list[AnsweringProcess]) -> None:
    """Otherwise small layers wait for an interpreter to start."""
    with WheelWorkers(tmp_path / "cache", 1) as workers:
        assert not workers.add(saved(tmp_path, SAMPLE.data()), SAMPLE.file_name, KEY)
    assert not started


def test_one_processor_has_no_worker_and_many_have_four(
    tmp_path: Path, started: list[AnsweringProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise builds are slower on a host with one processor, or start too many processes on a large one."""
    monkeypatch.setattr(module, "_LARGE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    with WheelWorkers(tmp_path / "cache", worker_count()) as workers:
        assert not workers.add(saved(tmp_path, SAMPLE.data()), SAMPLE.file_name, KEY)
    assert not started
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert worker_count() == 4


def test_worker_ends_when_its_input_is_closed(tmp_path: Path) -> None:
    """Otherwise every killed build leaves processes behind."""
    command = [sys.executable, "-m", module.__name__, str(tmp_path / "cache")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_worker_is_free_again_after_an_answer_that_cannot_be_decoded(
    tmp_path: Path, workers: WheelWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a build hangs forever, at the next wheel or at its end."""

    def ask(_process: AnsweringProcess, _line: str) -> str:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    path = saved(tmp_path, SAMPLE.data())
    with monkeypatch.context() as broken:
        broken.setattr(AnsweringProcess, "ask", ask)
        with pytest.raises(UnicodeDecodeError):
            workers.add(path, SAMPLE.file_name, KEY)

    assert workers.add(path, SAMPLE.file_name, KEY)
