"""aws_lambda_artifact_builder: a Python library that runs ``poetry install`` and ``zip``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.peers.installation import poetry, run, virtual_environment
from benchmarks.peers.peer import Peer, Workplace, digest

PROGRAM = """\
import shutil
from pathlib import Path
from aws_lambda_artifact_builder.constants import LayerBuildToolEnum
from aws_lambda_artifact_builder.layer.package import LambdaLayerZipper
from aws_lambda_artifact_builder.layer.poetry_builder import PoetryBasedLambdaLayerLocalBuilder

pyproject = Path("pyproject.toml").absolute()
PoetryBasedLambdaLayerLocalBuilder(
    path_pyproject_toml=pyproject, path_bin_poetry=Path(shutil.which("poetry")), skip_prompt=True
).run()
LambdaLayerZipper(path_pyproject_toml=pyproject, layer_build_tool=LayerBuildToolEnum.poetry, verbose=False).run()
"""


class ArtifactBuilder(Peer):
    """Its local builder. Its container builder pulls an image, and installs Poetry in each build."""

    name = "aws_lambda_artifact_builder"
    version = "0.1.8"
    folder = "artifact-builder"

    def install(self, here: Workplace) -> None:
        poetry(here)
        virtual_environment(here, "library", [f"aws-lambda-artifact-builder=={self.version}"])

    def configure(self, here: Workplace) -> None:
        (here.project / "build_layer.py").write_text(PROGRAM)
        run(here, here.python, "-m", "venv", "--without-pip", here.project / ".venv")  # it reads the version there

    def commands(self, here: Workplace) -> Sequence[Command]:
        return [here.command(here.tools / "library" / "bin" / "python", "build_layer.py")]

    def layer(self, here: Workplace) -> Path:
        return here.project / "build" / "lambda" / "layer" / "layer.zip"

    def key(self, here: Workplace) -> str:
        return digest(here.project / "poetry.lock")  # its publisher compares the digest of this file
