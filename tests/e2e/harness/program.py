"""A Pulumi program in a folder, and its stacks, run with the real command line."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .machine import Machine
from .results import Result, read_events

_NOT_IN_A_CHECKOUT = (".poetry-layer", ".venv", ".git", "__pycache__", "*.pyc", "node_modules")


class PulumiError(AssertionError):
    """A command ended with an error that the test did not expect."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A folder with a ``Pulumi.yaml``, the backend with its state, and the machine that runs it."""

    folder: Path
    backend: Path
    machine: Machine

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files to the folder of the program."""
        for name, content in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)

    def stack(self, name: str = "dev", *, config: Mapping[str, str] | None = None) -> Stack:
        """Return the stack with this name. It is created if the backend does not have it."""
        stack = Stack(program=self, name=name)
        if self.pulumi("stack", "init", name, check=False).exit_code != 0:
            self.pulumi("stack", "select", name)
        for key, value in (config or {}).items():
            stack.set_config(key, value)
        return stack

    def checkout(self, folder: Path, *, machine: Machine | None = None) -> Program:
        """Copy the program like a new clone: with the same state, but without files that earlier runs created."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(*_NOT_IN_A_CHECKOUT))
        return replace(self, folder=folder, machine=machine or self.machine)

    def pulumi(
        self,
        *arguments: str,
        check: bool = True,
        planning: bool | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> Result:
        """Run ``pulumi`` in the folder of the program.

        Args:
            *arguments: The command line arguments.
            check: Raise an error if the command fails.
            planning: Read the event log of a preview (``True``) or of an update (``False``). ``None`` reads none.
            env: Further environment variables.
            stdin: The text on standard input.

        Raises:
            PulumiError: The command failed and ``check`` is true. The message has the whole output.
        """
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "events.json"
            logged = () if planning is None else ("--event-log", str(log))
            command = ("pulumi", *arguments, *logged, "--non-interactive", "--color", "never")
            done = self.run(command, env=env, stdin=stdin)
            events = {"changes": {}} if planning is None else read_events(log, planning=planning)
        result = Result(command=command, exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr, **events)
        if check and result.exit_code != 0:
            raise PulumiError(str(result))
        return result

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that runs ``pulumi``, in the folder of the program."""
        self.backend.mkdir(parents=True, exist_ok=True)
        given = {"PULUMI_BACKEND_URL": self.backend.as_uri(), **(env or {})}
        with self.machine.aws_plugin({**self.machine.environment, **given}, self.folder) as more:
            return self.machine.run(command, cwd=self.folder, env={**given, **more}, stdin=stdin)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack of a program. Every command raises ``PulumiError`` on failure unless ``check=False``."""

    program: Program
    name: str

    def preview(
        self, *, diff: bool = False, json: bool = False, refresh: bool = False, check: bool = True, **env: str
    ) -> Result:
        """``pulumi preview``; keyword arguments in capitals are environment variables."""
        flags = [f"--{flag}" for flag, given in (("diff", diff), ("json", json), ("refresh", refresh)) if given]
        return self._pulumi("preview", *flags, planning=True, check=check, env=env)

    def up(self, *, skip_preview: bool = False, refresh: bool = False, check: bool = True, **env: str) -> Result:
        """``pulumi up --yes``, with its preview by default."""
        flags = [f"--{flag}" for flag, given in (("skip-preview", skip_preview), ("refresh", refresh)) if given]
        return self._pulumi("up", "--yes", *flags, planning=False, check=check, env=env)

    def refresh(self, *, check: bool = True, **env: str) -> Result:
        """``pulumi refresh --yes``."""
        return self._pulumi("refresh", "--yes", "--skip-preview", planning=False, check=check, env=env)

    def destroy(self, *, check: bool = True, **env: str) -> Result:
        """``pulumi destroy --yes``."""
        return self._pulumi("destroy", "--yes", "--skip-preview", planning=False, check=check, env=env)

    def outputs(self) -> dict[str, Any]:
        """The outputs of the stack, with secrets in plain text."""
        return dict(self._pulumi("stack", "output", "--json", "--show-secrets").json)

    def export(self) -> dict[str, Any]:
        """The whole state, from ``pulumi stack export``."""
        return dict(self._pulumi("stack", "export").json)

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources in the state by their names, without the stack and the providers."""
        listed = self.export()["deployment"].get("resources", [])
        return {
            resource["urn"].rpartition("::")[2]: resource
            for resource in listed
            if not resource["type"].startswith("pulumi:")
        }

    def set_config(self, key: str, value: str, *, secret: bool = False) -> None:
        """``pulumi config set``; a secret goes by standard input: everybody on the machine can read arguments."""
        if secret:
            self._pulumi("config", "set", "--secret", key, stdin=value)
        else:
            self._pulumi("config", "set", "--plaintext", key, value)

    def on(self, program: Program) -> Stack:
        """Return the same stack for another checkout or another machine."""
        return replace(self, program=program)

    def _pulumi(self, *arguments: str, **options: Any) -> Result:
        return self.program.pulumi(*arguments, "--stack", self.name, **options)
