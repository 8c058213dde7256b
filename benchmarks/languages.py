"""``python -m benchmarks.languages``: how much a PoetryLayer slows down a ``pulumi preview`` in other languages.

For each language, two programs take turns: one with a PoetryLayer, and the same program with the same zip as a static
layer version. Both have a role, a layer and a function. The Pulumi engine and the language hosts are real, the AWS
plugin is the stand-in of the tests. The programs have one explicit AWS provider: without it, the SDK of the program and
the one beside the plugin would need a process each if their versions differ.
"""

from __future__ import annotations

import argparse
import compileall
import datetime
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from e2e.harness import LocalAws, Machine, Program, Stack  # noqa: E402 - the tests are not an installed package
from e2e.harness.examples import copy_example  # noqa: E402
from e2e.harness.languages import Sdks, generate  # noqa: E402
from e2e.harness.toolchain import find_toolchain  # noqa: E402

from benchmarks.measure import Command, Measurement, measure  # noqa: E402
from benchmarks.sections import replace_section  # noqa: E402
from pulumi_poetry_layer.layer.build import build_layer  # noqa: E402

GOAL = 1.15
"""The goal: the time of a preview with a PoetryLayer, divided by that with a static layer version."""

_COMMAND = "python -m benchmarks.languages"
_FIXTURES = REPOSITORY / "benchmarks" / "fixtures" / "languages"
_PROGRAMS: dict[str, dict[str, dict[str, str]]] = {
    "YAML": {"static": {"Pulumi.yaml": "static.yaml"}, "ours": {"Pulumi.yaml": "poetry_layer.yaml"}},
    "TypeScript": {"static": {"index.ts": "static.ts"}, "ours": {"index.ts": "poetry_layer.ts"}},
    "Go": {"static": {"main.go": "static.go"}, "ours": {"main.go": "poetry_layer.go"}},
}
"""Language → contestant → files of the example that are replaced → their names in the fixtures."""


@dataclass(frozen=True)
class Result:
    """The measurements of the two programs in one language, in turns."""

    language: str
    static: Sequence[Measurement]
    ours: Sequence[Measurement]


def main() -> None:
    """Measure, print the section and put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="benchmarks.languages", description=__doc__)
    parser.add_argument("--language", choices=[*_PROGRAMS], help="default: all")
    parser.add_argument("--rounds", type=int, default=11, help="previews of each program (default: 11)")
    parser.add_argument("--no-report", action="store_true", help="do not change docs/benchmarks.md")
    options = parser.parse_args()
    # Compile the package, as pip does when it installs one, even if PYTHONDONTWRITEBYTECODE is set.
    compileall.compile_dir(REPOSITORY / "pulumi_poetry_layer", quiet=1)
    languages = [options.language] if options.language else [*_PROGRAMS]
    with tempfile.TemporaryDirectory(prefix="languages-", ignore_cleanup_errors=True) as folder:
        results = _measured(Path(folder), languages, options.rounds)
    text = "\n".join(_lines(results))
    if not options.no_report:
        replace_section(REPOSITORY / "docs" / "benchmarks.md", "languages", _COMMAND, text)
    print(text)


def _measured(folder: Path, languages: Sequence[str], rounds: int) -> list[Result]:
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    aws = LocalAws()
    try:
        machine = Machine(root=folder / "machine", toolchain=find_toolchain(), aws=aws)
        machine.toolchain.require_languages()
        (folder / "sdks").mkdir()
        sdks = generate(machine, folder / "sdks")
        return [
            _take_turns(language, rounds, _stacks(folder / language, machine, sdks, language)) for language in languages
        ]
    finally:
        aws.stop()


def _stacks(folder: Path, machine: Machine, sdks: Sdks, language: str) -> dict[str, Stack]:
    """Contestant → the stack of its program, deployed."""
    stacks = {}
    for contestant, replaced in _PROGRAMS[language].items():
        program = Program(
            folder=copy_example(language.lower(), folder / contestant), backend=folder / "backend", machine=machine
        )
        build_layer(project_dir=program.folder, runtime="python3.13", output=program.folder / "layer.zip")
        program.write({name: (_FIXTURES / source).read_bytes() for name, source in replaced.items()})
        project = program.folder / "Pulumi.yaml"
        lines = project.read_text(encoding="utf-8").splitlines()
        program.write({"Pulumi.yaml": "\n".join([f"name: {contestant}", *lines[1:]]) + "\n"})
        sdks.install(program.folder, machine)
        stacks[contestant] = program.stack()
        stacks[contestant].up(skip_preview=True)
        if not stacks[contestant].preview().unchanged:
            raise SystemExit(f"a second preview of {contestant!r} in {language} shows changes")
    return stacks


def _take_turns(language: str, rounds: int, stacks: Mapping[str, Stack]) -> Result:
    measured: dict[str, list[Measurement]] = {contestant: [] for contestant in stacks}
    for number in range(1, rounds + 1):
        for contestant, stack in stacks.items():
            taken = measure([_preview(stack)])
            measured[contestant].append(taken)
            print(f"{number}/{rounds}: {taken.seconds:6.3f} s  {language}, {contestant}", file=sys.stderr)
    return Result(language=language, **measured)


def _preview(stack: Stack) -> Command:
    program = stack.program
    return Command(
        arguments=("pulumi", "preview", "--stack", stack.name, "--non-interactive", "--expect-no-changes"),
        folder=program.folder,
        variables={**program.machine.environment, "PULUMI_BACKEND_URL": program.backend.as_uri()},
    )


def _lines(results: Sequence[Result]) -> Iterator[str]:
    """The section of docs/benchmarks.md."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    yield f"""\
## Overhead of a preview in other languages

`{_COMMAND}`, {today}, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, load average
{os.getloadavg()[0]:.1f}. `pulumi preview` of a program without changes, with a role, a layer and a function: once the
layer is a `PoetryLayer`, once the same zip as a static `FileArchive`. The Pulumi engine and the language hosts are
real, the AWS plugin is the stand-in of the tests. The two programs take turns, and a ratio compares two times of the
same turn. Medians of {len(results[0].static)}, with the lowest and the highest in brackets. The goal is {GOAL}. The
programs have one explicit AWS provider. The time of Go includes compiling the program.

| language | seconds, static | seconds, PoetryLayer | ratio | ratio of processor seconds |
|---|---:|---:|---:|---:|"""
    for result in results:
        clock = [statistics.median(one.seconds for one in taken) for taken in (result.static, result.ours)]
        pairs = list(zip(result.ours, result.static, strict=True))
        ratios = _spread([ours.seconds / static.seconds for ours, static in pairs])
        work = _spread([ours.processor_seconds / static.processor_seconds for ours, static in pairs])
        yield f"| {result.language} | {clock[0]:.2f} | {clock[1]:.2f} | {ratios} | {work} |"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


if __name__ == "__main__":
    main()
