"""LocalBuilder: ``poetry install`` on this host, in a temporary folder."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.builder import given_credentials
from pulumi_poetry_layer.builders.poetry.index_access import index_access
from pulumi_poetry_layer.builders.poetry.install import compiled, install_plan, poetry_cache, poetry_settings
from pulumi_poetry_layer.bytecode.compiler import find_compiler
from pulumi_poetry_layer.errors import HostError, SubprocessError
from pulumi_poetry_layer.host.build_log import warn
from pulumi_poetry_layer.host.cache import cache_folder, cache_problem, using_cache
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.host.process import Program, find_program, run, temporary_variables
from pulumi_poetry_layer.host.variables import MIRROR_VARIABLE, Audience, seen_by
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity
from pulumi_poetry_layer.wording import setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.builders.poetry.index_access import IndexAccess
    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.plan.target import Target

_POETRY_HINT = "install Poetry 2: https://python-poetry.org/docs/#installation"
_MIRROR_HINT = (
    f"{MIRROR_VARIABLE} is set: install poetry-plugin-pypi-mirror into Poetry's environment, "
    "because Poetry ignores the variable without it"
)


class LocalBuilder:
    """Builds with the Poetry and the Python of this host.

    The host must have the target's operating system, architecture and Python version.

    Args:
        poetry: name or path of the Poetry executable.
        credentials: name of a source → user name and password. They take precedence over Poetry's configuration.

    Raises:
        InputError: the credentials are not pairs of strings.
    """

    def __init__(self, *, poetry: str = "poetry", credentials: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.poetry = poetry
        self.credentials = given_credentials(credentials)

    @property
    def identity(self) -> BuilderIdentity:
        """The kind only: the version of Poetry does not change the files that it installs."""
        return BuilderIdentity(kind="local")

    def options(self) -> Mapping[str, str]:
        """The constructor arguments that differ from their defaults, without the credentials."""
        return {} if self.poetry == "poetry" else {"poetry": self.poetry}

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Member]]:
        """Install the plan into a temporary virtual environment, and return the members in its site-packages.

        Args:
            plan: what to build.
            files: the files that the plan was made from.

        Raises:
            HostError: this host cannot build for the target, or has no Python of the target's version.
            SubprocessError: Poetry is missing or failed; the error contains Poetry's output.
        """
        check_host(plan.target)
        interpreter = find_interpreter(plan.target)
        compiler = find_compiler(plan.bytecode) if plan.bytecode else None
        poetry = find_program(self.poetry, hint=_POETRY_HINT)
        access = index_access(plan, files, Credentials.of_host(files.folder, self.credentials))
        with using_cache(), temporary_folder() as temporary:
            folder = temporary.resolve()
            cache = cache_folder("poetry")
            if (problem := cache_problem(cache)) is not None:
                warn(f"the cache of Poetry cannot be used, so this build keeps nothing: {problem}")
                cache = folder / "cache"
            variables = poetry_environment(os.environ, folder, cache, access, plan) | temporary_variables(
                folder / "tmp"
            )
            workspace = _HostWorkspace(folder / "project", interpreter, poetry, variables)
            members = install_plan(plan, files, access, workspace)
            yield compiled(members, compiler, plan, folder) if compiler else members


class _HostWorkspace:
    """A workspace in a folder of this host."""

    def __init__(self, project: Path, python: Program, poetry: Program, environment: Mapping[str, str]) -> None:
        self._project = project
        self._environment = environment
        self._python = python
        self._poetry = poetry

    def write(self, texts: Mapping[str, str]) -> None:
        self._project.mkdir()
        for name, text in texts.items():
            (self._project / name).write_text(text, encoding="utf-8")

    def copy(self, source: Path, name: str) -> None:
        shutil.copytree(source, self._project / name)

    def python(self, arguments: Sequence[str]) -> None:
        run(self._python, arguments, environment=self._environment, folder=self._project)

    def poetry(self, arguments: Sequence[str]) -> str:
        hint = _MIRROR_HINT if MIRROR_VARIABLE in self._environment else None
        return run(self._poetry, arguments, environment=self._environment, folder=self._project, hint=hint)

    def fetch(self, folder: str) -> Path:
        return self._project / folder

    def beside(self, name: str) -> _HostWorkspace:
        project = self._project.with_name(f"{self._project.name}-{name}")
        return _HostWorkspace(project, self._python, self._poetry, self._environment)


def poetry_environment(
    variables: Mapping[str, str], folder: Path, cache: Path, access: IndexAccess, plan: BuildPlan
) -> dict[str, str]:
    """Environment variables for a Poetry that neither uses nor changes the user's configuration and environments.

    Poetry gets the network settings of the user (proxies, certificates, logins for indexes). It does not get other
    variables that configure Python, Poetry, pip, Pulumi or an active virtual environment.

    Args:
        variables: environment variables of this process.
        folder: a temporary folder for Poetry's configuration.
        cache: a folder for Poetry's cache.
        access: logins and certificates for the indexes of the project.
        plan: what is installed.
    """
    kept = seen_by(Audience.POETRY, variables)
    if bundle := kept.get("SSL_CERT_FILE"):  # requests, which Poetry uses, reads only the other two
        kept.setdefault("REQUESTS_CA_BUNDLE", kept.get("CURL_CA_BUNDLE") or bundle)
    settings = poetry_settings(
        configuration=str(folder), cache=poetry_cache(str(cache), plan), keyring=access.asks_keyring
    )
    kept = access.without_disabled_certificates(kept)
    return kept | access.variables | access.certificate_variables() | settings


def _other_builders() -> str:
    wheels, container = setting("builder", "wheels"), setting("builder", "container")
    return (
        f"use the wheels builder ({wheels}), which builds for any target on any host, "
        f"or the container builder ({container})"
    )


def check_host(target: Target) -> None:
    """Check that packages installed on this host work on the target.

    Raises:
        HostError: this host has another operating system, C library or architecture.
    """
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or platform.libc_ver()[0] != "glibc":
        found = system if system != "Linux" else "Linux without glibc"
        raise HostError(f"the local builder cannot build for {target} on {found}", hint=_other_builders())
    if machine != target.machine:
        raise HostError(
            f"the local builder cannot build for {target} on this host, which is {machine}, not {target.machine}",
            hint=_other_builders(),
        )


def find_interpreter(target: Target) -> Program:
    """A Python of the target's version: the running one, or one on PATH.

    Raises:
        HostError: this host has none.
    """
    if sys.version_info[:2] == target.python_version:
        return Program(target.runtime, sys.executable)
    script = "import sys; print('python%d.%d' % sys.version_info[:2])"
    for name in (target.runtime, "python3"):
        try:
            program = find_program(name, hint="")
            output = run(program, ["-I", "-c", script], environment=os.environ, folder=Path.cwd())
        except SubprocessError:
            continue
        if output.strip() == target.runtime:
            return Program(target.runtime, program.path)
    running = "python{}.{}".format(*sys.version_info[:2])
    raise HostError(
        f"the local builder needs {target.runtime}; this host runs {running} and has no {target.runtime} on PATH",
        hint=f"install {target.runtime}, or {_other_builders()}",
    )
