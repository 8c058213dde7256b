"""Worker processes that read large wheels into the cache.

Reading wheels (decompression and digests) is most of the work of a build with an empty cache, and Python runs only one
thread at a time. If a worker fails for any reason, its caller reads the wheel itself and reports the error.

A worker is started as ``python -m pulumi_poetry_layer.wheels.workers CACHE``. It reads lines of JSON (path, file name
and key of a wheel), and answers each with a line that says whether the wheel is in the cache.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from queue import LifoQueue
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.process import AnsweringProcess
from pulumi_poetry_layer.wheels.cache import WheelCache
from pulumi_poetry_layer.wheels.reader import read_wheel

if TYPE_CHECKING:
    from types import TracebackType

_LARGE = 1 << 20  # bytes; reading a smaller wheel takes less time than starting a process
_DONE, _FAILED = "done", "failed"


def worker_count() -> int:
    """One worker per processor, at most four, because downloads limit the work. No worker on a single processor."""
    processors = os.cpu_count() or 1
    return min(processors, 4) if processors > 1 else 0


class WheelWorkers:
    """A pool of workers, which may be used from several threads. A context manager.

    Each worker is started when it is first needed.

    Args:
        folder: the folder of the wheel cache.
        count: the number of workers; 0 for none.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._arguments = ("-m", __name__, str(folder.absolute()))
        self._count = count
        self._idle: LifoQueue[AnsweringProcess | None] = LifoQueue()
        self._started: list[AnsweringProcess] = []
        for _ in range(count):
            self._idle.put(None)

    def __enter__(self) -> WheelWorkers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and not isinstance(error, Exception):  # Ctrl-C: do not wait for wheels that are being read
            for worker in self._started:
                worker.kill()
            return
        for _ in range(self._count):
            if idle := self._idle.get():
                idle.close()

    def add(self, path: Path, file_name: str, key: str) -> bool:
        """Let a worker read a wheel into the cache. Return whether the wheel was added.

        Args:
            path: the wheel's file, in a workspace of the cache.
            file_name: the name of the wheel.
            key: its key in the cache.
        """
        if not self._count or path.stat().st_size < _LARGE:
            return False
        worker, answer = self._idle.get(), ""
        try:
            worker = worker or self._start()
            with suppress(OSError):  # the process has ended
                answer = worker.ask(json.dumps([str(path.absolute()), file_name, key]))
            if not answer:
                worker.close()
                worker = None
        except OSError:  # the process could not be started
            worker = None
        finally:  # always: other threads wait for a free worker
            self._idle.put(worker)
        return answer == _DONE

    def _start(self) -> AnsweringProcess:
        worker = AnsweringProcess(self._arguments)
        self._started.append(worker)
        return worker


def main(folder: str) -> None:
    """Read wheels until standard input ends.

    Args:
        folder: the folder of the wheel cache.
    """
    cache = WheelCache(Path(folder))
    for line in sys.stdin:
        answer = _FAILED
        with suppress(Exception):  # the caller reads the same wheel, and reports the error
            path, file_name, key = json.loads(line)
            cache.add(key, read_wheel(Path(path), file_name=file_name), Path(path).parent)
            answer = _DONE
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
