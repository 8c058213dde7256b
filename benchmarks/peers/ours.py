"""This package."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.peers.peer import Peer, Workplace
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.layer.request import LayerRequest

REPOSITORY = Path(__file__).resolve().parents[2]


class Ours(Peer):
    """``pulumi-poetry-layer build``; in a Pulumi program the fingerprint decides, without a build."""

    name = "pulumi-poetry-layer"
    version = version("pulumi-poetry-layer")
    folder = "ours"

    def install(self, here: Workplace) -> None:
        """It runs from this repository."""

    def commands(self, here: Workplace) -> Sequence[Command]:
        target = ("--runtime", here.runtime, "--architecture", here.architecture)
        module = (sys.executable, "-m", "pulumi_poetry_layer", "build", *target, "--output", "layer.zip")
        return [here.command(*module, PYTHONPATH=REPOSITORY)]

    def layer(self, here: Workplace) -> Path:
        return here.project / "layer.zip"

    def key(self, here: Workplace) -> str:
        request = LayerRequest(project_dir=here.project, runtime=here.runtime, architecture=here.architecture)
        plan, _ = plan_request(request)
        return plan.fingerprint
