"""Processes that read large wheels into the cache: what they do is what a thread would have done."""

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
    """The processes that are started."""
    started: list[AnsweringProcess] = []

    class Noted(AnsweringProcess):
        def __init__(self, arguments: tuple[str, ...]) -> None:
            super().__init__(arguments)
            started.append(self)

    monkeypatch.setattr("pulumi_poetry_layer.wheels.workers.AnsweringProcess", Noted)
    return started


def saved(folder: Path, data: bytes) -> Path:
    """A downloaded file."""
    path = folder / "downloaded"
    path.write_bytes(data)
    return path


def entries(folder: Path) -> list[bytes]:
    """What lies in a cache."""
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_a_worker_adds_what_this_process_would_have_added(tmp_path: Path, workers: WheelWorkers) -> None:
    """A layer would have other bytes when its wheels are large, or on a host with more processors."""
    path = saved(tmp_path, SAMPLE.data())

    assert workers.add(path, SAMPLE.file_name, KEY)

    WheelCache(tmp_path / "here").add(KEY, read_wheel(path, file_name=SAMPLE.file_name))
    assert WheelCache(tmp_path / "cache").find(KEY, SAMPLE.name)
    assert entries(tmp_path / "cache") == entries(tmp_path / "here")


def test_one_worker_reads_one_wheel_after_the_other(
    tmp_path: Path, workers: WheelWorkers, started: list[AnsweringProcess]
) -> None:
    """Each wheel would wait for an interpreter to start."""
    path = saved(tmp_path, SAMPLE.data())
    assert all(workers.add(path, SAMPLE.file_name, f"sha256:{number}") for number in range(3))
    assert len(started) == 1


def test_a_wheel_that_is_not_sound_is_left_to_the_caller(tmp_path: Path, workers: WheelWorkers) -> None:
    """A hostile wheel would be in the cache, or its error would be lost in another process."""
    assert not workers.add(saved(tmp_path, b"no zip"), SAMPLE.file_name, KEY)
    assert entries(tmp_path / "cache") == []
    assert workers.add(saved(tmp_path, SAMPLE.data()), SAMPLE.file_name, KEY)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; a process that is gone looks the same there")
def test_a_worker_that_is_killed_is_replaced(
    tmp_path: Path, workers: WheelWorkers, started: list[AnsweringProcess]
) -> None:
    """A build would hang, or fail, when the system is short of memory."""
    path = saved(tmp_path, SAMPLE.data())
    assert workers.add(path, SAMPLE.file_name, "sha256:0")
    process = started[0]._process
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert not workers.add(path, SAMPLE.file_name, "sha256:1")
    assert workers.add(path, SAMPLE.file_name, "sha256:1")


def test_a_worker_that_cannot_be_started_is_done_without(
    tmp_path: Path, workers: WheelWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build would fail where no processes may be started, or where Python is embedded in another program."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert not workers.add(saved(tmp_path, SAMPLE.data()), SAMPLE.file_name, KEY)


def test_small_wheels_wait_for_no_process(tmp_path: Path, started: list[AnsweringProcess]) -> None:
    """Small layers would wait for an interpreter to start."""
    with WheelWorkers(tmp_path / "cache", 1) as workers:
        assert not workers.add(saved(tmp_path, SAMPLE.data()), SAMPLE.file_name, KEY)
    assert not started


def test_nothing_is_started_where_nothing_is_to_be_had_from_it(
    tmp_path: Path, started: list[AnsweringProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host with one processor would do more work in the same time."""
    monkeypatch.setattr(module, "_LARGE", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    with WheelWorkers(tmp_path / "cache", worker_count()) as workers:
        assert not workers.add(saved(tmp_path, SAMPLE.data()), SAMPLE.file_name, KEY)
    assert not started
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert worker_count() == 4


def test_workers_end_when_their_program_is_gone(tmp_path: Path) -> None:
    """Every build that is killed would leave processes behind."""
    command = [sys.executable, "-m", module.__name__, str(tmp_path / "cache")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_worker_whose_answer_cannot_be_read_keeps_nobody_waiting(
    tmp_path: Path, workers: WheelWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build would hang for ever, at the next wheel or at its end."""

    def ask(_process: AnsweringProcess, _line: str) -> str:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    path = saved(tmp_path, SAMPLE.data())
    with monkeypatch.context() as broken:
        broken.setattr(AnsweringProcess, "ask", ask)
        with pytest.raises(UnicodeDecodeError):
            workers.add(path, SAMPLE.file_name, KEY)

    assert workers.add(path, SAMPLE.file_name, KEY)
