"""``python -m benchmarks.overhead``: what a PoetryLayer costs in a ``pulumi preview`` that changes nothing.

Contestants are the same program with the same zip: as a static ``FileArchive`` layer version, as a ``PoetryLayer``
where the layer was built before and on a machine that has never seen it, and as the static one beside an empty dynamic
resource, which shows what of the difference is Pulumi's own: the start of ``python -m pulumi.dynamic``. The engine is
the real one, the AWS plugin is the tests' stand-in.
"""

from __future__ import annotations

import argparse
import compileall
import datetime
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from e2e.harness import LocalAws, Machine, Program, Stack  # noqa: E402 - the tests are no installed package
from e2e.harness.toolchain import find_toolchain  # noqa: E402

from benchmarks.measure import Command, measure  # noqa: E402
from benchmarks.sections import replace_section  # noqa: E402
from pulumi_poetry_layer.host.cache import ENVIRONMENT_VARIABLE  # noqa: E402
from pulumi_poetry_layer.layer.build import build_layer  # noqa: E402

RUNTIME = "python3.13"
GOAL = 1.15

_HEAD = """\
import json
import pulumi
import pulumi_aws as aws
"""
_TAIL = """\
trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
role = aws.iam.Role("role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
for number, arn in enumerate(arns):
    aws.lambda_.Function(
        f"api{number}",
        role=role.arn,
        code=pulumi.FileArchive("src"),
        handler="app.handler",
        runtime="RUNTIME",
        layers=[arn],
    )
"""
_LAYERS = {
    "static": """\
arns = [
    aws.lambda_.LayerVersion(
        f"deps{number}",
        layer_name=f"deps{number}",
        code=pulumi.FileArchive("layer.zip"),
        compatible_runtimes=["RUNTIME"],
        compatible_architectures=["x86_64"],
    ).arn
    for number in range(LAYERS)
]
""",
    "poetry-layer": """\
from pulumi_poetry_layer import PoetryLayer

arns = [
    PoetryLayer(f"deps{number}", project_dir="service", runtime="RUNTIME", exclude=EXCLUDE).arn
    for number in range(LAYERS)
]
""",
    "empty-dynamic": """\
from nothing import Nothing

for number in range(LAYERS):
    Nothing(f"nothing{number}")
""",
}
_NOTHING = """\
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class NothingProvider(ResourceProvider):
    def create(self, props):
        return CreateResult("nothing", props)


class Nothing(Resource):
    def __init__(self, name):
        super().__init__(NothingProvider(), name, {})
"""
STATIC = "static FileArchive"
OURS = "PoetryLayer"
FRESH = "PoetryLayer, caches empty"
FLOOR = "static FileArchive, and an empty dynamic resource"
PROGRAMS = {
    STATIC: _LAYERS["static"],
    OURS: _LAYERS["poetry-layer"],
    FRESH: _LAYERS["poetry-layer"],
    FLOOR: _LAYERS["static"] + _LAYERS["empty-dynamic"],
}


@dataclass(frozen=True)
class Case:
    """A layer to compare with, and how many of it in a program."""

    fixture: str
    exclude: tuple[str, ...]
    layers: tuple[int, ...]


CASES = (
    Case("small", (), (1, 5, 20)),
    Case("medium", ("boto3",), (1,)),  # which the Lambda runtime has; with it, direct upload is not enough
)


@dataclass(frozen=True)
class Result:
    """Seconds of each preview by contestant, for a number of layers of so many bytes."""

    layers: int
    size: int
    seconds: Mapping[str, Sequence[float]]

    def ratios(self, contestant: str) -> list[float]:
        """Its time over the static program's, round by round."""
        return [one / static for one, static in zip(self.seconds[contestant], self.seconds[STATIC], strict=True)]


def main() -> None:
    """Measure, print the section and put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="benchmarks.overhead", description=__doc__)
    parser.add_argument("--fixture", choices=[case.fixture for case in CASES], help="default: all")
    parser.add_argument("--layers", type=int, nargs="+", help="default: 1, 5 and 20 of the small fixture")
    parser.add_argument("--rounds", type=int, default=11, help="previews of each program (default: 11)")
    parser.add_argument("--no-report", action="store_true", help="leave docs/benchmarks.md alone")
    options = parser.parse_args()
    # As pip leaves an installed package, also where PYTHONDONTWRITEBYTECODE is set.
    compileall.compile_dir(REPOSITORY / "pulumi_poetry_layer", quiet=1)
    results = []
    for case in CASES:
        if options.fixture in (None, case.fixture):
            counts = [count for count in case.layers if count in (options.layers or case.layers)]
            with tempfile.TemporaryDirectory(prefix="overhead-", ignore_cleanup_errors=True) as folder:
                results += _measured(Path(folder), case, counts, options.rounds)
    text = "\n".join(_lines(results))
    if not options.no_report:
        page = REPOSITORY / "docs" / "benchmarks.md"
        replace_section(page, "overhead", "python -m benchmarks.overhead", text)
    print(text)


def _measured(folder: Path, case: Case, layers: Sequence[int], rounds: int) -> list[Result]:
    project = REPOSITORY / "benchmarks" / "fixtures" / case.fixture
    artifact = build_layer(project_dir=project, runtime=RUNTIME, exclude=case.exclude, output=folder / "layer.zip")
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    aws = LocalAws()
    try:
        machine = Machine(root=folder / "machine", toolchain=find_toolchain(), aws=aws)
        return [
            Result(
                layers=number,
                size=artifact.size,
                seconds=_take_turns(rounds, _stacks(folder / str(number), machine, case, artifact.path, number)),
            )
            for number in layers
        ]
    finally:
        aws.stop()


def _stacks(folder: Path, machine: Machine, case: Case, zip_file: Path, layers: int) -> dict[str, Stack]:
    """Each contestant's program, deployed."""
    stacks = {}
    project = REPOSITORY / "benchmarks" / "fixtures" / case.fixture
    meanings = {"RUNTIME": RUNTIME, "LAYERS": str(layers), "EXCLUDE": str(list(case.exclude))}
    for number, (name, declared) in enumerate(PROGRAMS.items()):
        program = Program(folder=folder / str(number), backend=folder / "backend", machine=machine)
        text = _HEAD + declared + _TAIL
        for placeholder, meaning in meanings.items():
            text = text.replace(placeholder, meaning)
        program.write(
            {
                "Pulumi.yaml": f"name: contestant{number}\nruntime: python\n",
                "__main__.py": text,
                "src/app.py": "def handler(event, context):\n    return event\n",
                "nothing.py": _NOTHING,
                "layer.zip": zip_file.read_bytes(),
                **{f"service/{file}": (project / file).read_text() for file in ("pyproject.toml", "poetry.lock")},
            }
        )
        stacks[name] = program.stack()
        machine.aws.reset()
        stacks[name].up(skip_preview=True)
        if not stacks[name].preview().unchanged:
            raise SystemExit(f"a second preview of {name!r} shows changes")
    return stacks


def _take_turns(rounds: int, stacks: Mapping[str, Stack]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in stacks}
    for number in range(1, rounds + 1):
        for name, stack in stacks.items():
            taken = measure([_preview(stack, fresh=name == FRESH)]).seconds
            seconds[name].append(taken)
            print(f"{number}/{rounds}: {taken:6.3f} s  {name}", file=sys.stderr)
    return seconds


def _preview(stack: Stack, *, fresh: bool) -> Command:
    program = stack.program
    arguments = ("pulumi", "preview", "--stack", stack.name, "--non-interactive", "--expect-no-changes")
    variables: dict[str, str | Path] = {
        **program.machine.environment,
        "PULUMI_BACKEND_URL": program.backend.as_uri(),
    }
    if fresh:
        cache = program.folder / "no-cache"
        shutil.rmtree(cache, ignore_errors=True)
        variables[ENVIRONMENT_VARIABLE] = cache
    return Command(arguments=arguments, folder=program.folder, variables=variables)


def _lines(results: Sequence[Result]) -> Iterator[str]:
    """The section of docs/benchmarks.md."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    yield f"""\
## Overhead of a preview that changes nothing

`python -m benchmarks.overhead`, {today}, {os.cpu_count()} cores ({platform.machine()}), Python
{platform.python_version()}, load average {os.getloadavg()[0]:.1f}. `pulumi preview` of a program with a role, and with
functions that have a layer each. Real engine, the tests' AWS plugin; programs take turns, and a ratio is that of one
turn. Medians of {len(results[0].seconds[STATIC])}, with the lowest and the highest in brackets. The goal for one layer
is {GOAL}.

| layers | | seconds | ratio to static |
|---:|---|---:|---:|"""
    for result in results:
        for name, seconds in result.seconds.items():
            ratio = "1" if name == STATIC else _spread(result.ratios(name))
            layers = f"{result.layers} of {result.size / 1e6:.0f} MB"
            yield f"| {layers} | {name} | {statistics.median(seconds):.2f} | {ratio} |"
    yield """
Mind that the machine's speed changes from one minute to the next, so ratios of single turns differ. What a layer costs
is the start of `python -m pulumi.dynamic`, which imports Pulumi's SDK once more. The engine starts the plugins of
default providers one after the other (`defaultProviders.serve`, and `loadRequests` of its plugin host), and not before
the program has ended, as the empty dynamic resource shows.
Each further layer adds the planning and two more resources to register, the component and the build. A static archive,
on the other hand, is read and hashed in every preview, which the zip of a `PoetryLayer` is not."""


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


if __name__ == "__main__":
    main()
