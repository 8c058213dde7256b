"""Install the sdist and the wheel in ``dist`` as users do, drive them once, and run the unit tests from the sdist.

``make check-dist`` builds both and runs this script. The Pythons are the oldest and the newest one that pyproject.toml
names; where one of them is missing, the nearest one of this machine takes its place, and the output says so. With
``--strict``, as in the workflow of GitHub, a missing one is an error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import findpython
import tomli

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
SCRIPT = "pulumi-poetry-layer"
_RUNTIME = "python3.13"
_CLASSIFIER = re.compile(r"Programming Language :: Python :: 3\.(\d+)")
_OF_THE_USER = ("PULUMI_", "POETRY_", "PYTHON", "VIRTUAL_ENV", "UV_")


class CheckError(Exception):
    """The files in ``dist`` do not do what a user expects. The message says what."""


def main() -> int:
    """Run the checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--strict", action="store_true", help="a missing Python is an error")
    parser.add_argument("--no-tests", action="store_true", help="do not run the unit tests from the sdist")
    options = parser.parse_args()
    try:
        check(strict=options.strict, tests=not options.no_tests)
    except CheckError as error:
        print(f"check-dist: {error}", file=sys.stderr)
        return 1
    return 0


def check(*, strict: bool, tests: bool) -> None:
    """Check the files in ``dist``.

    Raises:
        CheckError: They do not do what a user expects, or, with ``strict``, a Python is missing.
    """
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    oldest, newest = pythons(strict=strict)
    with tempfile.TemporaryDirectory(prefix="check-dist-") as temporary:
        folder = Path(temporary)
        sources = _unpacked(sdist, folder)
        layers = set()
        for python in dict.fromkeys((oldest, newest)):
            machine = Machine(folder / python.name, python)
            layers |= {machine.install_and_drive(file, sources) for file in (wheel, sdist)}
        if len(layers) != 1:
            raise CheckError(f"the same lock file became different layers: {sorted(layers)}")
        machine.run_with_uvx()
        if tests:
            machine.run_unit_tests(sources)


class Machine:
    """A clean machine: a home folder without anything, and a virtual environment."""

    def __init__(self, folder: Path, python: Path) -> None:
        self._folder = folder
        self._name = python.name
        folder.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_USER)}
        programs = folder / "venv" / "bin"
        self._environment = {
            **kept,
            "HOME": str(folder),
            "PATH": os.pathsep.join([str(programs), "/usr/local/bin", "/usr/bin", "/bin"]),
            "PULUMI_POETRY_LAYER_CACHE_DIR": str(folder / "layer-cache"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        self._python = programs / "python"
        self._run("virtual environment", [python, "-m", "venv", folder / "venv"])
        self._pip("install", "pip>=25.1")  # the first one with dependency groups

    def install_and_drive(self, file: Path, sources: Path) -> str:
        """Install a distribution, and plan and build the layer of the quick start.

        Returns:
            The sha256 of the layer.
        """
        project: list[str | Path] = ["-C", sources / "examples" / "quickstart", "--runtime", _RUNTIME, "--json"]
        self._pip("install", file)
        version = self._run("--version", [SCRIPT, "--version"]).split()[-1]
        if f"-{version}" not in file.name:
            raise CheckError(f"{file.name}: `{SCRIPT} --version` says {version}")
        self._run("import", [self._python, "-c", "from pulumi_poetry_layer import PoetryLayer, build_layer"])
        planned = json.loads(self._run("plan", [SCRIPT, "plan", *project]))
        built = json.loads(self._run("build", [SCRIPT, "build", *project, "-o", self._folder / "layer.zip"]))
        if planned["fingerprint"] != built["fingerprint"]:
            raise CheckError(f"{file.name}: `plan` and `build` have different fingerprints")
        self._pip("uninstall", "-y", SCRIPT)
        return str(built["sha256"])

    def run_with_uvx(self) -> None:
        """Run the command line as uv runs tools, without an installation."""
        folder = self._folder / "uv"
        settings = {"UV_CACHE_DIR": str(folder), "UV_TOOL_DIR": str(folder / "tools"), "UV_PYTHON": str(self._python)}
        uvx = Path(sys.executable).with_name("uvx")
        self._run("uvx", [uvx, "--from", ".", SCRIPT, "--version"], cwd=ROOT, environment=settings)

    def run_unit_tests(self, sources: Path) -> None:
        """Run the unit tests from the files of the sdist, outside of git."""
        self._pip("install", "-e", ".", "--group", "test", cwd=sources)
        selected = ["-m", "not docker and not thorough", "--numprocesses=auto", "-q", "-p", "no:cacheprovider"]
        self._run("unit tests", [self._python, "-m", "pytest", "tests/unit", *selected], cwd=sources)

    def _pip(self, *arguments: str | Path, cwd: Path | None = None) -> None:
        options = ["--disable-pip-version-check", *(["--no-compile"] if arguments[0] == "install" else [])]
        what = " ".join(part.name if isinstance(part, Path) else part for part in arguments)
        self._run(f"pip {what}", [self._python, "-m", "pip", *arguments, *options], cwd=cwd)

    def _run(
        self,
        what: str,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        started = time.monotonic()
        ended = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self._folder,
            env={**self._environment, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise CheckError(f"{self._name}: {what}: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
        last = ended.stdout.strip().rpartition("\n")[2] if what in {"uvx", "unit tests", "--version"} else "ok"
        print(f"{self._name}: {what}: {last} ({time.monotonic() - started:.1f} s)", flush=True)
        return ended.stdout


def pythons(*, strict: bool) -> tuple[Path, Path]:
    """Return the oldest and the newest Python that the package supports and this machine has.

    Raises:
        CheckError: There is none, or, with ``strict``, one of those that pyproject.toml names is missing.
    """
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    supported = sorted(int(found[1]) for found in map(_CLASSIFIER.fullmatch, project["classifiers"]) if found)
    here = {minor: python for minor in supported for python in _usable(minor)}
    missing = [f"3.{minor}" for minor in (supported[0], supported[-1]) if minor not in here]
    if not here or (missing and strict):
        raise CheckError(f"no Python {' or '.join(missing)} with venv on this machine")
    if missing:
        print(f"check-dist: no Python {' or '.join(missing)} on this machine; the workflow of GitHub checks it")
    return here[min(here)], here[max(here)]


def _usable(minor: int) -> Iterator[Path]:
    """The first CPython 3.<minor> with which a virtual environment can be made."""
    for found in findpython.find_all(3, minor, implementation="cpython"):
        python = Path(found.executable)
        ended = subprocess.run([str(python), "-c", "import ensurepip, venv"], capture_output=True, check=False)
        if re.fullmatch(r"python3\.\d+", python.name) and ended.returncode == 0:
            yield python
            return


def _unpacked(sdist: Path, folder: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder)  # noqa: S202 - we have built it
    return folder / sdist.name.removesuffix(".tar.gz")


if __name__ == "__main__":
    sys.exit(main())
