"""``python -m benchmarks.history``: how often a real project's layer would have been rebuilt, by what is the key.

Replays its lock history and counts, for several keys, the rebuilds, those in vain and the changes that were missed.
What is true is what Poetry's own installer was recorded to install at each commit.
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

from differential.history import EXTRAS, commits, recorded_answers  # noqa: E402 - the tests are no installed package

from benchmarks.sections import replace_section  # noqa: E402

TARGET = Target("python3.12", "x86_64")
BUILDER = BuilderIdentity(kind="wheels")


@dataclass(frozen=True)
class Commit:
    """A commit whose lock file Poetry takes as fresh."""

    lock_text: str
    project: Project
    lock: LockFile
    extras: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The key of this package."""
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
    """How a key did."""

    rebuilds: int
    wasted: int
    missed: int


def count(changed: Sequence[bool], true: Sequence[bool]) -> Count:
    """Compare a key's changes with the true ones."""
    pairs = list(zip(changed, true, strict=True))
    return Count(
        rebuilds=sum(changed),
        wasted=sum(rebuilt and not truly for rebuilt, truly in pairs),
        missed=sum(truly and not rebuilt for rebuilt, truly in pairs),
    )


def lines() -> Iterator[str]:
    """The section of docs/benchmarks.md."""
    history = list(commits())
    answers = recorded_answers(len(history))
    fresh = [number for number, answer in enumerate(answers) if answer["fresh"]]
    yield f"""\
## Rebuilds in a real project's history

`python -m benchmarks.history`: {len(history)} successive commits of aws-powertools/powertools-lambda-python that touch
its lock file, planned for {TARGET}. {len(history) - len(fresh)} of them have a lock file that is stale, which Poetry
and this package refuse; the others follow each other. A change is true when what Poetry's own installer installs
(names, versions, files) is another than before; wasted is a rebuild without one, missed is one without a rebuild.

| extras | key | rebuilds | true changes | wasted | missed |
|---|---|---:|---:|---:|---:|"""
    parsed = [(history[n][1], parse_project(history[n][0]), parse_lockfile(history[n][1])) for n in fresh]
    for name, extras in EXTRAS.items():
        true = [before != after for before, after in pairwise(answers[number][name] for number in fresh)]
        replay = [Commit(*commit, extras) for commit in parsed]
        for label, key in KEYS.items():
            keys = [key(commit) for commit in replay]
            done = count([before != after for before, after in pairwise(keys)], true)
            told = ", ".join(extras) or "none"
            yield f"| {told} | {label} | {done.rebuilds} | {sum(true)} | {done.wasted} | {done.missed} |"


def main() -> None:
    """Print the section and put it into docs/benchmarks.md."""
    text = "\n".join(lines())
    replace_section(REPOSITORY / "docs" / "benchmarks.md", "history", "python -m benchmarks.history", text)
    print(text)


if __name__ == "__main__":
    main()
