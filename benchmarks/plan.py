"""``python -m benchmarks.plan``: how long planning takes, from the texts of the two files to the fingerprint.

The lock file has 250 packages, and all of them are in the layer. They are taken from the lock files in this repository,
as Poetry wrote them, and put into one lock file of version 2.1. A lock file of version 2.0 has the same packages, with
the dependencies that these packages meet; a plan has to solve it.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import statistics
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import tomli
import tomli_w
from packaging.version import Version

from benchmarks.sections import replace_section
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity, Choice
from pulumi_poetry_layer.plan.chooser import FileChooser
from pulumi_poetry_layer.plan.planner import plan_selection, select_layer
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.constraints import allows
from pulumi_poetry_layer.poetry.locked import LockedFile
from pulumi_poetry_layer.poetry.lockfile import LockFile, parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project
from pulumi_poetry_layer.poetry.toml_tables import parse_toml

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = 250
ROUNDS = 41
TARGET = Target("python3.12", "x86_64")
CHOICE = Choice()
BUILDER = BuilderIdentity(kind="wheels")
PROJECT = '[project]\nname = "service"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = []\n'

_PACKAGE = re.compile(r"^\[\[package\]\]\n(?:(?!\[\[package\]\]|\[metadata|\[extras\]).*\n)+", re.MULTILINE)
_NAME = re.compile(r'^name = "(.+)"$', re.MULTILINE)
_GROUPS_AND_MARKERS = re.compile(r"^(groups|markers) = .*\n", re.MULTILINE)


def main() -> None:
    """Measure, print the section and put it into docs/benchmarks.md."""
    lock = lock_text()
    old_project, old_lock = old_texts(lock)
    steps: dict[str, Callable[[], object]] = {
        "plan, from texts to fingerprint": lambda: plan(PROJECT, lock),
        "of that: reading poetry.lock": lambda: parse_anew(lock),
        "of that: the TOML alone, by tomli": lambda: tomli.loads(lock),
        "plan with a lock file of version 2.0": lambda: plan(old_project, old_lock),
    }
    text = "\n".join(lines(lock, measure(steps)))
    replace_section(REPOSITORY / "docs" / "benchmarks.md", "plan", "python -m benchmarks.plan", text)
    print(text)


def lock_text() -> str:
    """The text of a lock file with 250 packages that are all in the layer."""
    packages: dict[str, str] = {}
    for text in lock_texts():
        for table in _PACKAGE.findall(text):
            name = _NAME.search(table)
            if name and "[package.source]" not in table and fits(table) and len(packages) < PACKAGES:
                # A second version of a package counts as another package.
                own_name = f"{name[1]}-2" if name[1] in packages else name[1]
                packages[own_name] = _in_main_group(table).replace(name[0], f'name = "{own_name}"')
    chosen = sorted(packages.items())
    metadata = f'[metadata]\nlock-version = "2.1"\ncontent-hash = "{parse_project(PROJECT).content_hash}"\n'
    return "\n".join(table for _, table in chosen) + "\n" + metadata


def lock_texts() -> Iterator[str]:
    """The texts of the lock files in this repository."""
    with tarfile.open(REPOSITORY / "tests" / "data" / "lock_history" / "powertools.tar.xz") as history:
        for name in (f"./{number:04}.lock" for number in range(399, -1, -57)):
            file = history.extractfile(name)
            yield file.read().decode() if file else ""
    for folder in ("benchmarks/fixtures", "tests/data/locked", "tests/projects"):
        for path in sorted((REPOSITORY / folder).glob("*/poetry.lock")):
            yield path.read_text(encoding="utf-8")


def fits(table: str) -> bool:
    """Whether a package has a file for the target."""
    files = [LockedFile(name, "") for name in re.findall(r'\{file = "(.+?)"', table)]
    return FileChooser(TARGET.tag_ranks).choose(files) is not None


def _in_main_group(table: str) -> str:
    return _GROUPS_AND_MARKERS.sub("", table).replace("files = [", 'groups = ["main"]\nfiles = [', 1)


def parse_anew(lock: str) -> LockFile:
    """Parse the lock file as in a new process, without what was kept in memory."""
    parse_toml.cache_clear()
    parse_lockfile.cache_clear()
    return parse_lockfile(lock)


def old_texts(lock: str) -> tuple[str, str]:
    """A project and a lock file of version 2.0 with the packages of one of version 2.1."""
    packages = tomli.loads(lock)["package"]
    versions = {normalized(table["name"]): Version(table["version"]) for table in packages}
    for table in packages:
        del table["groups"]
        wanted = table.pop("dependencies", {})
        table["dependencies"] = {
            name: entry for name, entry in wanted.items() if is_met(entry, versions.get(normalized(name)))
        }
    needs = {normalized(table["name"]): list(map(normalized, table["dependencies"])) for table in packages}
    needed = {name for names in needs.values() for name in names}
    roots, reached = [], set[str]()
    for name in sorted(versions, key=lambda name: name in needed):
        if name not in reached:
            roots.append(name)
            waiting = [name]
            while waiting:
                reached.add(below := waiting.pop())
                waiting += set(needs[below]) - reached
    project = PROJECT.replace("[]", json.dumps(roots))
    metadata = {"lock-version": "2.0", "content-hash": parse_project(project).content_hash}
    return project, tomli_w.dumps({"package": packages, "metadata": metadata})


def is_met(entry: object, version: Version | None) -> bool:
    """Whether a dependency is a plain one, without marker and extras, that a version meets."""
    wanted = {"version": entry} if isinstance(entry, str) else entry
    if version is None or not isinstance(wanted, dict) or "version" not in wanted:
        return False
    return wanted.keys() == {"version"} and allows(wanted["version"], version)


def plan(project_text: str, lock: str) -> str:
    """Make the plan, and return its fingerprint.

    Raises:
        SystemExit: the plan does not have 250 packages.
    """
    project, locked = parse_project(project_text), parse_anew(lock)
    selection = select_layer(project, locked, target=TARGET, choice=CHOICE)
    build_plan = plan_selection(selection, target=TARGET, choice=CHOICE, builder=BUILDER)
    if len(build_plan.packages) != PACKAGES:
        raise SystemExit(f"benchmarks: the plan must have {PACKAGES} packages, but has {len(build_plan.packages)}")
    return build_plan.fingerprint


def measure(steps: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Name of a step → its milliseconds in each round. The steps take turns, so that a busy machine affects all."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            taken[name].append((time.perf_counter() - started) * 1000)
    return taken


def lines(lock: str, taken: Mapping[str, list[float]]) -> Iterator[str]:
    """The section of docs/benchmarks.md."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    yield f"""\
## Planning

`python -m benchmarks.plan`, {today}, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}.
A lock file with {PACKAGES} packages ({len(lock) / 1000:.0f} kB), all of them in the layer, in a warm process.
{ROUNDS} rounds in which the steps take turns. The load average was {os.getloadavg()[0]:.1f}; on a busy machine, the
lowest values say more than the medians. The goal is 60 ms for a plan, and 100 ms if the lock file has to be solved.

| | milliseconds, median | lowest |
|---|---:|---:|"""
    for name, values in taken.items():
        yield f"| {name} | {statistics.median(values):.1f} | {min(values):.1f} |"


if __name__ == "__main__":
    main()
