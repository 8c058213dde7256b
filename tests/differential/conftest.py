"""Runs Poetry's own code, by a script in Poetry's environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from pulumi_poetry_layer.plan.target import Target

SCRIPT = Path(__file__).with_name("poetry_oracle.py")
REPOSITORY = Path(__file__).resolve().parents[2]


class Oracle:
    """A running ``poetry_oracle.py``, which answers what Poetry would do.

    Args:
        interpreter: the Python that runs Poetry.
        home: an empty folder for Poetry's configuration and cache.
        hash_seed: decides the order of Poetry's sets, and with that, rarely, which of several solutions it finds.
    """

    def __init__(self, interpreter: Path, home: Path, hash_seed: int = 0) -> None:
        self._errors = (home / "errors").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [str(interpreter), str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            env={
                "HOME": str(home),
                "PATH": os.defpath,
                "POETRY_CONFIG_DIR": str(home),
                "POETRY_CACHE_DIR": str(home),
                "PYTHONHASHSEED": str(hash_seed),
            },
        )

    def ask(self, **request: Any) -> Any:
        """Send one request and return the answer; see ``poetry_oracle.py``."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        assert self._process.poll() is None, self._error()
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        answer = stdout.readline()
        assert answer, self._error()
        return json.loads(answer)

    def install(
        self, project: str, lock: str, runs: Sequence[tuple[Target, Sequence[str], Sequence[str]]], **further: Any
    ) -> Mapping[str, Any]:
        """The packages that Poetry would install for each (target, groups, extras)."""
        requests = [
            {
                "groups": list(groups),
                "extras": list(extras),
                "markers": dict(target.marker_environment),
                "tags": [tag for tag, _ in sorted(target.tag_ranks.items(), key=itemgetter(1))],
            }
            for target, groups, extras in runs
        ]
        answer: Mapping[str, Any] = self.ask(pyproject=project, lock=lock, runs=requests, **further)
        return answer

    def _error(self) -> str:
        self._errors.seek(0)
        return f"poetry_oracle.py ended with {self._process.poll()}: {self._errors.read()}"

    def close(self) -> None:
        """End the script."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()


class Oracles(dict[int, Oracle]):
    """Hash seed → an oracle with that seed, which is started when it is needed first.

    Args:
        interpreter: the Python that runs Poetry.
        homes: makes empty folders.
    """

    def __init__(self, interpreter: Path, homes: pytest.TempPathFactory) -> None:
        super().__init__()
        self._interpreter = interpreter
        self._homes = homes

    def __missing__(self, hash_seed: int) -> Oracle:
        self[hash_seed] = oracle = Oracle(self._interpreter, self._homes.mktemp("poetry"), hash_seed)
        return oracle


@pytest.fixture(scope="session")
def oracles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracles]:
    """Poetry's own code. If Poetry is missing, tests fail in CI and are skipped elsewhere."""
    poetry = find_poetry()
    if poetry is None:
        reason = "Poetry is not installed; run `make setup`"
        if os.environ.get("CI"):
            pytest.fail(f"{reason} (tests must not be skipped in CI)")
        pytest.skip(reason)
    oracles = Oracles(interpreter_of(poetry), tmp_path_factory)
    yield oracles
    for oracle in oracles.values():
        oracle.close()


@pytest.fixture(scope="session")
def oracle(oracles: Oracles) -> Oracle:
    """Poetry's own code, with the first hash seed."""
    return oracles[0]


def find_poetry() -> Path | None:
    """The ``poetry`` on PATH, or else the one that ``make setup`` installed."""
    found = shutil.which("poetry")
    if found:
        return Path(found)
    command = [sys.executable, str(REPOSITORY / "tools" / "setup.py"), "env", "--json"]
    folder = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["poetry"]
    return Path(folder) / "poetry" if folder else None


def interpreter_of(poetry: Path) -> Path:
    """The Python that runs Poetry: the one in the script's first line, or else the one in the same folder."""
    first_line = poetry.read_bytes().split(b"\n", 1)[0].decode(errors="replace")
    interpreter = Path(first_line.removeprefix("#!").strip())
    return (
        interpreter if first_line.startswith("#!") and interpreter.is_file() else poetry.resolve().with_name("python")
    )
