"""What a user sees of each command: on terminals of 80 and 140 columns, and in a pipe.

With the environment variable ``UPDATE_SCREENS``, the files in ``screens/`` are written instead of compared.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples import PROJECT, Package, lock_text
from samples.elf import elf
from samples.index import Index, serve
from samples.layers import installed, write_zip
from samples.terminal import on_terminal
from samples.wheels import WheelSample

SCREENS = Path(__file__).parent / "screens"
MEDIUM = Path(__file__).resolve().parents[3] / "benchmarks" / "fixtures" / "medium"
PROGRAM = ["-m", "pulumi_poetry_layer"]
TARGET = ["--runtime", "python3.12", "--architecture", "x86_64"]
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def sample(name: str, size: int, version: str = "1.0") -> WheelSample:
    """A wheel with incompressible data of this size."""
    data = random.Random(name).randbytes(size)  # noqa: S311 - the same in each run
    return WheelSample(name=name, version=version, files={f"{name}/__init__.py": b"", f"{name}/data.bin": data})


WHEELS = [sample("app", 4_000_000), sample("parser", 2_500_000, "2.14.3"), sample("tables", 60_000), sample("tiny", 9)]
NEEDS = {"app": {"parser": ">=2,<3", "tiny": "*"}, "parser": {"tables": ">=1", "tiny": "*"}}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of a user with an index, and a cache that only these tests use."""
    files = {wheel.file_name: wheel.data() for wheel in WHEELS}
    with serve(Index(files=files, sizes=True)) as index:
        yield {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path_factory.mktemp("home")),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PULUMI_POETRY_LAYER_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
            "POETRY_PYPI_MIRROR_URL": index.url,
            "NO_PROXY": "*",
            "PYTHONIOENCODING": "utf-8",
        }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """A project with layers that are built: layer.zip and, without a package, small.zip."""
    folder = tmp_path_factory.mktemp("project")
    packages = [
        Package(
            name=wheel.name,
            version=wheel.version,
            dependencies=NEEDS.get(wheel.name, {}),
            other_keys={"files": [{"file": wheel.file_name, "hash": wheel.hash}]},
        )
        for wheel in WHEELS
    ]
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "poetry.lock").write_text(lock_text(PROJECT, packages))
    for output, exclude in (("layer.zip", []), ("small.zip", ["--exclude", "tables"])):
        command = [sys.executable, *PROGRAM, "build", *TARGET, *exclude, "-o", output]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    fast = "demo/speedups_with_a_rather_long_name.cpython-311-x86_64-linux-gnu.so"
    write_zip(folder / "broken.zip", installed("demo", {"demo/__init__.py": b"", fast: elf("x86_64")}))
    return folder


INVOKE = """
import sys
from pulumi_poetry_layer.cli import main
from pulumi_poetry_layer.cli.commands import invoke
from pulumi_poetry_layer.emulator.answers import Answer, FunctionError

def invoke_function(*_, show_line, handler, **__):
    for line in LOG.splitlines():
        show_line(line)
    error = FunctionError(type="Runtime.HandlerNotFound", message="Handler 'nothing' missing on module 'app'", stack=())
    return Answer(value="/opt/python/app/__init__.py", error=error if handler == "app.nothing" else None)

LOG = '''\\
START RequestId: 359c9aae-a920-48a2-b9b8-1ad239d2dd31 Version: $LATEST
END RequestId: 359c9aae-a920-48a2-b9b8-1ad239d2dd31
REPORT RequestId: 359c9aae-a920-48a2-b9b8-1ad239d2dd31	Init Duration: 0.03 ms	Duration: 1735.35 ms	\\
Billed Duration: 1736 ms	Memory Size: 3008 MB	Max Memory Used: 3008 MB
'''
invoke.find_interpreter = lambda _: None
invoke.invoke_function = invoke_function
sys.exit(main())
"""
"""The command `invoke` with what AWS's emulator has printed and answered once; it needs a Python 3.12 and Linux."""

COMMANDS = {
    "plan": ["plan", "-C", str(MEDIUM), *TARGET],
    "plan-tree": ["plan", "-C", str(MEDIUM), *TARGET, "--tree", "--exclude", "fastapi"],
    "plan-size": ["plan", *TARGET, "--size"],
    "why": ["why", "six", "-C", str(MEDIUM), *TARGET],
    "build": ["build", *TARGET, "-o", "again.zip"],
    "inspect": ["inspect", "layer.zip"],
    "inspect-two": ["inspect", "small.zip", "layer.zip"],
    "plan-verbose": ["plan", "-C", str(MEDIUM), *TARGET, "--exclude", "fastapi", "-v"],
    "verify": ["verify", "layer.zip", *TARGET],
    "verify-findings": ["verify", "broken.zip", *TARGET],
    "invoke": ["invoke", "layer.zip", *TARGET, "--handler", "app.handler", "--task", "."],
    "invoke-error": ["invoke", "layer.zip", *TARGET, "--handler", "app.nothing", "--task", "."],
    "invoke-missing": ["invoke"],
    "cache": ["cache", "size"],
    "cache-unknown": ["cache", "sizes"],
    "completion": ["completion"],
    "help": ["--help"],
    "help-why": ["help", "why"],
    "help-build": ["help", "build"],
    "help-completion": ["help", "completion"],
}
EXIT_CODES = {"verify-findings": 1, "invoke-error": 1, "invoke-missing": 2, "cache-unknown": 2, "completion": 2}


NEW_HELP = "from Python 3.13 on, argparse lays help out differently; the tests on older ones compare it"


@pytest.fixture(params=COMMANDS)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a command, and of the files with its screens."""
    if request.param.startswith("help") and sys.version_info >= (3, 13):
        pytest.skip(NEW_HELP)
    return str(request.param)


def arguments_of(name: str) -> list[str]:
    """The arguments of Python for a command."""
    return [*(["-c", INVOKE] if name.startswith("invoke") else PROGRAM), *COMMANDS[name]]


@pytest.mark.parametrize("columns", [80, 140])
def test_terminal_shows_the_known_screen(name: str, columns: int, project: Path, environment: dict[str, str]) -> None:
    """Lines that are broken in the middle of a word, or a table that is wider than the terminal, cannot be read."""
    seen = on_terminal(arguments_of(name), columns=columns, folder=project, environment=environment)
    assert seen.exit_code == EXIT_CODES.get(name, 0)
    compare_with_file(f"{name}-{columns}", "\n".join(seen.lines))


def test_pipe_gets_the_known_lines(name: str, project: Path, environment: dict[str, str]) -> None:
    """A script that searches these lines must find whole values, and no escape sequences."""
    command = [sys.executable, *arguments_of(name)]
    done = subprocess.run(
        command, cwd=project, env=environment, check=False, capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == EXIT_CODES.get(name, 0)
    assert "\x1b" not in done.stdout + done.stderr
    compare_with_file(f"{name}-pipe", done.stdout + done.stderr)


def compare_with_file(name: str, text: str) -> None:
    """Compare with the file of this name, with zeros in place of digests, which depend on the library for zip files."""
    file = SCREENS / f"{name}.txt"
    found = DIGEST.sub("0" * 64, text).rstrip("\n") + "\n"
    if os.environ.get("UPDATE_SCREENS"):
        SCREENS.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


def test_colors_are_only_on_terminals_that_want_them(project: Path, environment: dict[str, str]) -> None:
    """Somebody who has set NO_COLOR would get bars in color."""
    arguments = [*PROGRAM, "inspect", "layer.zip"]
    with_color = on_terminal(arguments, columns=80, folder=project, environment=environment)
    without = on_terminal(arguments, columns=80, folder=project, environment={**environment, "NO_COLOR": "1"})
    assert "cyan" in with_color.colors
    assert without.colors == {"default"}
    assert without.lines == with_color.lines


def test_errors_on_a_terminal_are_broken_between_words(project: Path, environment: dict[str, str]) -> None:
    """A path or an option that is broken anywhere cannot be read, or copied."""
    arguments = [*PROGRAM, "plan", *TARGET, "--group", "no-such-group-with-a-rather-long-name-in-this-project"]
    seen = on_terminal(arguments, columns=80, folder=project, environment=environment)
    assert seen.exit_code == 1
    assert seen.lines == [
        "error: --group: unknown group",
        "  'no-such-group-with-a-rather-long-name-in-this-project'",
        "  hint: known groups: main",
    ]
    assert seen.colors == {"default", "red"}


@pytest.mark.parametrize("arguments", [["plan", "--json"], ["plan"], ["plan", "--tree"], ["why", "six"], ["--version"]])
def test_pipe_does_not_load_what_draws_tables(arguments: list[str], environment: dict[str, str]) -> None:
    """Each command of a script would take 50 ms longer."""
    options = [] if arguments == ["--version"] else ["-C", str(MEDIUM), *TARGET]
    run = f"import sys\nfrom pulumi_poetry_layer.cli import main\ntry: main({[*arguments, *options]})\n"
    code = f"{run}finally: print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nFalse\n")
