"""Demonstrate how a lock file becomes a published layer: the quick start with the real Pulumi engine and a local AWS.

The ``pulumi`` command line, the engine, Poetry, the lock file, the build and the zip are real. AWS is a moto server on
this machine, and ``tools/aws_stand_in`` replaces Pulumi's AWS plugin. The program in ``examples/quickstart`` also works
on AWS without a change. ``make demo`` runs this script, which uses a copy of the program in ``.demo``.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer
from pypi_simple import PYPI_SIMPLE_ENDPOINT

REPOSITORY = Path(__file__).resolve().parent.parent
DEMO = REPOSITORY / ".demo"
STACK = "prod"
PLUGIN = REPOSITORY / "tools" / "aws_stand_in" / "pulumi-resource-aws"


def install_plugin(pulumi_home: Path) -> None:
    """Install the stand-in as the AWS plugin of this version; for a plugin on PATH, Pulumi prints a warning each time.

    Args:
        pulumi_home: the value of ``PULUMI_HOME``.
    """
    folder = pulumi_home / "plugins" / f"resource-aws-v{version('pulumi-aws')}"
    folder.mkdir(parents=True)
    (folder / PLUGIN.name).symlink_to(PLUGIN)


def path_without_plugin() -> str:
    """PATH without the folder of the stand-in."""
    return os.pathsep.join(
        folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder).resolve() != PLUGIN.parent
    )


class Demo:
    """The copy of the quick start, and the environment variables that make Pulumi use the local AWS."""

    def __init__(self, endpoint: str, temporary: Path) -> None:
        self.project = DEMO / "examples" / "quickstart"
        self.environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "PATH": path_without_plugin(),
            "POETRY_PYPI_MIRROR_URL": os.environ.get("POETRY_PYPI_MIRROR_URL", PYPI_SIMPLE_ENDPOINT),
            "PULUMI_BACKEND_URL": (temporary / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "demo",
            "PULUMI_HOME": str(temporary / "pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "TMPDIR": str(temporary),  # the AWS plugin keeps copies of uploaded files here
        }
        install_plugin(temporary / "pulumi")
        self._number = 0

    def explain(self, text: str) -> None:
        """Print what the next step shows."""
        self._number += 1
        print(f"\n\033[1m{self._number}. {text}\033[0m" if sys.stdout.isatty() else f"\n{self._number}. {text}")

    def run(self, *command: str, folder: Path = DEMO) -> str:
        """Run a command, print the command and its output, and return the output.

        Raises:
            SystemExit: The command failed, or printed a warning.
        """
        print(f"\n$ {' '.join(command)}", flush=True)
        started = time.monotonic()
        printed = []
        with subprocess.Popen(
            command, cwd=folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout or ():
                printed.append(line)
                if line.strip() and not line.startswith("@"):
                    print(f"  {line.rstrip()}", flush=True)
        print(f"  ({time.monotonic() - started:.1f} s)")
        if process.returncode != 0:
            raise SystemExit(f"demo: `{' '.join(command)}` ended with exit code {process.returncode}")
        output = "".join(printed)
        if "warning" in output:
            raise SystemExit(f"demo: `{' '.join(command)}` printed a warning")
        return output

    def pulumi(self, *arguments: str) -> str:
        """Run a ``pulumi`` command on the demo's stack."""
        return self.run("pulumi", *arguments, "--stack", STACK, "--non-interactive")

    def up(self) -> str:
        """``pulumi up`` without its preview, which the demo shows in a separate step."""
        return self.pulumi("up", "--yes", "--skip-preview", "--suppress-progress")

    def layer_versions(self) -> list[int]:
        """The versions of the layer on the local AWS."""
        client = boto3.client(
            "lambda",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name="eu-west-1",
            aws_access_key_id="demo",
            aws_secret_access_key="demo",  # noqa: S106 - the local AWS accepts any
        )
        versions = client.list_layer_versions(LayerName=f"deps-{STACK}")
        return [listed["Version"] for listed in versions["LayerVersions"]]


def expect(*, holds: bool, claim: str) -> None:
    """Check a claim of the demo, and print the result.

    Raises:
        SystemExit: The claim is false.
    """
    print(f"  → {claim}: {'yes' if holds else 'NO'}")
    if not holds:
        raise SystemExit(f"demo: this should be true, but is not: {claim}")


def main() -> None:
    """Start the local AWS, run the demo, and stop the local AWS."""
    shutil.rmtree(DEMO, ignore_errors=True)
    shutil.copytree(REPOSITORY / "examples", DEMO / "examples", ignore=shutil.ignore_patterns(".poetry-layer"))
    for file in REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(file, DEMO)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # hides the access log of the server
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        with tempfile.TemporaryDirectory(prefix="poetry-layer-demo-") as temporary:
            (Path(temporary) / "state").mkdir()
            host, port = server.get_host_and_port()
            run_steps(Demo(f"http://{host}:{port}", Path(temporary)))
    finally:
        server.stop()


def run_steps(demo: Demo) -> None:
    """Run the steps of the demo."""
    demo.explain("The program: examples/quickstart/__main__.py, beside its pyproject.toml and poetry.lock.")
    print((demo.project / "__main__.py").read_text())
    demo.run("pulumi", "stack", "init", STACK)

    demo.explain("Preview the deployment. A preview builds nothing.")
    demo.pulumi("preview")

    demo.explain("Build the layer from poetry.lock and publish it.")
    demo.up()
    expect(holds=demo.layer_versions() == [1], claim="version 1 of the layer exists")

    demo.explain("Deploy again. Nothing has changed, so nothing is built and nothing is published.")
    expect(holds="unchanged" in demo.up() and demo.layer_versions() == [1], claim="it is still version 1")

    demo.explain("Change a dependency. The preview shows the package with its old and new version.")
    demo.run("poetry", "add", "--lock", "requests@~2.33", folder=demo.project)
    preview = demo.pulumi("preview", "--diff")
    expect(holds="requests" in preview and '=> "2.33' in preview, claim="the preview shows requests 2.32 => 2.33")
    demo.up()
    expect(holds=demo.layer_versions() == [2], claim="version 2 of the layer exists, and version 1 was deleted")

    demo.explain("Change a development dependency. This changes poetry.lock, but not the layer.")
    demo.run("poetry", "add", "--lock", "--group", "dev", "iniconfig", folder=demo.project)
    demo.up()
    expect(holds=demo.layer_versions() == [2], claim="it is still version 2")

    demo.explain("Destroy all resources.")
    demo.pulumi("destroy", "--yes", "--skip-preview", "--suppress-progress")
    expect(holds=demo.layer_versions() == [], claim="the layer does not exist any more")


if __name__ == "__main__":
    main()
