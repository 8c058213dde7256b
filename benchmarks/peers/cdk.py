"""CDK's construct ``PythonLayerVersion`` of aws-lambda-python-alpha, which bundles with Docker."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.peers.installation import node_modules, run
from benchmarks.peers.peer import NotHereError, Peer, Workplace

LIBRARY = "2.276.0"
IMAGE = "public.ecr.aws/sam/build-{runtime}:latest-x86_64"
WITH_RSYNC = "pulumi-poetry-layer/benchmark-cdk:{runtime}"

DOCKERFILE = """\
ARG IMAGE
FROM $IMAGE
RUN command -v rsync || { apt-get -qq update && apt-get -qq -y install rsync; }
"""
"""The stand-in for the build image, which the tests use where no registry is reached, lacks rsync."""

PROGRAM = """\
const {{ App, DockerImage, Stack }} = require("aws-cdk-lib");
const {{ Runtime }} = require("aws-cdk-lib/aws-lambda");
const {{ PythonLayerVersion }} = require("@aws-cdk/aws-lambda-python-alpha");
const {{ folder, buildArgs, environment }} = {settings};
const network = "host";
const image = DockerImage.fromBuild(folder, {{ network, platform: "linux/amd64", buildArgs }});
const app = new App();
new PythonLayerVersion(new Stack(app, "Service"), "Dependencies", {{
  entry: "../project",
  compatibleRuntimes: [Runtime.{runtime}],
  bundling: {{ network, image, environment }},
}});
app.synth();
"""


class Cdk(Peer):
    """A program that is synthesized; the deployment zips the folder, and compares the hash of the sources."""

    name = "CDK aws-lambda-python-alpha"
    version = "2.269.0-alpha.0"
    folder = "cdk"
    needs_emulation = True

    def install(self, here: Workplace) -> None:
        if shutil.which("docker") is None:
            raise NotHereError("Docker is not installed")
        node_modules(here, f"aws-cdk-lib@{LIBRARY}", f"@aws-cdk/aws-lambda-python-alpha@{self.version}", "constructs")
        image, with_rsync = IMAGE.format(runtime=here.runtime), WITH_RSYNC.format(runtime=here.runtime)
        (here.tools / "image").mkdir(exist_ok=True)
        (here.tools / "image" / "Dockerfile").write_text(DOCKERFILE)
        build = ("docker", "build", "--quiet", "--network", "host")
        run(here, *build, "--build-arg", f"IMAGE={image}", "--tag", with_rsync, here.tools / "image")
        arguments = (f"--build-arg={name}={value}" for name, value in self.build_arguments(here).items())
        run(here, *build, "--platform", "linux/amd64", *arguments, self.docker_folder(here))

    def docker_folder(self, here: Workplace) -> Path:
        """The folder of the Dockerfile that the construct uses."""
        return here.tools / "npm" / "node_modules" / "@aws-cdk" / "aws-lambda-python-alpha" / "lib" / "docker"

    def build_arguments(self, here: Workplace) -> dict[str, str]:
        """The arguments of that Dockerfile."""
        return {"IMAGE": WITH_RSYNC.format(runtime=here.runtime), "PIP_INDEX_URL": here.variables["PIP_INDEX_URL"]}

    def root(self, here: Workplace) -> Path:
        """The folder of the CDK program, beside the project."""
        return here.project.parent / "infrastructure"

    def configure(self, here: Workplace) -> None:
        self.root(here).mkdir()
        settings = {
            "folder": str(self.docker_folder(here)),
            "buildArgs": self.build_arguments(here),
            "environment": {"PIP_INDEX_URL": here.variables["PIP_INDEX_URL"]},
        }
        constant = here.runtime.upper().replace("PYTHON", "PYTHON_").replace(".", "_")
        program = PROGRAM.format(settings=json.dumps(settings), runtime=constant)
        (self.root(here) / "app.js").write_text(program)

    def commands(self, here: Workplace) -> Sequence[Command]:
        modules = here.tools / "npm" / "node_modules"
        return [here.command("node", "app.js", folder=self.root(here), NODE_PATH=modules, CDK_OUTDIR="cdk.out")]

    def layer(self, here: Workplace) -> Path:
        assets = [path for path in (self.root(here) / "cdk.out").glob("asset.*") if path.is_dir()]
        return max(assets, key=lambda path: path.stat().st_mtime_ns)

    def key(self, here: Workplace) -> str:
        return self.layer(here).name
