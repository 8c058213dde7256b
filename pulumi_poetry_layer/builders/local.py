"""LocalBuilder: the real ``poetry install`` on this host, in a folder of its own."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders import given_credentials
from pulumi_poetry_layer.builders.poetry.index_access import index_access
from pulumi_poetry_layer.builders.poetry.install import install_plan, poetry_settings
from pulumi_poetry_layer.errors import HostError, SubprocessError
from pulumi_poetry_layer.host.cache import cache_folder
from pulumi_poetry_layer.host.process import Program, find_program, run
from pulumi_poetry_layer.host.variables import MIRROR_VARIABLE, Audience, seen_by
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.builders import ProjectFiles
    from pulumi_poetry_layer.builders.poetry.index_access import IndexAccess
    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.plan.target import Target

_OTHER_BUILDERS = "use the wheels builder, which builds for any target on any host, or the container builder"
_POETRY_HINT = "install Poetry 2: https://python-poetry.org/docs/#installation"


class LocalBuilder:
    """Builds with the Poetry and the Python of this host, which must be of the target's kind and version.

    Args:
        poetry: name or path of the Poetry executable.
        credentials: name of a source → user name and password; they go before what Poetry is configured with.

    Raises:
        InputError: the credentials are not pairs of strings.
    """

    def __init__(self, *, poetry: str = "poetry", credentials: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.poetry = poetry
        self.credentials = given_credentials(credentials)

    @property
    def identity(self) -> BuilderIdentity:
        """The kind alone: which Poetry installs the chosen files does not change them."""
        return BuilderIdentity(kind="local")

    def options(self) -> Mapping[str, str]:
        """The constructor's arguments, as far as they are not the default; never the credentials."""
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
        access = index_access(plan, files, Credentials.of_host(files.folder, self.credentials))
        with tempfile.TemporaryDirectory(prefix="poetry-layer-") as temporary:
            folder = Path(temporary).resolve()
            environment = poetry_environment(os.environ, folder, access)
            yield install_plan(plan, files, access, _HostFolder(folder, interpreter, poetry, environment))


class _HostFolder:
    """A workspace on this host."""

    def __init__(self, folder: Path, python: Program, poetry: Program, environment: Mapping[str, str]) -> None:
        self._project = folder / "project"
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

    def poetry(self, arguments: Sequence[str]) -> None:
        hint = _failure_hint(self._environment)
        run(self._poetry, arguments, environment=self._environment, folder=self._project, hint=hint)

    def fetch(self, folder: str) -> Path:
        return self._project / folder


def poetry_environment(variables: Mapping[str, str], folder: Path, access: IndexAccess) -> dict[str, str]:
    """Environment variables for a Poetry that neither uses nor changes this user's configuration and environments.

    Network settings (proxies, certificates, index credentials) pass through; everything else that configures Python,
    Poetry, pip, Pulumi or an active virtual environment does not.
    """
    kept = seen_by(Audience.POETRY, variables)
    if bundle := kept.get("SSL_CERT_FILE"):  # Poetry's HTTP library knows only the other two
        kept.setdefault("REQUESTS_CA_BUNDLE", kept.get("CURL_CA_BUNDLE") or bundle)
    settings = poetry_settings(
        configuration=str(folder), cache=str(cache_folder("poetry")), keyring=access.asks_keyring
    )
    return access.unset(kept) | access.variables | access.certificate_variables() | settings


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
