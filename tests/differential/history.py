"""The commits of a real project's lock file, and what Poetry installs at each of them."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "data" / "lock_history"
ANSWERS = FOLDER / "poetry_2_5_1.json"
EXTRAS: dict[str, tuple[str, ...]] = {"none": (), "all": ("all",)}


def commits() -> Iterator[tuple[str, str]]:
    """The texts of pyproject.toml and poetry.lock, oldest commit first."""
    with tarfile.open(FOLDER / "powertools.tar.xz") as archive:
        texts = {}
        for member in archive:
            file = archive.extractfile(member)
            if file and member.name.endswith((".toml", ".lock")):
                texts[Path(member.name).name] = file.read().decode()
    for number in range(len(texts) // 2):
        yield texts[f"{number:04}.toml"], texts[f"{number:04}.lock"]


def recorded_answers(commits: int) -> list[dict[str, Any]]:
    """Poetry's answer for each commit. The file contains only answers that differ from the one before."""
    changes: list[dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    answers: list[dict[str, Any]] = []
    for change, following in zip(changes, [*changes[1:], {"from": commits}], strict=True):
        first = change.pop("from")
        answers += [change] * (following["from"] - first)
    return answers
