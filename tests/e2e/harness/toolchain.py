"""The real tools: where the setup put them, and what to do where they are missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """Folders that go first on PATH, in this order."""

    python: Path
    aws_stand_in: Path
    pulumi: Path
    poetry: Path

    @property
    def path(self) -> str:
        """A value for PATH: the tools, then what the user has."""
        folders = (self.python, self.aws_stand_in, self.pulumi, self.poetry)
        return os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])


def find_toolchain() -> Toolchain:
    """Return the tools; where one is missing the test fails in CI, and skips elsewhere with the remedy."""
    command = [sys.executable, str(REPOSITORY / "tools" / "setup.py"), "env", "--json"]
    places = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    missing = [name for name in ("pulumi", "poetry") if places[name] is None]
    if missing:
        _give_up(f"{' and '.join(missing)} not installed; `make setup` does it")
    return Toolchain(
        python=Path(sys.executable).parent,
        aws_stand_in=Path(places["aws_stand_in"]),
        pulumi=Path(places["pulumi"]),
        poetry=Path(places["poetry"]),
    )


def _give_up(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (nothing may skip in CI)")
    pytest.skip(reason)
