"""Who takes part: each turns one project into a layer zip, with the same locked files in it."""

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
    """Where a contestant finds what it needs, and puts what it makes.

    Attributes:
        project: folder of pyproject.toml and poetry.lock.
        requirements: the plan as a requirements file with hashes.
        wheels: folder of the plan's wheels.
        python: interpreter of the runtime's version.
        runtime: such as ``python3.13``.
        cache: the contestant's cache; kept between rounds when it is warm.
        output: an empty folder, thrown away after the round.
        variables: what the tools on this host need to reach the index.
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
        """Compress what lies in ``folder/python`` the way everybody does."""
        command = self.command("zip", "-q", "-r", self.output / "layer.zip", "python")
        return Command(arguments=command.arguments, folder=self.output / folder, variables=command.variables)


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A way to a layer.

    Attributes:
        name: for the table.
        commands: what is run, one after the other.
        cold: whether it also takes part with an empty cache.
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
