"""Record the state that the current code writes, for ``test_upgrades``: ``python -m tests.e2e.record_state RELEASE``.

Run it once for each release that writes a different state, and never again for the same release.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from .harness import LocalAws, Machine, Program
from .harness.toolchain import find_toolchain

TESTS = Path(__file__).parent.parent
STATES = TESTS / "data" / "states"
PROJECT = TESTS / "projects" / "base"
STACK = "dev"
PROJECT_FILE = "name: upgrades\nruntime: python\n"

PROGRAM = """\
import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="python3.12",
    layer_name="deps",
    description="written by an older release",
)
bucket = aws.s3.Bucket("artifacts", bucket="artifacts")
PoetryLayer(
    "stored",
    layer_name="stored",
    project_dir="service",
    runtime="python3.12",
    architecture="arm64",
    extras=["yaml"],
    bucket=bucket.bucket,
    key_prefix="layers",
)
pulumi.export("arn", deps.arn)
"""


def record(folder: Path) -> None:
    """Run ``pulumi up`` with the real engine, and write the program and its state to a folder."""
    folder.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT_FILE)
    (folder / "__main__.py").write_text(PROGRAM)
    shutil.copytree(PROJECT, folder / "service")
    aws = LocalAws()
    try:
        with tempfile.TemporaryDirectory() as temporary:
            machine = Machine(root=Path(temporary) / "machine", toolchain=find_toolchain(), aws=aws)
            program = Program(folder=folder, backend=Path(temporary) / "backend", machine=machine)
            stack = program.checkout(Path(temporary) / "work").stack(STACK)
            stack.up(skip_preview=True)
            state = stack.export()
    finally:
        aws.stop()
    (folder / "state.json").write_text(json.dumps(without_this_machine(state), indent=1) + "\n")


def without_this_machine(state: dict[str, Any]) -> dict[str, Any]:
    """The state without its secrets provider (it has no secrets) and without the source positions of this machine."""
    state["deployment"].pop("secrets_providers", None)
    for resource in state["deployment"]["resources"]:
        for key in ("sourcePosition", "stackTrace"):
            resource.pop(key, None)
    for place in (tempfile.gettempdir(), str(Path.home()), sys.prefix):
        assert f"{place.strip('/')}/" not in json.dumps(state), f"the state contains {place}"
    return state


if __name__ == "__main__":
    record(STATES / sys.argv[1])
