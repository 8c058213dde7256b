"""LocalBuilder: the real ``poetry install`` on this host, in a folder of its own.

An isolated folder gets copies of pyproject.toml and poetry.lock and a virtual environment inside it
(``virtualenvs.in-project``), Poetry installs the chosen groups and extras without the project itself (``--no-root``),
and the environment's site-packages become the layer: https://python-poetry.org/docs/cli/#install
"""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.cache import cache_folder
from pulumi_poetry_layer.errors import HostError, SubprocessError
from pulumi_poetry_layer.pinned_lock import pin_lock
from pulumi_poetry_layer.plan import BuilderIdentity
from pulumi_poetry_layer.process import Program, find_program, run
from pulumi_poetry_layer.site_packages import read_site_packages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_poetry_layer.archive import Member
    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.plan import BuildPlan
    from pulumi_poetry_layer.target import Target

MIRROR_VARIABLE = "POETRY_PYPI_MIRROR_URL"

_OTHER_BUILDERS = "use the wheels builder, which builds for any target on any host, or the container builder"
_POETRY_HINT = "install Poetry 2: https://python-poetry.org/docs/#installation"

# What of Poetry's environment variables says how to reach an index; all others are configuration of this host's user.
_KEPT_POETRY_VARIABLES = re.compile(
    r"POETRY_(HTTP_BASIC|PYPI_TOKEN|CERTIFICATES|REPOSITORIES)_.+|POETRY_REQUESTS_TIMEOUT|" + MIRROR_VARIABLE
)
# Interpreters, environments and pip options that the calling shell has active.
_DROPPED_VARIABLES = re.compile(r"(POETRY|PIP|PYTHON|VIRTUAL_ENV|CONDA|UV|PDM|PYENV_VERSION).*|__PYVENV_LAUNCHER__")


class LocalBuilder:
    """Builds with the Poetry and the Python of this host, which must be of the target's kind and version.

    Args:
        poetry: name or path of the Poetry executable.
    """

    def __init__(self, *, poetry: str = "poetry") -> None:
        self.poetry = poetry

    @property
    def identity(self) -> BuilderIdentity:
        """The kind alone: which Poetry installs the chosen files does not change them."""
        return BuilderIdentity(kind="local")

    def options(self) -> Mapping[str, str]:
        """The constructor's arguments, as far as they are not the default."""
        return {} if self.poetry == "poetry" else {"poetry": self.poetry}

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Member]]:
        """Install the plan into a temporary virtual environment and hand over its site-packages.

        Raises:
            HostError: this host is not of the target's kind, or has no Python of its version.
            SubprocessError: Poetry is missing or failed; carries Poetry's own output.
        """
        check_host(plan.target)
        interpreter = find_interpreter(plan.target)
        poetry = find_program(self.poetry, hint=_POETRY_HINT)
        with tempfile.TemporaryDirectory(prefix="poetry-layer-") as temporary:
            workspace = Path(temporary).resolve()
            folder = workspace / "project"
            folder.mkdir()
            (folder / "pyproject.toml").write_text(files.pyproject, encoding="utf-8")
            (folder / "poetry.lock").write_text(pin_lock(files.lock, plan), encoding="utf-8")
            environment = poetry_environment(os.environ, workspace)
            run(interpreter, ["-m", "venv", "--without-pip", ".venv"], environment=environment, folder=folder)
            run(
                poetry, install_arguments(plan), environment=environment, folder=folder, hint=_failure_hint(environment)
            )
            site_packages = folder / ".venv" / "lib" / plan.target.runtime / "site-packages"
            yield read_site_packages(site_packages, plan)


def install_arguments(plan: BuildPlan) -> list[str]:
    """``poetry install`` for the plan's groups and extras, without the project itself."""
    extras = [argument for extra in sorted(plan.choice.extras) for argument in ("--extras", extra)]
    groups = ",".join(sorted(plan.choice.groups))
    return ["install", "--no-root", "--only", groups, *extras, "--no-interaction", "--no-ansi"]


def poetry_environment(variables: Mapping[str, str], workspace: Path) -> dict[str, str]:
    """Environment variables for a Poetry that neither uses nor changes this user's configuration and environments.

    Network settings (proxies, certificates, index credentials) pass through; everything else that configures Python,
    Poetry, pip or an active virtual environment does not.
    """
    kept = {
        name: value
        for name, value in variables.items()
        if _KEPT_POETRY_VARIABLES.fullmatch(name) or not _DROPPED_VARIABLES.fullmatch(name)
    }
    return kept | {
        "POETRY_CONFIG_DIR": str(workspace / "config"),
        "POETRY_DATA_DIR": str(workspace / "data"),
        "POETRY_CACHE_DIR": str(cache_folder("poetry")),
        "POETRY_KEYRING_ENABLED": "false",
        "POETRY_VIRTUALENVS_CREATE": "true",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": "315532800",  # 1980-01-01, the archive's own date: https://reproducible-builds.org/specs/
    }


def check_host(target: Target) -> None:
    """Refuse a host on which an installed package would not be one for the target.

    Raises:
        HostError: another operating system, C library or processor.
    """
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or platform.libc_ver()[0] != "glibc":
        found = system if system != "Linux" else "a Linux without glibc"
        raise HostError(f"the local builder cannot build for {target} on {found}", hint=_OTHER_BUILDERS)
    if machine != target.machine:
        raise HostError(
            f"the local builder cannot build for {target} on this host, which is {machine}, not {target.machine}",
            hint=_OTHER_BUILDERS,
        )


def find_interpreter(target: Target) -> Program:
    """This host's Python of the target's version: the running one, or the one on PATH.

    Raises:
        HostError: there is none.
    """
    if sys.version_info[:2] == target.python_version:
        return Program(target.runtime, sys.executable)
    question = "import sys; print('python%d.%d' % sys.version_info[:2])"
    for name in (target.runtime, "python3"):
        try:
            program = find_program(name, hint="")
            answer = run(program, ["-I", "-c", question], environment=os.environ, folder=Path.cwd())
        except SubprocessError:
            continue
        if answer.strip() == target.runtime:
            return Program(target.runtime, program.path)
    running = "python{}.{}".format(*sys.version_info[:2])
    raise HostError(
        f"the local builder needs {target.runtime}; this host runs {running} and has no {target.runtime} on PATH",
        hint=f"install {target.runtime}, or {_OTHER_BUILDERS.removeprefix('use ')}",
    )


def _failure_hint(environment: Mapping[str, str]) -> str | None:
    if MIRROR_VARIABLE in environment:
        return f"{MIRROR_VARIABLE} is set, and Poetry heeds it only with poetry-plugin-pypi-mirror beside it"
    return None
