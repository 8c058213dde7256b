"""Made-up lock files of versions 1.0, 1.1 and 2.0, compared with what Poetry's installer makes of them.

``MADE_UP_LOCKS`` is the number of lock files of each version, ``MADE_UP_LOCKS_SEED`` where they start; the default is
small, so that the test takes some seconds.
"""

from __future__ import annotations

import os
from random import Random

import pytest
from samples import ARM, X86, read

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.plan.build_plan import Choice
from pulumi_poetry_layer.plan.selection import select_packages
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.lockfile import LockedPackage

from .conftest import Oracle, Oracles
from .made_up_locks import Made, as_old_packages, folders_of, lock_text, make

LOCKS = int(os.environ.get("MADE_UP_LOCKS", "40"))
FIRST_SEED = int(os.environ.get("MADE_UP_LOCKS_SEED", "0"))
LOCKS_PER_TEST = 20
HASH_SEEDS = range(1, 9)

Run = tuple[Target, tuple[str, ...], tuple[str, ...]]
Installed = list[tuple[str, str, str | None]] | None
"""(name, version, address or path) of each package, None for an error."""


@pytest.mark.parametrize("lock_version", ["1.0", "1.1", "2.0"])
@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + LOCKS, LOCKS_PER_TEST))
def test_packages_are_those_that_poetry_installs(oracles: Oracles, lock_version: str, first: int) -> None:
    """The layer of a project that has not moved to Poetry 2 would differ from what `poetry install` gives."""
    differences = [
        difference
        for seed in range(first, min(first + LOCKS_PER_TEST, FIRST_SEED + LOCKS))
        for difference in differences_of(oracles, seed, lock_version)
    ]

    assert differences == []


def differences_of(oracles: Oracles, seed: int, lock_version: str) -> list[object]:
    """Where this package and Poetry differ about the lock file of a seed."""
    random = Random(f"{lock_version} {seed}")  # noqa: S311 - the same lock files in each run
    made = make(random)
    lock = lock_text(made, packages_to_lock(oracles[0], random, made), lock_version)
    with_extras = tuple(random.sample(sorted(made.extras), random.randint(0, len(made.extras))))
    choices: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ((("main",), ()), (("main", "dev"), with_extras))
    runs = [(target, groups, extras) for target in (X86, ARM) for groups, extras in choices]
    theirs = installed_by_poetry(oracles[0], made, lock, runs)
    ours = [installed_by_us(made.pyproject, lock, run) for run in runs]
    return [
        (seed, str(run[0]), run[1:], {"ours": our, "Poetry's": their})
        for run, our, their in zip(runs, ours, theirs, strict=True)
        if our != their and not poetry_is_undecided(oracles, made, lock, run, our)
    ]


def packages_to_lock(oracle: Oracle, random: Random, made: Made) -> list[dict[str, object]]:
    """The packages that Poetry's solver would lock, or any of them."""
    if random.random() < 0.6:
        answer = oracle.ask(pyproject=made.pyproject, universe=made.packages, folders=folders_of(made))
        if "lock" in answer:
            return as_old_packages(answer["lock"])
    share = random.choice((1, 1, 0.7))
    return [table for table in made.packages if random.random() < share]


def installed_by_poetry(oracle: Oracle, made: Made, lock: str, runs: list[Run]) -> list[Installed]:
    """What Poetry installs."""
    answer = oracle.install(made.pyproject, lock, runs, folders=folders_of(made), files=False)
    assert answer["fresh"]
    return [
        sorted((name, version, place) for name, version, place in run["packages"]) if "packages" in run else None
        for run in answer["runs"]
    ]


def installed_by_us(pyproject: str, lock: str, run: Run) -> Installed:
    """What this package selects."""
    target, groups, extras = run
    try:
        selection = select_packages(*read(pyproject, lock), Choice.of(groups, extras), target.marker_environment)
    except InputError:
        return None
    return [(package.name, package.version, place_of(package)) for package in selection.packages]


def place_of(package: LockedPackage) -> str | None:
    """The folder, address or repository of a package, None for an index."""
    return package.source.url if package.source and package.source.type != "legacy" else None


def poetry_is_undecided(oracles: Oracles, made: Made, lock: str, run: Run, ours: Installed) -> bool:
    """Whether Poetry comes to our result with another order of its sets, which depends on the seed of hashes."""
    return any(installed_by_poetry(oracles[seed], made, lock, [run]) == [ours] for seed in HASH_SEEDS)


def test_made_up_locks_are_of_all_kinds(oracles: Oracles) -> None:
    """The test above would compare errors with errors."""
    made = [make(Random(f"kinds {seed}")) for seed in range(200)]  # noqa: S311
    tables = [table for one in made for table in one.packages]
    sources = {table["source"]["type"] for table in tables if "source" in table}
    runs: list[Run] = [(X86, ("main",), ())]
    solved = [installed_by_poetry(oracles[0], one, lock_text(one, one.packages, "2.0"), runs) for one in made[:20]]

    assert sources == {"legacy", "git", "directory"}
    assert any("app" in table.get("dependencies", {}) for table in tables)
    assert any("all" in table.get("extras", {}) for table in tables)
    assert any(len(folders_of(one)) > 1 for one in made)
    assert sum("[project]" in one.pyproject for one in made) > 20
    assert 8 <= len([1 for result in solved if result != [None]]) < len(solved)
