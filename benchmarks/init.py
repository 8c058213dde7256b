"""``python -m benchmarks.init``: how long a Lambda takes to start with the layers of several tools.

A function that imports all top-level modules of a layer is started on AWS's emulator of Lambda, with the layer of each
tool in turn. Then the layers are built with and without bytecode. The tables go to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.__main__ import prepare, run_once
from benchmarks.contestants import CONTESTANTS, OURS, Contestant, Round
from benchmarks.measure import Command
from benchmarks.sections import replace_section
from pulumi_poetry_layer.emulator.function import running_function
from pulumi_poetry_layer.emulator.interpreter import Interpreter, find_interpreter
from pulumi_poetry_layer.inspection.contents import read_layer
from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.verify.modules import top_level_modules

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
TARGET = Target("python3.13", "arm64" if platform.machine() == "aarch64" else "x86_64")
HANDLER = """\
import time

started, worked = time.perf_counter(), time.process_time()
{imports}
seconds = [time.perf_counter() - started, time.process_time() - worked]

def handler(event, context):
    return seconds
"""
GOAL = 0.45


def _with_bytecode(here: Round) -> list[Command]:
    (command,) = OURS.commands(here)
    return [replace(command, arguments=(*command.arguments, "--bytecode"))]


BYTECODE = Contestant(name=f"{OURS.name} --bytecode", commands=_with_bytecode)
PEERS = tuple(one for one in CONTESTANTS if one.name in {"uv pip install --target, zip", "poetry install, zip"})
LAYERS = (BYTECODE, OURS, *PEERS)


@dataclass(frozen=True, kw_only=True)
class Start:
    """One cold start.

    Attributes:
        init: seconds until the answer to the first request: the interpreter, the runtime client and all imports.
        imports: seconds that the imports took.
        processor: seconds that the processors worked for the imports.
    """

    init: float
    imports: float
    processor: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """The measurements of one fixture.

    Attributes:
        fixture: its name.
        modules: how many modules the function imports.
        sizes: contestant → bytes of its zip.
        starts: contestant → cold starts, one per round.
        builds: (contestant, whether the caches were empty) → seconds, one per round.
    """

    fixture: str
    modules: int
    sizes: Mapping[str, int]
    starts: Mapping[str, list[Start]]
    builds: Mapping[tuple[str, bool], list[float]] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the section and put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="benchmarks.init", description=__doc__)
    parser.add_argument("--fixture", action="append", choices=("small", "medium", "large"), help="default: all")
    parser.add_argument("--rounds", type=int, default=5, help="cold starts per layer, and warm builds (default: 5)")
    parser.add_argument("--cold-rounds", type=int, default=2, help="builds with empty caches (default: 2)")
    parser.add_argument("--no-report", action="store_true", help="do not change docs/benchmarks.md")
    options = parser.parse_args(arguments)
    interpreter = find_interpreter(TARGET)
    results = []
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as temporary:
        for fixture in options.fixture or ("small", "medium", "large"):
            base = prepare(fixture, Path(temporary) / fixture)
            result = measure_starts(fixture, base, interpreter, options.rounds)
            results.append(replace(result, builds=measure_builds(base, options.rounds, options.cold_rounds)))
            print("\n".join(rows(results[-1])), file=sys.stderr)
    text = "\n".join(section(results, options.rounds))
    if not options.no_report:
        replace_section(PAGE, "init", "python -m benchmarks.init", text)
    print(text)


def measure_starts(fixture: str, base: Round, interpreter: Interpreter, rounds: int) -> Result:
    """Let functions with the layers of all tools start in turns."""
    folder = base.wheels.parent
    sizes = {one.name: unpacked_layer(one, base, folder / f"layer-{number}") for number, one in enumerate(LAYERS)}
    contents = read_layer(folder / f"layer-{LAYERS.index(OURS)}.zip")
    modules = [name for _, name in top_level_modules(contents.visible_to(TARGET.runtime), TARGET)]
    task = folder / "task"
    task.mkdir()
    (task / "app.py").write_text(HANDLER.format(imports="\n".join(f"import {module}" for module in modules)))
    starts: dict[str, list[Start]] = {one.name: [] for one in LAYERS}
    for number in range(rounds + 1):
        for index, one in enumerate(LAYERS):
            start = measure_start(folder / f"layer-{index}", task, interpreter)
            if number:  # the first round reads the files from the disk
                starts[one.name].append(start)
                print(f"{fixture} {number}/{rounds}: {start.init:6.2f} s  {one.name}", file=sys.stderr)
    return Result(fixture=fixture, modules=len(modules), sizes=sizes, starts=starts)


def unpacked_layer(contestant: Contestant, base: Round, folder: Path) -> int:
    """Build the layer of a tool and unpack it. Returns the size of the zip."""
    shutil.rmtree(base.output, ignore_errors=True)
    kept = Path(f"{folder}.zip")

    def commands(here: Round) -> list[Command]:
        copy = here.command("cp", here.output / "layer.zip", kept)
        site_packages = here.output / "project" / ".venv" / "lib" / here.runtime
        if contestant in PEERS and "poetry" in contestant.name:
            copy = replace(copy, folder=site_packages)
        return [*contestant.commands(here), copy]

    run_once(Contestant(name=contestant.name, commands=commands), base)
    with zipfile.ZipFile(kept) as archive:
        archive.extractall(folder)
    return kept.stat().st_size


def measure_start(layer: Path, task: Path, interpreter: Interpreter) -> Start:
    """Start a function and invoke it once.

    Raises:
        SystemExit: the function failed.
    """
    lines: list[str] = []
    with running_function(
        TARGET, interpreter, layer=layer, task=task, handler="app.handler", timeout=300, show_line=lines.append
    ) as function:
        started = time.perf_counter()
        answer = function.invoke({})
        init = time.perf_counter() - started
    if answer.error:
        raise SystemExit("\n".join(["benchmarks: the function failed:", *lines, str(answer.error)]))
    imports, processor = answer.value
    return Start(init=init, imports=imports, processor=processor)


def measure_builds(base: Round, rounds: int, cold_rounds: int) -> dict[tuple[str, bool], list[float]]:
    """Build with and without bytecode, in turns: with warm caches, then with empty ones."""
    contestants = (OURS, BYTECODE)
    found: dict[tuple[str, bool], list[float]] = {(one.name, cold): [] for one in contestants for cold in (False, True)}
    for cold, count in ((False, rounds), (True, cold_rounds)):
        for _ in range(count):
            for one in contestants:
                found[one.name, cold].append(run_once(one, base, cold=cold).seconds)
    return found


def section(results: Sequence[Result], rounds: int) -> Iterator[str]:
    """The section of docs/benchmarks.md."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    yield f"""\
## Cold starts, with and without bytecode

`python -m benchmarks.init`, {today}, {os.cpu_count()} cores ({platform.machine()}), {TARGET.runtime}, load average
{os.getloadavg()[0]:.1f}. A function that imports all top-level modules of the layer starts on AWS's emulator of Lambda,
with the layer of each tool in turn. "INIT" is the time until the first answer, "imports" is the part of it that the
imports take, "processor" the time for which they keep a processor busy, which says most on a busy machine. Medians of
{rounds}. A ratio compares two times of the same turn: that of a tool, and that of the better one of the last two rows.
The goal is {GOAL}. Peers install without bytecode, which is what they do by default.
"""
    for result in results:
        yield from rows(result)
    yield from build_rows(results)


def rows(result: Result) -> Iterator[str]:
    """The table of one fixture."""
    yield f"### {result.fixture}, {result.modules} top-level modules\n"
    yield "| layer | zip | INIT | ratio | imports | ratio | processor | ratio |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, starts in result.starts.items():
        cells = [f"{result.sizes[name] / 2**20:.1f} MiB"]
        for attribute in ("init", "imports", "processor"):
            seconds = statistics.median(getattr(start, attribute) for start in starts)
            cells += [f"{seconds:.2f} s", ratio(result, name, attribute)]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def ratio(result: Result, name: str, attribute: str) -> str:
    """A time divided by that of the best peer in the same turn, with the lowest and the highest in brackets."""
    values = [
        getattr(start, attribute) / min(getattr(result.starts[peer.name][turn], attribute) for peer in PEERS)
        for turn, start in enumerate(result.starts[name])
    ]
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def build_rows(results: Sequence[Result]) -> Iterator[str]:
    """The table of the builds."""
    yield "### What bytecode costs a build\n"
    yield "Whole commands. Empty caches include the download; all cores compile. Medians, in seconds.\n"
    yield "| fixture | warm | warm, bytecode | ratio | empty caches | empty caches, bytecode | ratio |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for result in results:
        cells = []
        for cold in (False, True):
            plain, compiled = (result.builds[one.name, cold] for one in (OURS, BYTECODE))
            ratios = [b / a for a, b in zip(plain, compiled, strict=True)]
            cells += [f"{statistics.median(times):.2f}" for times in (plain, compiled)]
            cells.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
        yield f"| {result.fixture} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
