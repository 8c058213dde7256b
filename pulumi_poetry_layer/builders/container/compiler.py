"""The Python of a build container, which compiles the modules of the layer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pulumi_poetry_layer.bytecode.compiler import OPTIONS, RELEASE_QUERY, SCRIPT, VARIABLES, release_in
from pulumi_poetry_layer.errors import HostError
from pulumi_poetry_layer.wording import flag, keyword, place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pulumi_poetry_layer.builders.container.container import BuildContainer

_FOLDER = "/build/bytecode"
_PROGRAM_FOLDER = "/build/compiler"


class ContainerCompiler:
    """The Python of a container.

    Args:
        container: the container.
        python: name of the Python in it.
        release: its full version.
        processors: how many processes may run at the same time.
    """

    def __init__(self, container: BuildContainer, python: str, release: str, processors: int) -> None:
        self._container = container
        self._python = python
        self.release = release
        self.processors = processors

    def run(self, folder: Path, arguments: Sequence[Sequence[str]]) -> None:
        """Run one process per list of arguments, and copy the results to this host."""
        self._container.copy(folder, _FOLDER)
        self._container.write(_PROGRAM_FOLDER, {SCRIPT.name: SCRIPT.read_bytes()})

        def run_one(own: Sequence[str]) -> None:
            command = [self._python, *OPTIONS, f"{_PROGRAM_FOLDER}/{SCRIPT.name}", _FOLDER, *own]
            self._container.run(command, environment=VARIABLES, folder=_FOLDER)

        with ThreadPoolExecutor(len(arguments)) as threads:
            list(threads.map(run_one, arguments))
        self._container.run(["rm", f"{_FOLDER}/sources"], environment={})
        self._container.fetch(_FOLDER, folder)


def compiler_of(container: BuildContainer, python: str, wanted: str, processors: int) -> ContainerCompiler:
    """The Python of a container.

    Args:
        container: the container.
        python: name of the Python in it.
        wanted: the version that it must have, such as ``3.13``, or the release, such as ``3.13.2``.
        processors: how many processes may run at the same time.

    Raises:
        HostError: it is another release.
        BuildError: it does not run.
    """
    output = container.run([python, *OPTIONS, "-c", RELEASE_QUERY], environment=VARIABLES)
    release = release_in(output)
    if release is None or not f"{release}.".startswith(f"{wanted}."):
        raise HostError(
            f"needs CPython {wanted}, and the Python of the build image is {output.partition(' ')[0] or 'unknown'}",
            where=place("bytecode"),
            hint=f"set {keyword('image')} to one that has it, or let the image choose the release with "
            f"{flag('bytecode')}",
        )
    return ContainerCompiler(container, python, release, processors)
