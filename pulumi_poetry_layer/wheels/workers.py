"""Processes beside this one that read large wheels into the cache.

Reading a wheel (inflating, digests) is most of a build with an empty cache, and the interpreter lets one thread at a
time do what is not in a library. A worker does nothing but that; what it cannot do, for whatever reason, is left to
its caller, who finds out what is wrong. Run as ``python -m pulumi_poetry_layer.wheels.workers CACHE``, it answers each
line of JSON (path, name of the wheel, key) with a line: whether the wheel is in the cache.
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

    from pulumi_poetry_layer.host.process import AnsweringProcess

_LARGE = 1 << 20  # bytes; smaller wheels are read in less time than they would wait for a process
_DONE, _FAILED = "done", "failed"


def worker_count() -> int:
    """As many as there are processors, up to four: the network gives no more to do. None where there is one."""
    processors = os.cpu_count() or 1
    return min(processors, 4) if processors > 1 else 0


class WheelWorkers:
    """A few workers, each started when it is first needed; a context manager. May be used from several threads.

    Args:
        folder: the folder that the cache was made with.
        count: how many; none at all for 0.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._arguments = ("-m", __name__, str(folder.absolute()))
        self._count = count
        self._idle: LifoQueue[AnsweringProcess | None] = LifoQueue()
        for _ in range(count):
            self._idle.put(None)

    def __enter__(self) -> WheelWorkers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for _ in range(self._count):
            if worker := self._idle.get():
                worker.close()

    def add(self, path: Path, file_name: str, key: str) -> bool:
        """Have a wheel read into the cache; whether that was done.

        Args:
            path: where it lies.
            file_name: its own name.
            key: what it is kept under.
        """
        if not self._count or path.stat().st_size < _LARGE:
            return False
        worker, answer = self._idle.get(), ""
        try:
            worker = worker or AnsweringProcess(self._arguments)
            with suppress(OSError):  # it is gone
                answer = worker.ask(json.dumps([str(path.absolute()), file_name, key]))
            if not answer:
                worker.close()
                worker = None
        except OSError:  # it could not be started
            worker = None
        finally:  # whatever happens: who waits for a worker waits for this
            self._idle.put(worker)
        return answer == _DONE


def main(folder: str) -> None:
    """Answer until there are no more questions."""
    cache = WheelCache(Path(folder))
    for line in sys.stdin:
        answer = _FAILED
        with suppress(Exception):  # the caller tries the same, and tells its user
            path, file_name, key = json.loads(line)
            cache.add(key, read_wheel(Path(path), file_name=file_name))
            answer = _DONE
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # everything is written; taking the interpreter apart would take as long as starting it
