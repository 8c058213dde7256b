"""``python -m benchmarks.overhead``: how much a PoetryLayer slows down a ``pulumi preview`` without changes.

The contestants are the same program with the same layer zip in four forms:

- as a static ``FileArchive`` layer version,
- as a ``PoetryLayer`` with warm caches,
- as a ``PoetryLayer`` with empty caches,
- as a static ``FileArchive`` layer version, and an empty component with an empty dynamic resource for each layer. This
  shows the part of the difference that Pulumi itself causes: the start of ``python -m pulumi.dynamic``, and two more
  resources for each layer.

The Pulumi engine is real, the AWS plugin is the stand-in of the tests.
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from e2e.harness import LocalAws, Machine, Program, Stack  # noqa: E402 - the tests are not an installed package
from e2e.harness.toolchain import find_toolchain  # noqa: E402

from benchmarks.measure import Command, Measurement, measure  # noqa: E402
from benchmarks.sections import replace_section  # noqa: E402
from pulumi_poetry_layer.host.cache import ENVIRONMENT_VARIABLE  # noqa: E402
from pulumi_poetry_layer.layer.build import build_layer  # noqa: E402

RUNTIME = "python3.13"
GOALS = {1: 1.10, 30: 1.25}
"""The goals: number of layers → the time of a preview with them, divided by that with static archives."""

_HEAD = """\
import json
import pulumi
import pulumi_aws as aws
"""
_SERVICE = """\
bucket = aws.s3.Bucket("documents")
aws.ssm.Parameter("documents-name", type="String", value=bucket.bucket)
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
from nothing import Whole

for number in range(LAYERS):
    Whole(f"nothing{number}")
""",
}
_NOTHING = """\
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class NothingProvider(ResourceProvider):
    def create(self, props):
        return CreateResult("nothing", props)


class Nothing(Resource):
    def __init__(self, name, opts):
        super().__init__(NothingProvider(), name, {}, opts)


class Whole(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("acme:index:Whole", name)
        Nothing(name, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
"""
STATIC = "static FileArchive"
OURS = "PoetryLayer"
FRESH = "PoetryLayer, caches empty"
FLOOR = "static FileArchive, and empty components with an empty dynamic resource"
PROGRAMS = {
    STATIC: _LAYERS["static"],
    OURS: _LAYERS["poetry-layer"],
    FRESH: _LAYERS["poetry-layer"],
    FLOOR: _LAYERS["static"] + _LAYERS["empty-dynamic"],
}


@dataclass(frozen=True)
class Case:
    """A layer, and how many of it a program has.

    Attributes:
        fixture: name of the fixture.
        exclude: packages that are left out of the layer.
        layers: numbers of layers to measure.
        bare: whether the program has nothing but layers, functions and their role.
    """

    fixture: str
    exclude: tuple[str, ...]
    layers: tuple[int, ...]
    bare: bool = False


CASES = (
    Case("small", (), (1,), bare=True),
    Case("small", (), (1, 5, 30)),
    Case("medium", ("boto3",), (1,)),  # the Lambda runtime has boto3; with it, the zip is too large for direct upload
)


@dataclass(frozen=True)
class Result:
    """The measurements for a number of layers.

    Attributes:
        case: the layer and the program.
        layers: number of layers.
        size: size of each layer zip in bytes.
        measured: name of a contestant → the measurement of each of its previews.
    """

    case: Case
    layers: int
    size: int
    measured: Mapping[str, Sequence[Measurement]]

    def ratios(self, contestant: str, seconds: Callable[[Measurement], float]) -> list[float]:
        """For each round, the time of a contestant divided by the time of the static program."""
        pairs = zip(self.measured[contestant], self.measured[STATIC], strict=True)
        return [seconds(one) / seconds(static) for one, static in pairs]


def main() -> None:
    """Measure, print the section and put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="benchmarks.overhead", description=__doc__)
    parser.add_argument("--fixture", choices=[case.fixture for case in CASES], help="default: all")
    parser.add_argument("--layers", type=int, nargs="+", help="default: 1, 5 and 30 of the small fixture")
    parser.add_argument("--rounds", type=int, default=11, help="previews of each program (default: 11)")
    parser.add_argument("--no-report", action="store_true", help="do not change docs/benchmarks.md")
    options = parser.parse_args()
    # Compile the package, as pip does when it installs one, even if PYTHONDONTWRITEBYTECODE is set.
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
                case=case,
                layers=number,
                size=artifact.size,
                measured=_take_turns(rounds, _stacks(folder / str(number), machine, case, artifact.path, number)),
            )
            for number in layers
        ]
    finally:
        aws.stop()


def _stacks(folder: Path, machine: Machine, case: Case, zip_file: Path, layers: int) -> dict[str, Stack]:
    """Name of a contestant → the stack of its program, deployed."""
    stacks = {}
    project = REPOSITORY / "benchmarks" / "fixtures" / case.fixture
    values = {"RUNTIME": RUNTIME, "LAYERS": str(layers), "EXCLUDE": str(list(case.exclude))}
    for number, (name, declared) in enumerate(PROGRAMS.items()):
        program = Program(folder=folder / str(number), backend=folder / "backend", machine=machine)
        text = _HEAD + declared + ("" if case.bare else _SERVICE) + _TAIL
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
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


def _take_turns(rounds: int, stacks: Mapping[str, Stack]) -> dict[str, list[Measurement]]:
    measured: dict[str, list[Measurement]] = {name: [] for name in stacks}
    for number in range(1, rounds + 1):
        for name, stack in stacks.items():
            taken = measure([_preview(stack, fresh=name == FRESH)])
            measured[name].append(taken)
            print(f"{number}/{rounds}: {taken.seconds:6.3f} s  {name}", file=sys.stderr)
    return measured


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
{platform.python_version()}, load average {os.getloadavg()[0]:.1f}. `pulumi preview` of a program with a role, a
bucket, a parameter, and one function per layer; a *bare* program has neither bucket nor parameter. The Pulumi engine is
real, the AWS plugin is the stand-in of the tests. The programs take turns, and a ratio compares two times of the same
turn. Medians of {len(results[0].measured[STATIC])}, with the lowest and the highest in brackets. The goal is
{" and ".join(f"{ratio} for {count}" for count, ratio in GOALS.items())} layers.

| layers | | seconds | ratio to static | processor seconds | ratio to static |
|---:|---|---:|---:|---:|---:|"""
    for result in results:
        for name in result.measured:
            layers = f"{result.layers} of {result.size / 1e6:.0f} MB{', bare' if result.case.bare else ''}"
            yield f"| {layers} | {name} | {' | '.join(_columns(result, name))} |"
    yield """
The ratios of single turns differ, because the speed of the machine changes from minute to minute. Most of the overhead
of the first layer is the start of `python -m pulumi.dynamic`, which imports Pulumi's SDK again. The engine starts the
plugins of default providers one after the other (`defaultProviders.serve`, and `loadRequests` of its plugin host), and
not before the program has ended. The first `PoetryLayer` of a program is sent to the engine early
(`sdk_internals/early_registration`), so that this start falls into the time in which the program imports and declares
the rest; in a bare program little is left for that. Each further layer adds its planning and two more resources: the
component and the build. The empty components show what the same number of resources costs without this package. A
static archive, however, is read and hashed in every preview, and the
zip of a `PoetryLayer` is not."""


def _columns(result: Result, name: str) -> Iterator[str]:
    """The median and the ratio to the static program, for the clock and for the processors."""
    kinds: tuple[Callable[[Measurement], float], ...] = (
        lambda one: one.seconds,
        lambda one: one.processor_seconds,
    )
    for seconds in kinds:
        yield f"{statistics.median(map(seconds, result.measured[name])):.2f}"
        yield "1" if name == STATIC else _spread(result.ratios(name, seconds))


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


if __name__ == "__main__":
    main()
