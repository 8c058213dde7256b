"""poetry-plugin-lambda-build: a plugin that makes the layer and the function, without Docker, its default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.peers.installation import poetry
from benchmarks.peers.peer import Peer, Workplace

SETTINGS = """
[tool.poetry-plugin-lambda-build]
layer-artifact-path = "artifacts/layer.zip"
layer-install-dir = "python"
function-artifact-path = "artifacts/function.zip"
"""


class LambdaBuild(Peer):
    """``poetry build-lambda``. It makes the function too: it makes a layer alone only in one zip with the function."""

    name = "poetry-plugin-lambda-build"
    version = "2.1.2"
    folder = "lambda-build"

    def install(self, here: Workplace) -> None:
        poetry(here, f"{self.name}=={self.version}")

    def configure(self, here: Workplace) -> None:
        pyproject = here.project / "pyproject.toml"
        pyproject.write_text(pyproject.read_text() + SETTINGS)

    def commands(self, here: Workplace) -> Sequence[Command]:
        return [here.command("poetry", "build-lambda")]

    def layer(self, here: Workplace) -> Path:
        return here.project / "artifacts" / "layer.zip"
