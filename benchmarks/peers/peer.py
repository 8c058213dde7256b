"""What a peer is: how it is installed, which files its user writes, which commands make the layer, and where it is."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.measure import Command


class NotHereError(Exception):
    """A peer that cannot run on this machine; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """A checkout of the project in which a peer makes a layer.

    Attributes:
        project: folder with pyproject.toml, poetry.lock and the package ``service``.
        tools: folder in which the peer is installed.
        home: the home folder of the commands, which holds all caches.
        python: a Python of the runtime's version.
        runtime: the runtime, such as ``python3.13``.
        architecture: ``x86_64`` or ``arm64``.
        variables: environment variables that the tools need to reach the index.
    """

    project: Path
    tools: Path
    home: Path
    python: Path
    runtime: str
    architecture: str
    variables: Mapping[str, str]

    def command(self, *arguments: str | Path, folder: Path | None = None, **variables: str | Path) -> Command:
        """A command in the project, or in another folder."""
        return Command(arguments=arguments, folder=folder or self.project, variables={**self.variables, **variables})

    def export(self, to: str) -> Command:
        """Poetry's command that writes the requirements of the layer into a file."""
        return self.command("poetry", "export", "--quiet", "--only", "main", "--output", to)


class Peer(ABC):
    """A tool that makes layers.

    Attributes:
        name: its name in the tables.
        version: its version, which is installed.
        folder: name of the folder in which it is installed.
        needs_emulation: whether it builds for another architecture only with Docker and emulation, which is not
            measured.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    folder: ClassVar[str]
    needs_emulation: ClassVar[bool] = False

    @abstractmethod
    def install(self, here: Workplace) -> None:
        """Install the peer into ``here.tools``, if it is not there.

        Raises:
            NotHereError: it cannot be installed on this machine.
        """

    def configure(self, here: Workplace) -> None:  # noqa: B027 - some peers need no files
        """Write the files that its user keeps in the project."""

    @abstractmethod
    def commands(self, here: Workplace) -> Sequence[Command]:
        """The commands that make the layer, one after the other."""

    @abstractmethod
    def layer(self, here: Workplace) -> Path:
        """The layer: a zip, or a folder which the deployment zips."""

    def key(self, here: Workplace) -> str:
        """What decides at the next deployment whether a new layer version is published."""
        return digest(self.layer(here))


def digest(layer: Path) -> str:
    """SHA-256 of a zip, or of the names and contents of the files in a folder."""
    if layer.is_file():
        return hashlib.sha256(layer.read_bytes()).hexdigest()
    found = hashlib.sha256()
    for path in sorted(layer.rglob("*")):
        if path.is_file():
            found.update(f"{path.relative_to(layer)}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
