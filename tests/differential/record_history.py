"""Ask Poetry what it installs at each commit of the lock history, and record the answers."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from samples import X86

from .conftest import Oracle, find_poetry, interpreter_of
from .history import ANSWERS, EXTRAS, commits


def answer(oracle: Oracle, project: str, lock: str) -> dict[str, Any]:
    """Poetry's answer for one commit."""
    asked = oracle.install(project, lock, [(X86, ("main",), extras) for extras in EXTRAS.values()])
    runs = zip(EXTRAS, asked["runs"], strict=True)
    return {"fresh": asked["fresh"], **({name: run["packages"] for name, run in runs} if asked["fresh"] else {})}


def main() -> None:
    """Record all commits."""
    poetry = find_poetry()
    if poetry is None:
        raise SystemExit("Poetry is not installed; `make setup` does it")
    changes: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        oracle = Oracle(interpreter_of(poetry), Path(home))
        for number, (project, lock) in enumerate(commits()):
            given = answer(oracle, project, lock)
            if given != last:
                changes.append({"from": number, **given})
            last = given
        oracle.end()
    lines = ",\n".join(json.dumps(change) for change in changes)
    ANSWERS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
