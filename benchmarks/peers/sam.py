"""AWS SAM: ``poetry export`` and ``sam build`` of a layer, without a container, which is the default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.peers.installation import link, poetry, virtual_environment
from benchmarks.peers.peer import Peer, Workplace

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Dependencies:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layer
      CompatibleRuntimes: [{runtime}]
      CompatibleArchitectures: [{architecture}]
    Metadata:
      BuildMethod: {runtime}
      BuildArchitecture: {architecture}
"""


class Sam(Peer):
    """``sam build --cached``, which leaves a folder; ``sam deploy`` zips it and compares its content."""

    name = "AWS SAM"
    version = "1.170.0"
    folder = "sam"

    def install(self, here: Workplace) -> None:
        poetry(here)
        link(here, virtual_environment(here, "sam", [f"aws-sam-cli=={self.version}"]) / "sam")

    def configure(self, here: Workplace) -> None:
        (here.project / "layer").mkdir()
        text = TEMPLATE.format(runtime=here.runtime, architecture=here.architecture)
        (here.project / "template.yaml").write_text(text)

    def commands(self, here: Workplace) -> Sequence[Command]:
        return [here.export("layer/requirements.txt"), here.command("sam", "build", "--cached", SAM_CLI_TELEMETRY="0")]

    def layer(self, here: Workplace) -> Path:
        return here.project / ".aws-sam" / "build" / "Dependencies"
