"""Removes what must not stay behind when a signal ends this process: temporary files, and programs that still run.

A signal does not unwind a build: its threads may wait for a server or be in the middle of anything. So everything
temporary is registered here before it exists, and :func:`end_on_signals` cleans it up before the process ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from pulumi_poetry_layer.host.leftovers import hold, release, remove_leftovers_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_REMOVE_ATTEMPTS = 50
_LOCK_SECONDS = 0.3
_JOIN_SECONDS = 0.2  # on Windows a signal is only handled when a wait ends

Result = TypeVar("Result")


class _Registry:
    """What to undo if the process has to end, and whether this process handles signals."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.undo: dict[object, Callable[[], None]] = {}
        self.handles_signals = False
        self.is_ending = False


_registry = _Registry()


def signals_are_handled() -> bool:
    """Whether :func:`end_on_signals` is running, so that programs that this process started are ended with it."""
    return _registry.handles_signals


def is_ending() -> bool:
    """Whether a signal is ending this process. What fails then is a consequence, and no message is about it."""
    return _registry.is_ending


def register(key: object, create: Callable[[], Result], undo: Callable[[Result], None]) -> Result:
    """Create something temporary. ``undo`` is called if a signal ends the process before :func:`forget` is called.

    Args:
        key: identifies the thing.
        create: creates it; must not take long, because a signal waits for it.
        undo: removes it.
    """
    with _registry.lock:  # a signal handler takes this lock and keeps it, so nothing new can be created after that
        created = create()
        _registry.undo[key] = lambda: undo(created)
        return created


def forget(key: object) -> None:
    """Forget something that was registered, because it is gone or not temporary any more."""
    _registry.undo.pop(key, None)


@contextmanager
def registered(create: Callable[[], Result], undo: Callable[[Result], None]) -> Iterator[Result]:
    """The same as :func:`register` for the time of the block."""
    key = object()
    created = register(key, create, undo)
    try:
        yield created
    finally:
        forget(key)


@contextmanager
def temporary_folder(parent: Path | None = None, *, prefix: str = "poetry-layer-tmp-") -> Iterator[Path]:
    """A folder that is removed at the end of the block, or when a signal ends the process.

    Args:
        parent: where to create it; None means the system's folder for temporary files.
        prefix: what its name starts with. What has such a name in the same folder, and is left over from a process that
            was killed, is removed.

    Raises:
        OSError: the folder cannot be created.
    """
    where = parent or Path(tempfile.gettempdir())
    remove_leftovers_once(where, prefix)
    with registered(lambda: _create_folder(where, prefix), lambda created: remove_folder(created[0])) as (folder, held):
        try:
            yield folder
        finally:
            remove_folder(folder)
            release(held)


def _create_folder(parent: Path, prefix: str) -> tuple[Path, int | None]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        with suppress(FileNotFoundError):
            return folder, hold(folder)


def remove_folder(folder: Path) -> None:
    """Remove a folder with its content, also while another thread still writes to it."""
    for _ in range(_REMOVE_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def end_on_signals(command: Callable[[], Result]) -> Result:
    """Run a command, and end this process cleanly on Ctrl-C, SIGTERM and SIGHUP.

    The command runs in a thread of its own while the main thread waits for signals. So a signal is handled immediately,
    whatever the command does, and never interrupts it halfway. Everything registered is removed, then the process ends
    by the same signal, which a shell can see: https://www.cons.org/cracauer/sigint.html

    Outside of the main thread, where Python cannot handle signals, the command is only called.

    Args:
        command: the command; what it returns or raises is passed on.
    """
    if threading.current_thread() is not threading.main_thread():
        return command()
    outcome: Future[Result] = Future()
    thread = threading.Thread(target=_run, args=(command, outcome))
    previous = {number: signal.getsignal(number) for number in _numbers()}
    try:
        for number, handler in previous.items():
            if handler is not signal.SIG_IGN:  # such as with nohup, and for background jobs of a script
                signal.signal(number, _handle)
        _registry.handles_signals = True
        thread.start()
        while thread.is_alive():
            thread.join(_JOIN_SECONDS)
    finally:
        _registry.handles_signals = False
        for number, handler in previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    return outcome.result()


def _run(command: Callable[[], Result], outcome: Future[Result]) -> None:
    try:
        outcome.set_result(command())
    except BaseException as error:  # passed on to the main thread, SystemExit too
        outcome.set_exception(error)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]


def _handle(number: int, _frame: FrameType | None) -> None:
    end_process(number)


def end_process(number: int) -> NoReturn:
    """Clean up, and end this process by a signal, without waiting for its threads.

    Args:
        number: the number of the signal.
    """
    _registry.is_ending = True
    for other in _numbers():
        signal.signal(other, signal.SIG_DFL)  # a second signal ends the process immediately
    clean_up()
    with suppress(OSError, ValueError, AttributeError):  # standard error may be closed
        sys.stderr.write("interrupted\n" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}\n")
        sys.stderr.flush()
    if os.name == "posix":
        os.kill(os.getpid(), number)
    os._exit(128 + number)  # Windows, and the first process of a container, which ignores such signals


def clean_up() -> None:
    """Undo everything that is registered, the newest first. After that, no thread can create anything new."""
    _registry.lock.acquire(timeout=_LOCK_SECONDS)
    for undo in reversed(list(_registry.undo.values())):
        with suppress(Exception):
            undo()
