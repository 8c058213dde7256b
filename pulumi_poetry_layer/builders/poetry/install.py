"""The steps of a build with Poetry, the same on this host and in a container.

1. Copy pyproject.toml and a pinned poetry.lock into a folder, and make a virtual environment in it
   (``virtualenvs.in-project``).
2. Let Poetry install the chosen groups and extras without the project itself (``--no-root``):
   https://python-poetry.org/docs/cli/#install
3. Read the members of the layer from the virtual environment.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from packaging.version import Version

from pulumi_poetry_layer.builders.poetry.failures import explain_failure
from pulumi_poetry_layer.builders.poetry.pinned_lock import PATHS_FOLDER, pin_lock
from pulumi_poetry_layer.builders.poetry.site_packages import read_site_packages
from pulumi_poetry_layer.errors import HostError, SubprocessError
from pulumi_poetry_layer.host.build_log import warn
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.host.progress import doing
from pulumi_poetry_layer.wheels.path_dependencies import copy_path
from pulumi_poetry_layer.wheels.placement import ENVIRONMENT_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.builders.poetry.index_access import IndexAccess
    from pulumi_poetry_layer.bytecode.compiler import Compiler
    from pulumi_poetry_layer.plan.build_plan import BuildPlan, PlannedPackage

_WARNING = "Warning: "  # the start of a line of Poetry about a package, such as one with a wrong RECORD
_VERSION = re.compile(r"version (?P<version>\d+(\.\d+)*)")
_FIRST_WITH_BUILD_CONSTRAINTS = Version("2.3.0")
_BEFORE_DETAILS = " Details:"  # the end of such a line, before lines with paths of Poetry's cache


class Workspace(Protocol):
    """A folder in which the target's Python and Poetry can run."""

    def write(self, texts: Mapping[str, str]) -> None:
        """Write text files into the folder.

        Args:
            texts: file name → text.
        """

    def copy(self, source: Path, name: str) -> None:
        """Copy a folder of this host into the folder.

        Args:
            source: the folder on this host.
            name: name of the copy.
        """

    def python(self, arguments: Sequence[str]) -> None:
        """Run the target's Python in the folder.

        Raises:
            BuildError: it failed; the error contains its output.
        """

    def poetry(self, arguments: Sequence[str]) -> str:
        """Run Poetry in the folder and return its output.

        Raises:
            BuildError: it failed; the error contains its output.
        """

    def fetch(self, folder: str) -> Path:
        """Where a folder of the workspace can be read on this host, once everything has run."""

    def beside(self, name: str) -> Workspace:
        """Another workspace, with the same programs and settings.

        Args:
            name: a name that no other workspace has.
        """


def install_plan(plan: BuildPlan, files: ProjectFiles, access: IndexAccess, workspace: Workspace) -> list[Member]:
    """Install the plan in a workspace, and return the members of the layer.

    Args:
        plan: what to install.
        files: the files that the plan was made from.
        access: the pyproject.toml, logins and certificates for Poetry.
        workspace: where to install.

    Raises:
        BuildError: a step failed, the installed packages are not the planned ones, or Poetry is too old for the plan.
    """

    def install_alone(package: PlannedPackage) -> Path:
        alone, _ = _install(replace(plan, packages=(package,)), files, access, workspace.beside(package.name))
        return alone

    site_packages, output = _install(plan, files, access, workspace)
    for line in output.splitlines():
        if line.startswith(_WARNING):
            warn(line.removeprefix(_WARNING).removesuffix(_BEFORE_DETAILS))
    return read_site_packages(site_packages, plan, install_alone)


def compiled(members: list[Member], compiler: Compiler, plan: BuildPlan, folder: Path) -> list[Member]:
    """The members of the layer with compiled modules.

    Args:
        members: the members without them.
        compiler: the Python that compiles.
        plan: what was installed.
        folder: a temporary folder, which exists as long as the members are used.

    Raises:
        BuildError: the compiler failed.
    """
    from pulumi_poetry_layer.bytecode.layer_files import add_bytecode  # most layers have no bytecode

    workspace = folder / "bytecode"
    workspace.mkdir()
    return add_bytecode(members, compiler, plan.target.python_version, workspace)


def _install(plan: BuildPlan, files: ProjectFiles, access: IndexAccess, workspace: Workspace) -> tuple[Path, str]:
    """Install the plan, and return the site-packages folder and the output of Poetry."""
    settings = {"poetry.toml": access.poetry_toml} if access.poetry_toml else {}
    with temporary_folder() as temporary:
        copies = {
            package.name: copy_path(package, files.folder, temporary / package.name).relative_to(temporary)
            for package in plan.packages
            if package.digest
        }
        paths = {name: f"{PATHS_FOLDER}/{path.as_posix()}" for name, path in copies.items()}
        lock = access.lock(pin_lock(files.lock, plan, paths))
        workspace.write({"pyproject.toml": access.pyproject, "poetry.lock": lock, **settings})
        if copies:
            workspace.copy(temporary, PATHS_FOLDER)
    if any(package.build_constraints for package in plan.packages):
        _check_version(workspace.poetry(["--version"]))
    workspace.python(["-m", "venv", "--without-pip", ENVIRONMENT_FOLDER])
    doing(f"installing {len(plan.packages)} package{'s' if len(plan.packages) != 1 else ''} with Poetry")
    try:
        output = workspace.poetry(install_arguments(plan, cached=not access.logins))
    except SubprocessError as error:
        raise explain_failure(error, plan, access) from None
    environment = workspace.fetch(ENVIRONMENT_FOLDER)
    return environment / "lib" / plan.target.runtime / "site-packages", output


def _check_version(output: str) -> None:
    """Refuse a Poetry that ignores build constraints without a word.

    Args:
        output: the output of ``poetry --version``.
    """
    found = _VERSION.search(output)
    if found and Version(found["version"]) < _FIRST_WITH_BUILD_CONSTRAINTS:
        raise HostError(
            f"Poetry {found['version']} ignores [tool.poetry.build-constraints]",
            hint=f"install Poetry {_FIRST_WITH_BUILD_CONSTRAINTS} or newer (the container builder has an older one for "
            "python3.9), or use the wheels builder",
        )


def install_arguments(plan: BuildPlan, *, cached: bool = True) -> list[str]:
    """The arguments of ``poetry install`` for the groups and extras of a plan, without the project itself.

    With ``-v``, Poetry reports why a connection failed.

    Args:
        plan: what to install.
        cached: whether Poetry may cache answers of indexes. It must not if a login is used: it stores an answer with
            the request headers that the answer depends on (``Vary: Authorization``). Downloaded files are cached
            anyway.
    """
    extras = [f"--extras={extra}" for extra in sorted(plan.choice.extras)]
    groups = ",".join(sorted(plan.choice.groups))
    options = ["-v", "--no-interaction", "--no-ansi", *([] if cached else ["--no-cache"])]
    return ["install", "--no-root", f"--only={groups}", *extras, *options]


def poetry_cache(folder: str, plan: BuildPlan) -> str:
    """The folder for Poetry's cache, in which Poetry also keeps the wheels that it has built.

    Poetry uses such a wheel again even if its build constraints have changed. So each set of constraints has a folder.

    Args:
        folder: the folder for all of them.
        plan: what is installed.
    """
    constraints = {p.name: p.build_constraints for p in plan.packages if p.build_constraints}
    if not constraints:
        return folder
    digest = hashlib.sha256(json.dumps(constraints, sort_keys=True).encode()).hexdigest()
    return f"{folder}/constrained-{digest[:16]}"


def poetry_settings(*, configuration: str, cache: str, keyring: bool = False) -> dict[str, str]:
    """Environment variables for a Poetry with its own configuration and a virtual environment beside pyproject.toml.

    Args:
        configuration: a folder that only this build uses.
        cache: a folder that is kept after the build.
        keyring: whether Poetry may use the keyring of the system.
    """
    return {
        "POETRY_CONFIG_DIR": f"{configuration}/config",
        "POETRY_DATA_DIR": f"{configuration}/data",
        "POETRY_CACHE_DIR": cache,
        "POETRY_KEYRING_ENABLED": "true" if keyring else "false",
        "POETRY_VIRTUALENVS_CREATE": "true",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": "315532800",  # 1980-01-01, as in the layer: https://reproducible-builds.org/specs/
    }
