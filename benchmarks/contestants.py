"""The contestants: each makes a layer zip of a project, with the same locked files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from benchmarks.measure import Command

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Round:
    """The input and output of a contestant in one round.

    Attributes:
        project: folder of pyproject.toml and poetry.lock.
        requirements: the plan as a requirements file with hashes.
        wheels: folder with the wheels of the plan.
        python: a Python of the runtime's version.
        runtime: the runtime, such as ``python3.13``.
        cache: the cache folder of the contestant. It is kept between rounds with warm caches.
        output: an empty folder, which is removed after the round.
        variables: environment variables that the tools need to reach the index.
    """

    project: Path
    requirements: Path
    wheels: Path
    python: Path
    runtime: str
    cache: Path
    output: Path
    variables: Mapping[str, str]

    def command(self, *arguments: str | Path, **variables: str | Path) -> Command:
        """A command in the output folder."""
        return Command(arguments=arguments, folder=self.output, variables={**self.variables, **variables})

    def zip(self, folder: str = ".") -> Command:
        """A ``zip`` command for ``folder/python``."""
        command = self.command("zip", "-q", "-r", self.output / "layer.zip", "python")
        return Command(arguments=command.arguments, folder=self.output / folder, variables=command.variables)


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A way to make a layer.

    Attributes:
        name: its name in the tables.
        commands: the commands that it runs, one after the other.
        cold: whether it is also measured with an empty cache.
    """

    name: str
    commands: Callable[[Round], Sequence[Command]]
    cold: bool = True


def _ours(here: Round) -> list[Command]:
    arguments = (
        "--project-dir",
        here.project,
        "--runtime",
        here.runtime,
        "--builder",
        "wheels",
        "--output",
        "layer.zip",
    )
    return [
        here.command(
            sys.executable,
            "-m",
            "pulumi_poetry_layer",
            "build",
            *arguments,
            PULUMI_POETRY_LAYER_CACHE_DIR=here.cache,
            PYTHONPATH=REPOSITORY,
        )
    ]


def _uv(here: Round) -> list[Command]:
    arguments = (
        "--quiet",
        "--no-deps",
        "--no-build",
        "--require-hashes",
        "--target",
        "python",
        "--cache-dir",
        here.cache,
    )
    python = ("--python", here.python, "--requirement", here.requirements)
    return [here.command(find_uv_bin(), "pip", "install", *arguments, *python)]


def _uv_and_zip(here: Round) -> list[Command]:
    return [*_uv(here), here.zip()]


def _pip_and_zip(here: Round) -> list[Command]:
    arguments = ("--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", "python")
    cache = ("--cache-dir", here.cache, "--disable-pip-version-check", "--no-compile")
    command = (here.python, "-m", "pip", "install", *arguments, *cache, "--requirement", here.requirements)
    return [here.command(*command), here.zip()]


def _poetry_and_zip(here: Round) -> list[Command]:
    project = here.output / "project"
    variables: dict[str, str | Path] = {
        "POETRY_CACHE_DIR": here.cache,
        "POETRY_CONFIG_DIR": here.cache / "config",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    }
    site_packages = f"project/.venv/lib/{here.runtime}"
    return [
        here.command("cp", "-r", here.project, project),
        here.command(here.python, "-m", "venv", "--without-pip", project / ".venv"),
        here.command("poetry", "-C", project, "install", "--quiet", "--no-root", "--only", "main", **variables),
        here.command("mv", f"{site_packages}/site-packages", f"{site_packages}/python"),
        here.zip(site_packages),
    ]


def _copy(here: Round) -> list[Command]:
    return [here.command("cp", "-r", here.wheels, "wheels")]


OURS = Contestant(name="pulumi-poetry-layer build", commands=_ours)
CONTESTANTS = (
    OURS,
    Contestant(name="uv pip install --target, zip", commands=_uv_and_zip),
    Contestant(name="uv pip install --target alone", commands=_uv),
    Contestant(name="pip install --target, zip", commands=_pip_and_zip),
    Contestant(name="poetry install, zip", commands=_poetry_and_zip),
    Contestant(name="cp of the wheels", commands=_copy, cold=False),
)
