"""SDKs for programs in other languages, made by Pulumi's own generators of the schema that the plugin serves."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .machine import Machine

NODE_PACKAGE = "pulumi-poetry-layer"
GO_MODULE = "github.com/pulumi-poetry-layer/pulumi-poetry-layer/sdk/go"


@dataclass(frozen=True, kw_only=True)
class Sdks:
    """The SDKs, as ``pulumi package add`` makes them.

    Attributes:
        node_modules: The folder with the SDK for Node.js, compiled, and with Pulumi's own packages.
        go: The Go module of the SDK.
    """

    node_modules: Path
    go: Path

    def install(self, program: Path, machine: Machine) -> None:
        """Give a program what it imports: what ``npm ci`` installs, or the SDK in its ``go.mod``."""
        if (program / "package.json").exists():
            (program / "node_modules").symlink_to(self.node_modules)
        if (program / "go.mod").exists():
            edits = [f"-require={GO_MODULE}@v0.0.0", f"-replace={GO_MODULE}={self.go}"]
            run(machine, ["go", "mod", "edit", *edits], cwd=program)


def generate(machine: Machine, folder: Path) -> Sdks:
    """Generate the SDKs into a folder, and compile the one for Node.js with its own script."""
    schema = folder / "schema.json"
    plugin = machine.toolchain.python / "pulumi-resource-poetry-layer"
    schema.write_text(run(machine, ["pulumi", "package", "get-schema", plugin], cwd=folder), encoding="utf-8")
    node_modules = folder / "node_modules"
    node_modules.mkdir()
    assert machine.toolchain.node_packages is not None
    for package in machine.toolchain.node_packages.iterdir():
        (node_modules / package.name).symlink_to(package)
    for language, target in (("nodejs", node_modules / NODE_PACKAGE), ("go", folder / "go")):
        run(machine, ["sdk_codegen", schema, language, target], cwd=folder)
    compile_typescript(machine, node_modules / NODE_PACKAGE)
    return Sdks(node_modules=node_modules, go=folder / "go")


def compile_typescript(machine: Machine, sdk: Path) -> None:
    """Compile the SDK with its ``tsconfig.json``, and copy ``package.json``, as its script for npm does."""
    settings = (sdk / "tsconfig.json").read_text(encoding="utf-8")
    assert '"strict": true' in settings
    tsc(machine, sdk)
    shutil.copy(sdk / "package.json", sdk / "bin")


def tsc(machine: Machine, folder: Path, *options: str) -> None:
    """Compile the TypeScript in a folder, with its ``tsconfig.json``."""
    assert machine.toolchain.node_packages is not None
    compiler = machine.toolchain.node_packages / "typescript" / "bin" / "tsc"
    run(machine, ["node", compiler, *options], cwd=folder)


def run(machine: Machine, command: Sequence[str | Path], *, cwd: Path) -> str:
    """Run a command on a machine. Return what it printed.

    Raises:
        AssertionError: It failed. The message has its output.
    """
    done = machine.run(command, cwd=cwd)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
