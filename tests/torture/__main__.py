"""``python -m torture``: attack the package for some time, and say what was tried and what survived.

The exit code is 1 if anything was found. A finding of an attack with numbers can be repeated: ``--seed SEED --only
ATTACK --number NUMBER``. Kills and crowds depend on the machine, too, so the seed only makes them similar.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from torture.crowd import crowd_a_cache
from torture.file_readers import EndTrial, LayerTrial, NoteTrial, PageTrial, SegmentTrial, WheelTrial
from torture.hostile_index import IndexTrial
from torture.hostile_locks import hostile_locks, plan_hostile_lock
from torture.hostile_wheels import hostile_wheels, read_hostile_wheel
from torture.kills import kill_builds
from torture.ledger import Ledger, table
from torture.project_readers import ConfigurationTrial, PlanTrial
from torture.trials import Trial, run_trials

_MOST_SHOWN = 30


@dataclass(frozen=True)
class Run:
    """One run of an attack.

    Attributes:
        ledger: where to note what happens.
        seed: what all random numbers come from.
        folder: an empty folder.
        until: when to stop, by the monotonic clock.
        number: the only trial to run, None for all.
    """

    ledger: Ledger
    seed: str
    folder: Path
    until: float
    number: int | None

    @property
    def random(self) -> Random:
        """The random numbers of the attack."""
        return Random(f"{self.seed}/{self.ledger.name}")

    def trials(self, trial: Trial, count: int = sys.maxsize, describe: Callable[[int], str] = str) -> None:
        """Run trials by number."""
        numbers = range(count) if self.number is None else range(self.number, self.number + 1)
        run_trials(self.ledger, trial, self.seed, self.until, numbers=numbers, describe=describe)


def _corpus(run: Run, cases: list[str], attempt: Callable[[str, Path], str]) -> None:
    """Try each case once, in an order that depends on the seed, because there may not be time for all."""
    run.random.shuffle(cases)
    run.trials(lambda number, _: attempt(cases[number], run.folder), len(cases), lambda n: f"{n} ({cases[n]})")


ATTACKS: dict[str, tuple[float, Callable[[Run], None]]] = {
    "hostile wheels": (8, lambda run: _corpus(run, [*hostile_wheels()], read_hostile_wheel)),
    "hostile locks": (8, lambda run: _corpus(run, [*hostile_locks()], plan_hostile_lock)),
    "hostile index": (12, lambda run: run.trials(IndexTrial())),
    "poetry.lock": (7, lambda run: run.trials(PlanTrial(run.folder, "poetry.lock"))),
    "pyproject.toml": (5, lambda run: run.trials(PlanTrial(run.folder, "pyproject.toml"))),
    "poetry.toml": (2, lambda run: run.trials(ConfigurationTrial(run.folder))),
    "wheel": (7, lambda run: run.trials(WheelTrial(run.folder))),
    "end of a wheel": (2, lambda run: run.trials(EndTrial())),
    "segment of the cache": (3, lambda run: run.trials(SegmentTrial(run.folder))),
    "zip and note": (3, lambda run: run.trials(NoteTrial(run.folder))),
    "page of an index": (3, lambda run: run.trials(PageTrial())),
    "layer zip": (3, lambda run: run.trials(LayerTrial(run.folder))),
    "kills": (25, lambda run: kill_builds(run.ledger, run.random, run.until, run.folder)),
    "crowds": (12, lambda run: crowd_a_cache(run.ledger, run.random, run.until, run.folder)),
}
"""Attack → its share of the time, and the function that runs it."""


def main() -> int:
    """Run the attacks, print the table, and return the exit code."""
    options = _options()
    os.environ["NO_PROXY"] = "*"
    logging.disable()  # what is printed is the table
    warnings.filterwarnings("ignore", "Duplicate name", UserWarning)  # wheels with one are made on purpose
    names = options.only or [*ATTACKS]
    shares, end = sum(ATTACKS[name][0] for name in names), time.monotonic() + options.seconds
    print(f"seed {options.seed}, {options.seconds:.0f} seconds", flush=True)
    ledgers = []
    for name in names:
        share, attack = ATTACKS[name]
        now = time.monotonic()
        ledger = Ledger(name)
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
            os.environ["PULUMI_POETRY_LAYER_CACHE_DIR"] = cache
            attack(
                Run(ledger, options.seed, Path(folder).resolve(), now + (end - now) * share / shares, options.number)
            )
        shares -= share
        ledgers.append(ledger)
        print(f"{time.monotonic() - now:5.0f} s  {name}: {ledger.tried:,}, found {len(ledger.findings)}", flush=True)
    print(f"\n{table(ledgers)}")
    findings = [finding for ledger in ledgers for finding in ledger.findings]
    for finding in findings[:_MOST_SHOWN]:
        print(f"\n{finding[:2000]}")
    print(f"\n{len(findings)} findings, seed {options.seed}")
    return min(len(findings), 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=900, help="how long to attack (default: 900)")
    parser.add_argument("--seed", default=str(Random().randrange(10**9)), help="default: another one each time")
    parser.add_argument("--only", action="append", choices=[*ATTACKS], help="this attack; repeatable")
    parser.add_argument("--number", type=int, help="the only trial to run, as a finding names it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
