"""Records what Poetry installs at each commit of the lock file history."""

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
    found = oracle.install(project, lock, [(X86, ("main",), extras) for extras in EXTRAS.values()])
    runs = zip(EXTRAS, found["runs"], strict=True)
    return {"fresh": found["fresh"], **({name: run["packages"] for name, run in runs} if found["fresh"] else {})}


def main() -> None:
    """Record the answers for all commits."""
    poetry = find_poetry()
    if poetry is None:
        raise SystemExit("Poetry is not installed; run `make setup`")
    changes: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        oracle = Oracle(interpreter_of(poetry), Path(home))
        for number, (project, lock) in enumerate(commits()):
            current = answer(oracle, project, lock)
            if current != last:
                changes.append({"from": number, **current})
            last = current
        oracle.close()
    lines = ",\n".join(json.dumps(change) for change in changes)
    ANSWERS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
