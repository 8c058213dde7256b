"""``python -m benchmarks``: measure how long each tool takes to make the layers of the fixtures.

The tables go to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import compileall
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.contestants import CONTESTANTS, OURS, REPOSITORY, Contestant, Round
from benchmarks.host import find_python, tool_variables
from benchmarks.measure import Measurement, measure
from benchmarks.report import write_report
from pulumi_poetry_layer.index.access import Indexes
from pulumi_poetry_layer.index.client import Downloader
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.index.sources import Sources
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest

FIXTURES = REPOSITORY / "benchmarks" / "fixtures"
RUNTIME = "python3.13"


@dataclass(frozen=True)
class Result:
    """All measurements of one fixture.

    Attributes:
        fixture: name of the fixture.
        cold: whether the caches were empty.
        size: size of the wheels in bytes.
        rounds: name of a contestant → its measurements, one per round.
        in_process: for each round, the time of building alone divided by the time of copying the wheels.
    """

    fixture: str
    cold: bool
    size: int
    rounds: Mapping[str, list[Measurement]] = field(default_factory=dict)
    in_process: list[float] = field(default_factory=list)

    def ratios(self, contestant: str) -> list[float]:
        """For each round, the time of a contestant divided by the time of this package."""
        pairs = zip(self.rounds[contestant], self.rounds[OURS.name], strict=True)
        return [theirs.seconds / ours.seconds for theirs, ours in pairs]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--fixture", action="append", choices=("small", "medium", "large"), help="default: all")
    parser.add_argument("--rounds", type=int, default=5, help="rounds with warm caches (default: 5)")
    parser.add_argument("--cold-rounds", type=int, default=3, help="rounds with empty caches (default: 3)")
    parser.add_argument("--no-report", action="store_true", help="do not change docs/benchmarks.md")
    options = parser.parse_args()
    fixtures = options.fixture or ("small", "medium", "large")
    # Compile the package, as pip does when it installs one, even if PYTHONDONTWRITEBYTECODE is set.
    compileall.compile_dir(REPOSITORY / "pulumi_poetry_layer", quiet=1)
    results = []
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as temporary:
        for fixture in fixtures:
            base = prepare(fixture, Path(temporary) / fixture)
            results += [run(fixture, base, options.rounds), run(fixture, base, options.cold_rounds, cold=True)]
    text = write_report(results, None if options.no_report else REPOSITORY / "docs" / "benchmarks.md")
    print(text)


def prepare(fixture: str, folder: Path) -> Round:
    """Plan the layer of a fixture, and write what the contestants need: requirements with hashes, and the wheels."""
    project = FIXTURES / fixture
    plan, _ = plan_request(LayerRequest(project_dir=project, runtime=RUNTIME))
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    downloader = Downloader(Indexes(Sources(), Credentials.of_host(project, {})))
    lines = []
    for package in plan.packages:
        assert package.file
        lines.append(f"{package.name}=={package.version} --hash={package.file.hash}\n")
        with (wheels / package.file.name).open("wb") as output:
            found = downloader.find(package.label, package.name, package.file, package.source)
            downloader.download(found, package.file, output, package.label)
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(lines), encoding="utf-8")
    return Round(
        project=project,
        requirements=requirements,
        wheels=wheels,
        python=find_python(RUNTIME),
        runtime=RUNTIME,
        cache=folder / "caches",
        output=folder / "output",
        variables=tool_variables(),
    )


def run(fixture: str, base: Round, rounds: int, *, cold: bool = False) -> Result:
    """Let the contestants take turns, so that changes in the machine's speed affect all of them.

    Args:
        fixture: name of the fixture.
        base: what :func:`prepare` returned.
        rounds: number of rounds.
        cold: whether to empty the caches before each round.
    """
    size = sum(path.stat().st_size for path in base.wheels.iterdir())
    contestants = [contestant for contestant in CONTESTANTS if contestant.cold or not cold]
    result = Result(fixture, cold, size, {contestant.name: [] for contestant in contestants})
    if not cold:
        for contestant in contestants:
            run_once(contestant, base)  # fills the caches
    for number in range(1, rounds + 1):
        for contestant in contestants:
            measured = run_once(contestant, base, cold=cold)
            result.rounds[contestant.name].append(measured)
            kind = "cold" if cold else "warm"
            print(f"{fixture} {kind} {number}/{rounds}: {measured.seconds:7.3f} s  {contestant.name}", file=sys.stderr)
        if not cold:
            result.in_process.append(in_process(base) / result.rounds["cp of the wheels"][-1].seconds)
    return result


def run_once(contestant: Contestant, base: Round, *, cold: bool = False) -> Measurement:
    """Measure one contestant in an empty output folder. Removing the output is not measured."""
    cache = base.cache / contestant.name.split(" --")[0].replace(" ", "-").replace(",", "")
    if cold:
        shutil.rmtree(cache, ignore_errors=True)
    base.output.mkdir()
    try:
        return measure(contestant.commands(replace(base, cache=cache)))
    finally:
        shutil.rmtree(base.output)


def in_process(base: Round) -> float:
    """Seconds that building alone takes, in a process that has already made the plan."""
    base.output.mkdir()
    command: Sequence[str | Path] = (
        *(sys.executable, "-m", "benchmarks.in_process"),
        *(base.project, base.runtime, base.cache / OURS.name.replace(" ", "-"), base.output / "layer.zip"),
    )
    try:
        ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    finally:
        shutil.rmtree(base.output)
    return float(json.loads(ended.stdout))


if __name__ == "__main__":
    main()
