"""``python -m benchmarks.history``: how often the layer of a real project is rebuilt, for several keys.

A key decides when a layer is rebuilt, for example a digest of poetry.lock. The benchmark replays the history of a lock
file, and counts for each key the rebuilds, the unnecessary rebuilds, and the changes without a rebuild. The true
changes are recorded: they are what Poetry's own installer installs at each commit.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, Choice
from pulumi_poetry_layer.plan.planner import plan_selection, select_layer
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.lockfile import LockFile, parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import Project, parse_project

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from differential.history import EXTRAS, commits, recorded_answers  # noqa: E402 - the tests are not an installed package

from benchmarks.sections import replace_section  # noqa: E402

TARGET = Target("python3.12", "x86_64")
BUILDER = BuilderIdentity(kind="wheels")


@dataclass(frozen=True)
class Commit:
    """A commit with a lock file that Poetry accepts as fresh."""

    lock_text: str
    project: Project
    lock: LockFile
    extras: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the plan, which is the key of this package."""
        choice = Choice.of(["main"], self.extras)
        selection = select_layer(self.project, self.lock, target=TARGET, choice=choice)
        return plan_selection(selection, target=TARGET, choice=choice, builder=BUILDER).fingerprint


KEYS: dict[str, Callable[[Commit], str]] = {
    "digest of poetry.lock": lambda commit: hashlib.sha256(commit.lock_text.encode()).hexdigest(),
    "content-hash in poetry.lock": lambda commit: commit.lock.content_hash,
    "fingerprint of the plan": lambda commit: commit.fingerprint,
}


@dataclass(frozen=True)
class Count:
    """The result of a key.

    Attributes:
        rebuilds: number of rebuilds.
        wasted: number of rebuilds without a true change.
        missed: number of true changes without a rebuild.
    """

    rebuilds: int
    wasted: int
    missed: int


def count(rebuilds: Sequence[bool], changes: Sequence[bool]) -> Count:
    """Compare the rebuilds of a key with the true changes, commit by commit."""
    pairs = list(zip(rebuilds, changes, strict=True))
    return Count(
        rebuilds=sum(rebuilds),
        wasted=sum(rebuilt and not changed for rebuilt, changed in pairs),
        missed=sum(changed and not rebuilt for rebuilt, changed in pairs),
    )


def lines() -> Iterator[str]:
    """The section of docs/benchmarks.md."""
    history = list(commits())
    answers = recorded_answers(len(history))
    fresh = [number for number, answer in enumerate(answers) if answer["fresh"]]
    yield f"""\
## Rebuilds in a real project's history

`python -m benchmarks.history`: {len(history)} successive commits of aws-powertools/powertools-lambda-python that touch
its lock file, planned for {TARGET}. {len(history) - len(fresh)} of them are left out: their lock file is stale, so
Poetry and this package refuse it. A true change is a change in what Poetry's own installer installs (names, versions,
files). A rebuild without a true change is wasted. A true change without a rebuild is missed.

| extras | key | rebuilds | true changes | wasted | missed |
|---|---|---:|---:|---:|---:|"""
    parsed = [(history[n][1], parse_project(history[n][0]), parse_lockfile(history[n][1])) for n in fresh]
    for name, extras in EXTRAS.items():
        changes = [before != after for before, after in pairwise(answers[number][name] for number in fresh)]
        replay = [Commit(*commit, extras) for commit in parsed]
        for label, key in KEYS.items():
            keys = [key(commit) for commit in replay]
            result = count([before != after for before, after in pairwise(keys)], changes)
            listed = ", ".join(extras) or "none"
            yield f"| {listed} | {label} | {result.rebuilds} | {sum(changes)} | {result.wasted} | {result.missed} |"


def main() -> None:
    """Print the section and put it into docs/benchmarks.md."""
    text = "\n".join(lines())
    replace_section(REPOSITORY / "docs" / "benchmarks.md", "history", "python -m benchmarks.history", text)
    print(text)


if __name__ == "__main__":
    main()
