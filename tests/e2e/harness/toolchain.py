"""Finds the real tools that the setup installs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .needed import fail_or_skip

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """Folders for the start of PATH, in this order, and the folder of actionlint, which only reads files."""

    python: Path
    aws_stand_in: Path
    pulumi: Path
    poetry: Path
    lambda_rie: Path | None
    actionlint: Path | None

    @property
    def path(self) -> str:
        """A value for PATH: the tools, then the user's PATH."""
        folders = (self.python, self.aws_stand_in, self.pulumi, self.poetry, self.lambda_rie)
        return os.pathsep.join([*(str(folder) for folder in folders if folder), os.environ.get("PATH", "")])


def find_toolchain() -> Toolchain:
    """Return the tools. If one is missing, the test fails in CI, and is skipped elsewhere."""
    command = [sys.executable, str(REPOSITORY / "tools" / "setup.py"), "env", "--json"]
    places = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    missing = [name for name in ("pulumi", "poetry") if places[name] is None]
    if missing:
        fail_or_skip(f"{' and '.join(missing)} not installed; run `make setup`")
    return Toolchain(
        python=Path(sys.executable).parent,
        aws_stand_in=Path(places["aws_stand_in"]),
        pulumi=Path(places["pulumi"]),
        poetry=Path(places["poetry"]),
        lambda_rie=Path(places["lambda_rie"]) if places["lambda_rie"] else None,
        actionlint=Path(places["actionlint"]) if places["actionlint"] else None,
    )
