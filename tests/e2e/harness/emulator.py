"""Runs the commands that use AWS's emulator of Lambda, on a simulated machine."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .machine import Machine
from .needed import fail_or_skip
from .one_layer import RUNTIME


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """The emulator on a machine.

    Attributes:
        machine: the machine on which the commands run.
        folder: where the code of functions is written.
        variables: environment variables of the commands.
        runtime: the runtime of the functions.
    """

    machine: Machine
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    runtime: str = RUNTIME

    def command(self, layer: Path, code: str, event: object, *options: str) -> list[str]:
        """The command that invokes a function with a layer once."""
        task = self.folder / "task"
        task.mkdir(exist_ok=True)
        (task / "app.py").write_text(code, encoding="utf-8")
        function = ["--handler", "app.handler", "--task", str(task), "--event", json.dumps(event)]
        return self._command("invoke", layer, *function, *options)

    def invoke(self, layer: Path, code: str, event: object, *options: str) -> subprocess.CompletedProcess[str]:
        """Invoke a function with a layer once."""
        return self.machine.run(self.command(layer, code, event, *options), cwd=self.folder, env=self.variables)

    def verify(self, layer: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Verify a layer, also by importing its modules."""
        return self.machine.run(
            self._command("verify", layer, "--import", *options), cwd=self.folder, env=self.variables
        )

    def _command(self, name: str, layer: Path, *options: str) -> list[str]:
        architecture = "arm64" if platform.machine() == "aarch64" else "x86_64"
        target = ["--runtime", self.runtime, "--architecture", architecture]
        return ["python", "-m", "pulumi_poetry_layer", name, str(layer), *target, *options]


def require_emulator(machine: Machine) -> None:
    """Go on if the machine has the emulator. Otherwise the test fails in CI, and is skipped elsewhere."""
    if machine.toolchain.lambda_rie is None:
        fail_or_skip("aws-lambda-rie is not installed; run `make setup` on Linux")
