"""Where a ``pulumi`` command runs, as far as the plugin can see it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Host:
    """Environment and folders of one command.

    A plugin that the engine starts has them from its own process. A plugin that serves many commands, as in the
    tests, is given those of each command, so that no command sees the files or variables of another.

    Attributes:
        environment: The environment variables.
        temporary: The temporary folder, which keeps copies of archives from one command to the next.
        folder: The program's folder; relative paths start there.
    """

    environment: Mapping[str, str]
    temporary: Path
    folder: Path

    @classmethod
    def of_this_process(cls) -> Host:
        """Return what the engine has started this process with."""
        return cls(environment=os.environ, temporary=Path(tempfile.gettempdir()), folder=Path.cwd())

    def path(self, written: str) -> Path:
        """Return the path that a program has written, made absolute."""
        return self.folder / written
