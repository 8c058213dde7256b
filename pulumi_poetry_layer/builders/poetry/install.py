"""The steps of a build with Poetry, the same wherever it runs: on this host or in a container.

A folder gets copies of pyproject.toml and poetry.lock and a virtual environment inside it
(``virtualenvs.in-project``), Poetry installs the chosen groups and extras without the project itself (``--no-root``),
and the environment's site-packages become the layer: https://python-poetry.org/docs/cli/#install
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pulumi_poetry_layer.builders.poetry.failures import explained
from pulumi_poetry_layer.builders.poetry.pinned_lock import PATHS_FOLDER, pin_lock
from pulumi_poetry_layer.builders.poetry.site_packages import read_site_packages
from pulumi_poetry_layer.errors import SubprocessError
from pulumi_poetry_layer.wheels.path_dependencies import copy_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.builders.poetry.index_access import IndexAccess
    from pulumi_poetry_layer.plan.build_plan import BuildPlan

_ENVIRONMENT_FOLDER = ".venv"


class Workspace(Protocol):
    """A folder, with the target's Python and a Poetry that work in it."""

    def write(self, texts: Mapping[str, str]) -> None:
        """Put text files into the folder, by name."""

    def copy(self, source: Path, name: str) -> None:
        """Put a copy of a folder of this host into the folder, under a name."""

    def python(self, arguments: Sequence[str]) -> None:
        """Run the target's Python in the folder.

        Raises:
            BuildError: it failed; carries its output.
        """

    def poetry(self, arguments: Sequence[str]) -> None:
        """Run Poetry in the folder.

        Raises:
            BuildError: it failed; carries its output.
        """

    def fetch(self, folder: str) -> Path:
        """Where a folder of the workspace can be read on this host, once everything has run."""


def install_plan(plan: BuildPlan, files: ProjectFiles, access: IndexAccess, workspace: Workspace) -> list[Member]:
    """Install the plan in a workspace; the members lie where the workspace fetched them to.

    Args:
        plan: what to install.
        files: the project's own files.
        access: what they are to be in the workspace, and how Poetry gets at indexes.
        workspace: where it runs.

    Raises:
        BuildError: a step failed, or something else than the plan was installed.
    """
    lock = access.lock(pin_lock(files.lock, plan))
    settings = {"poetry.toml": access.settings} if access.settings else {}
    workspace.write({"pyproject.toml": access.pyproject, "poetry.lock": lock, **settings})
    paths = [package for package in plan.packages if package.digest]
    with tempfile.TemporaryDirectory(prefix="poetry-layer-") as temporary:
        for package in paths:
            copy_path(package, files.folder, Path(temporary, package.name))
        if paths:
            workspace.copy(Path(temporary), PATHS_FOLDER)
    workspace.python(["-m", "venv", "--without-pip", _ENVIRONMENT_FOLDER])
    try:
        workspace.poetry(install_arguments(plan, cached=not access.logins))
    except SubprocessError as error:
        raise explained(error, plan, access) from None
    site_packages = workspace.fetch(f"{_ENVIRONMENT_FOLDER}/lib/{plan.target.runtime}/site-packages")
    return read_site_packages(site_packages, plan)


def install_arguments(plan: BuildPlan, *, cached: bool = True) -> list[str]:
    """``poetry install`` for the plan's groups and extras, without the project itself.

    Not ``cached``: Poetry keeps answers of indexes with the headers of the request that they vary by, and an index may
    well say ``Vary: Authorization``. Downloaded files are kept all the same. ``-v`` has it say why there is no
    connection.
    """
    extras = [argument for extra in sorted(plan.choice.extras) for argument in ("--extras", extra)]
    groups = ",".join(sorted(plan.choice.groups))
    options = ["-v", "--no-interaction", "--no-ansi", *([] if cached else ["--no-cache"])]
    return ["install", "--no-root", "--only", groups, *extras, *options]


def poetry_settings(*, configuration: str, cache: str, keyring: bool = False) -> dict[str, str]:
    """Environment variables for a Poetry that has its own configuration and installs beside the project.

    Args:
        configuration: a folder of this build alone.
        cache: a folder that outlives it.
        keyring: whether Poetry may ask the system's keyring.
    """
    return {
        "POETRY_CONFIG_DIR": f"{configuration}/config",
        "POETRY_DATA_DIR": f"{configuration}/data",
        "POETRY_CACHE_DIR": cache,
        "POETRY_KEYRING_ENABLED": "true" if keyring else "false",
        "POETRY_VIRTUALENVS_CREATE": "true",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": "315532800",  # 1980-01-01, the archive's own date: https://reproducible-builds.org/specs/
    }
