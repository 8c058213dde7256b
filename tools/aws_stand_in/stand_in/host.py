"""Environment and folders of a ``pulumi`` command."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Host:
    """Environment and folders of a command.

    A plugin that the engine starts uses those of its own process. In the tests, the plugin serves many commands in one
    process, and gets the environment and folders of each command.

    Attributes:
        environment: The environment variables.
        temporary: The temporary folder, with copies of archives that later commands use again.
        folder: The folder of the program. Paths are relative to it.
    """

    environment: Mapping[str, str]
    temporary: Path
    folder: Path

    @classmethod
    def of_this_process(cls) -> Host:
        """Return the environment and folders of this process."""
        return cls(environment=os.environ, temporary=Path(tempfile.gettempdir()), folder=Path.cwd())

    def path(self, path: str) -> Path:
        """Return the absolute form of a path in a program."""
        return self.folder / path
