"""Tests of waiting for another process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_poetry_layer.errors import HostError, InputError
from pulumi_poetry_layer.host.locks import _STEP, Patience, locked, remove_owners

HOLD = """
import sys
from pathlib import Path
from pulumi_poetry_layer.host.locks import locked
with locked(Path(sys.argv[1]), "other 1.0"):
    print("locked", flush=True)
    sys.stdin.read()
"""


def enter(lock: Path, patience: Patience | None = None) -> None:
    """Lock the file and release it."""
    with locked(lock, "app 1.0", patience):
        pass


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """The path of a lock file in a folder that does not exist yet."""
    return tmp_path / "locks" / "x.lock"


@pytest.fixture
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "locked\n"
        yield process
        process.communicate()


def test_long_wait_ends_with_an_error_that_names_the_other_process(lock: Path, holder: subprocess.Popen[str]) -> None:
    """A build would wait forever, for example for a process that was stopped with Ctrl-Z."""
    with pytest.raises(HostError, match=rf"waited 0 seconds for process {holder.pid} on .*, which has") as caught:
        enter(lock, Patience(limit=0))
    assert caught.value.where == "app 1.0"
    assert str(lock) in caught.value.what
    assert "PULUMI_POETRY_LAYER_LOCK_TIMEOUT" in str(caught.value.hint)


def test_wait_is_announced_once_and_ends_with_the_lock(
    lock: Path, holder: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A user would not know what a build waits for."""
    announced = threading.Event()
    ended: list[str] = []

    class Announced(Patience):
        """Ends the other process when the wait has been announced."""

        @property
        def stop(self) -> threading.Event:
            if caplog.messages and not announced.is_set():
                announced.set()
                ended.append(holder.communicate()[0])
            return threading.Event()

        @stop.setter
        def stop(self, value: threading.Event) -> None:
            """The attribute is set once."""

    with locked(lock, "app 1.0", Announced(notice=0, limit=3600)):
        assert ended == [""]
    assert caplog.messages == [caplog.messages[0]]
    assert caplog.messages[0].startswith(f"app 1.0: waiting for process {holder.pid} on ")


def test_short_wait_is_not_announced(lock: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every build with many packages would print messages that mean nothing."""
    assert Patience().notice == 2
    enter(lock)
    assert caplog.messages == []


def test_wait_for_another_build_in_this_process_is_not_announced(lock: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A build for several targets, which makes each download once, would print a warning for many packages."""
    with locked(lock, "app 1.0"):
        thread = threading.Thread(target=enter, args=(lock, Patience(notice=0, limit=3600)))
        thread.start()
        thread.join(3 * _STEP)
        assert thread.is_alive()
    thread.join()
    assert caplog.messages == []


def test_lock_of_the_same_process_is_named_as_such(lock: Path) -> None:
    """A user would look for another process that does not exist."""
    problems: list[str] = []

    def wait() -> None:
        try:
            enter(lock, Patience(limit=0))
        except HostError as error:
            problems.append(error.what)

    with locked(lock, "app 1.0"):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    assert f"another build in this process (process {os.getpid()} on" in problems[0]


def test_wait_ends_when_the_build_ends(lock: Path, holder: subprocess.Popen[str]) -> None:
    """A program that uses this package would wait for the other process after Ctrl-C."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(HostError, match="the build has ended"):
        enter(lock, Patience(limit=3600, stop=stop))


@pytest.mark.parametrize("text", ["", "\x1b[2J", "\xff" * 999, None])
def test_owner_file_with_other_content_is_not_shown(
    lock: Path, holder: subprocess.Popen[str], text: str | None
) -> None:
    """Anyone who can write to the cache could send control characters to the terminal."""
    owner = lock.with_name(".x.lock.owner")
    owner.unlink() if text is None else owner.write_text(text, encoding="latin-1")
    with pytest.raises(HostError, match="waited 0 seconds for another process, which has locked"):
        enter(lock, Patience(limit=0))


def test_only_the_lock_file_stays(lock: Path) -> None:
    """The cache would fill up."""
    with locked(lock, "app 1.0"):
        assert len(list(lock.parent.iterdir())) == 2
    assert list(lock.parent.iterdir()) == [lock] or list(lock.parent.iterdir()) == []


def test_block_runs_without_a_lock_if_the_file_cannot_be_locked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A build would fail on a file system without locks, or if the folder belongs to another user."""
    (tmp_path / "file").touch()
    enter(tmp_path / "file" / "x.lock")
    assert "app 1.0: another process may do the same work" in caplog.text


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan"])
def test_variable_that_is_not_a_number_of_seconds_is_an_error(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user would see a traceback."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_LOCK_TIMEOUT", value)
    with pytest.raises(InputError, match="is not a number of seconds") as caught:
        Patience()
    assert caught.value.where == "PULUMI_POETRY_LAYER_LOCK_TIMEOUT"


def test_variable_sets_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user could not wait longer for a large download of another process."""
    monkeypatch.setenv("PULUMI_POETRY_LAYER_LOCK_TIMEOUT", "7200")
    assert Patience().limit == 7200


def test_owner_of_a_killed_process_is_removed_and_that_of_a_running_one_is_not(
    lock: Path, holder: subprocess.Popen[str]
) -> None:
    """Each killed build would leave a small file in the cache for good."""
    left = lock.with_name(".y.lock.owner")
    left.write_text("process 1 on a")
    owner = lock.with_name(f".{lock.name}.owner")

    remove_owners(lock.parent)
    assert (left.exists(), owner.exists()) == (False, True)

    holder.kill()
    holder.wait()
    remove_owners(lock.parent)
    assert not owner.exists()
