"""ContainerBuilder: ``poetry install`` in a container of the Lambda build image of the runtime.

Packages that must be compiled are compiled there, on the operating system of the runtime. The host only needs a Docker
daemon.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_poetry_layer.builders.builder import given_credentials
from pulumi_poetry_layer.builders.container.compiler import compiler_of
from pulumi_poetry_layer.builders.container.container import (
    CACHE_FOLDER,
    BuildContainer,
    ContainerLimits,
    remove_leftovers,
    start_container,
)
from pulumi_poetry_layer.builders.container.daemon import connect
from pulumi_poetry_layer.builders.container.environment import CERTIFICATES_FOLDER, KEYS_FOLDER, container_environment
from pulumi_poetry_layer.builders.container.image import (
    DEFAULT_IMAGE,
    POETRY,
    POETRY_VERSION,
    POETRY_VERSION_ON_PYTHON39,
    find_image,
    image_reference,
    image_with_poetry,
)
from pulumi_poetry_layer.builders.poetry.index_access import index_access
from pulumi_poetry_layer.builders.poetry.install import compiled, install_plan, poetry_cache, poetry_settings
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.cleanup import temporary_folder
from pulumi_poetry_layer.host.progress import doing
from pulumi_poetry_layer.index.credentials import Credentials
from pulumi_poetry_layer.plan.build_plan import BuilderIdentity
from pulumi_poetry_layer.wording import argument, keyword

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.plan.build_plan import BuildPlan

DEFAULT_TIMEOUT = 3600.0
"""Seconds that a container may run."""

_WRITE_KEYS = """
import json, os, sys
os.mkdir(sys.argv[1], 0o700)
for name, text in json.loads(os.environ["FILES"]).items():
    with open(os.open(f"{sys.argv[1]}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text.encode("latin-1"))
"""
_FOLDER = "/build"
_PROJECT = f"{_FOLDER}/project"


class ContainerBuilder:
    """Builds in a Docker container of the build image of the runtime.

    Args:
        image: the build image, by tag or digest. ``{runtime}`` and ``{architecture}`` are replaced by those of the
            layer. Default: the build image that AWS publishes for the runtime.
        network: the Docker network of the containers, such as ``host``. Default: the default network of the daemon.
        timeout: seconds that a container may run.
        credentials: name of a source → user name and password. They take precedence over Poetry's configuration.

    Raises:
        InputError: an argument is not valid.
    """

    def __init__(
        self,
        *,
        image: str | None = None,
        network: str | None = None,
        timeout: float | str = DEFAULT_TIMEOUT,
        credentials: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.image = image or DEFAULT_IMAGE
        self.network = network
        self.timeout = _seconds(timeout)
        self.credentials = given_credentials(credentials)

    @property
    def identity(self) -> BuilderIdentity:
        """The image as it was given, and the versions of Poetry that are installed into it."""
        return BuilderIdentity(
            kind="container",
            pins={
                "image": self.image,
                "poetry": POETRY_VERSION,
                "poetry on python3.9": POETRY_VERSION_ON_PYTHON39,
            },
        )

    def options(self) -> Mapping[str, str]:
        """The constructor arguments that differ from their defaults, without the credentials."""
        options = {} if self.image == DEFAULT_IMAGE else {"image": self.image}
        if self.network is not None:
            options["network"] = self.network
        if self.timeout != DEFAULT_TIMEOUT:
            options["timeout"] = f"{self.timeout:g}"
        return options

    @contextmanager
    def build(self, plan: BuildPlan, files: ProjectFiles) -> Iterator[Sequence[Member]]:
        """Install the plan in a container, and return the members in a copy of its site-packages.

        Args:
            plan: what to build.
            files: the files that the plan was made from.

        Raises:
            HostError: no Docker daemon answers, or it cannot run programs for the target.
            ContainerError: the image cannot be pulled, or the container was killed or ran too long.
            SubprocessError: Poetry failed; the error contains Poetry's output.
        """
        with temporary_folder() as temporary:
            yield self._install(plan, files, temporary)

    def _install(self, plan: BuildPlan, files: ProjectFiles, folder: Path) -> list[Member]:
        limits = ContainerLimits(network=self.network, timeout=self.timeout)
        access = index_access(plan, files, Credentials.of_host(files.folder, self.credentials))
        environment = container_environment(os.environ, access)
        with connect() as client:
            remove_leftovers(client)
            doing("preparing the build image")
            base = find_image(client, image_reference(self.image, plan.target), plan.target)
            image = image_with_poetry(client, base, plan.target, environment, limits)
            with start_container(client, image, limits) as container:
                container.write(CERTIFICATES_FOLDER, environment.certificates)
                # One cache per image: Poetry caches the wheels that it builds, and those may need the image's glibc.
                cache = f"{CACHE_FOLDER}/poetry/{image.rpartition(':')[2][:16]}"
                settings = poetry_settings(configuration=_FOLDER, cache=poetry_cache(cache, plan))
                variables = {**environment.variables, **settings}
                workspace = _ContainerWorkspace(container, plan.target.runtime, variables, folder / "environment")
                workspace.write_keys(environment.keys)
                if plan.bytecode is None:
                    return install_plan(plan, files, access, workspace)
                processors = client.info().get("NCPU") or 1
                compiler = compiler_of(container, plan.target.runtime, plan.bytecode, processors)
                return compiled(install_plan(plan, files, access, workspace), compiler, plan, folder)


class _ContainerWorkspace:
    """A workspace in a folder of a container."""

    def __init__(
        self,
        container: BuildContainer,
        python: str,
        variables: Mapping[str, str],
        folder: Path,
        project: str = _PROJECT,
    ) -> None:
        self._container = container
        self._python = python
        self._variables = variables
        self._folder = folder
        self._project = project

    def write(self, texts: Mapping[str, str]) -> None:
        self._container.write(self._project, {name: text.encode() for name, text in texts.items()})

    def copy(self, source: Path, name: str) -> None:
        self._container.copy(source, f"{self._project}/{name}")

    def python(self, arguments: Sequence[str]) -> None:
        self._run([self._python, *arguments])

    def poetry(self, arguments: Sequence[str]) -> str:
        hint = f"if a compiler or a library is missing, set {keyword('image')} to a build image that has it"
        return self._run([POETRY, *arguments], hint=hint)

    def write_keys(self, contents: Mapping[str, bytes]) -> None:
        """Write secret files into the memory of the container. Other copies would be on the disk of the daemon."""
        if contents:
            variables = {"FILES": json.dumps({name: content.decode("latin-1") for name, content in contents.items()})}
            self._container.run([self._python, "-c", _WRITE_KEYS, KEYS_FOLDER], environment=variables)

    def fetch(self, folder: str) -> Path:
        self._container.fetch(f"{self._project}/{folder}", self._folder)
        return self._folder

    def beside(self, name: str) -> _ContainerWorkspace:
        folder = self._folder.with_name(f"{self._folder.name}-{name}")
        return _ContainerWorkspace(self._container, self._python, self._variables, folder, f"{self._project}-{name}")

    def _run(self, arguments: Sequence[str], *, hint: str | None = None) -> str:
        return self._container.run(arguments, environment=self._variables, folder=self._project, hint=hint)


def _seconds(timeout: float | str) -> float:
    try:
        seconds = float(timeout)
    except ValueError:
        seconds = math.nan
    if not (seconds > 0 and math.isfinite(seconds)):
        raise InputError(
            f"must be a positive number of seconds, not {timeout!r}",
            where=argument("timeout"),
            hint=f"leave it out for the default of {DEFAULT_TIMEOUT:g} seconds",
        )
    return seconds
