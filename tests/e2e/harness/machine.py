"""A simulated machine that runs ``pulumi``, with its own home and temporary folder and without the host's settings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from .aws import LocalAws
from .toolchain import Toolchain

_KEPT_PREFIXES = ("PIP_", "LC_")
_KEPT = (
    "LANG",
    "PYENV_ROOT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_LONGEST_SECONDS = 900

AwsPlugin = Callable[[Mapping[str, str], Path], AbstractContextManager[Mapping[str, str]]]
"""Serves the AWS plugin for a command with these variables in this folder; gives further variables for the command."""


def started_by_the_engine(_environment: Mapping[str, str], _folder: Path) -> AbstractContextManager[Mapping[str, str]]:
    """Serve nothing: the engine finds the plugin on PATH and starts it, as it does for users."""
    return nullcontext({})


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine on which commands run. Two machines share only the files that a test gives to both.

    The temporary folder is important, because the AWS plugin keeps copies of archives there (``pulumi-asset-<hash>``)
    and uses them again. So a new CI runner needs a machine of its own.
    """

    root: Path
    toolchain: Toolchain
    aws: LocalAws
    aws_plugin: AwsPlugin = started_by_the_engine
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (self.home, self.temporary, self.pulumi_home):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def home(self) -> Path:
        """HOME."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """TMPDIR."""
        return self.root / "tmp"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME."""
        return self.root / "pulumi-home"

    @property
    def environment(self) -> dict[str, str]:
        """All environment variables of the commands."""
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
        return {
            **kept,
            **self.aws.environment,
            "PATH": self.toolchain.path,
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "PULUMI_HOME": str(self.pulumi_home),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse battery staple",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_COMMANDS": "true",
            "POETRY_PYPI_MIRROR_URL": PYPI_SIMPLE_ENDPOINT,
            "NO_COLOR": "1",
            **self.toolchain.go_variables,
            **self.variables,
        }

    def run(
        self, command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command with this text on standard input and wait for its end, whether it succeeds or fails."""
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env={**self.environment, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_SECONDS,
        )
