"""Demonstrate how a lock file becomes a published layer. ``make demo`` runs this script.

``demo.py layer`` builds the layer of ``examples/quickstart`` with the command line. ``demo.py deployment`` deploys the
program there: the ``pulumi`` command line, the engine, Poetry, the lock file, the build and the zip are real. AWS is a
moto server on this machine, and ``tools/aws_stand_in`` replaces Pulumi's AWS plugin. The program also works on AWS
without a change. A copy of it, and all that the demo's programs keep, is in ``.demo``.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import boto3
from demo_surroundings import environment, prepare
from moto.server import ThreadedMotoServer
from pypi_simple import PYPI_SIMPLE_ENDPOINT

REPOSITORY = Path(__file__).resolve().parent.parent
DEMO = REPOSITORY / ".demo"
SURROUNDINGS = DEMO / "surroundings"
QUICKSTART = DEMO / "examples" / "quickstart"
STACK = "prod"
RUNTIME = "python3.13"  # that of the program in examples/quickstart
LAYER_ZIP = DEMO / "layer.zip"


class Demo:
    """The copy of the quick start, and the environment variables that make Pulumi use the local AWS."""

    def __init__(self, endpoint: str) -> None:
        self.environment = {
            **environment(os.environ, SURROUNDINGS, PYPI_SIMPLE_ENDPOINT),
            "AWS_ENDPOINT_URL": endpoint,
        }
        self._number = 0

    def explain(self, text: str) -> None:
        """Print what the next step shows."""
        self._number += 1
        print(_bold(f"\n{self._number}. {text}"), flush=True)

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
            try:
                for line in process.stdout or ():
                    printed.append(line)
                    if line.strip() and not line.startswith("@"):
                        print(f"  {line.rstrip()}", flush=True)
            except KeyboardInterrupt:
                print("\ndemo: waiting until the command has ended its own programs", flush=True)
                process.communicate()  # Pulumi stops its plugins; if nobody read its output, it would end before that
                raise
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

    def up(self, *options: str) -> str:
        """Run ``pulumi up``, with its preview unless the options leave it out."""
        return self.pulumi("up", "--yes", *options, "--suppress-progress")

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


def build_layer() -> None:
    """Plan and build the layer of the quick start with the command line, as a user does without Pulumi.

    Raises:
        SystemExit: A command failed.
    """
    _copy_examples()
    print(_bold("\nThe first layer: examples/quickstart/poetry.lock, without Pulumi"), flush=True)
    project = ["-C", str(QUICKSTART.relative_to(REPOSITORY)), "--runtime", RUNTIME]
    for arguments in (["plan", *project], ["build", *project, "-o", str(LAYER_ZIP.relative_to(REPOSITORY))]):
        command = ["pulumi-poetry-layer", *arguments]
        print(f"\n$ {' '.join(command)}", flush=True)
        variables = environment(os.environ, SURROUNDINGS, PYPI_SIMPLE_ENDPOINT)
        exit_code = subprocess.run(command, cwd=REPOSITORY, env=variables, check=False).returncode
        if exit_code != 0:
            raise SystemExit(f"demo: `{' '.join(command)}` ended with exit code {exit_code}")
    print(_bold(f"\n{LAYER_ZIP.relative_to(REPOSITORY)} is a layer that Lambda can load. Next: the same with Pulumi."))


def deploy() -> None:
    """Start the local AWS, deploy the quick start to it in several steps, and stop the local AWS."""
    _copy_examples()
    prepare(SURROUNDINGS)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # hides the access log of the server
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        _run_steps(Demo(f"http://{host}:{port}"))
    finally:
        server.stop()
        shutil.rmtree(SURROUNDINGS, ignore_errors=True)
    print(_bold("\nThat was all. The program is in examples/quickstart, and README.md explains the next steps."))


def _copy_examples() -> None:
    """Copy the examples to ``.demo``, whatever an interrupted demo has left there."""
    shutil.rmtree(DEMO / "examples", ignore_errors=True)
    shutil.copytree(REPOSITORY / "examples", DEMO / "examples", ignore=shutil.ignore_patterns(".poetry-layer"))
    for file in REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(file, DEMO)


def _run_steps(demo: Demo) -> None:
    demo.explain("The program: examples/quickstart/__main__.py, beside its pyproject.toml and poetry.lock.")
    print((QUICKSTART / "__main__.py").read_text(encoding="utf-8"))
    demo.run("pulumi", "stack", "init", STACK)

    demo.explain("Preview the deployment. A preview builds nothing.")
    demo.pulumi("preview")

    demo.explain("Build the layer from poetry.lock and publish it.")
    demo.up("--skip-preview")
    expect(holds=demo.layer_versions() == [1], claim="version 1 of the layer exists")

    demo.explain("Deploy again. Nothing has changed, so nothing is built and nothing is published.")
    unchanged = "unchanged" in demo.up("--skip-preview", "--suppress-outputs")
    expect(holds=unchanged and demo.layer_versions() == [1], claim="it is still version 1")

    demo.explain("Change a dependency. The preview shows the package with its old and new version.")
    demo.run("poetry", "add", "--lock", "requests@~2.33", folder=QUICKSTART)
    preview = demo.pulumi("preview", "--diff")
    expect(holds="requests" in preview and '=> "2.33' in preview, claim="the preview shows requests 2.32 => 2.33")
    demo.up("--skip-preview", "--suppress-outputs")
    expect(holds=demo.layer_versions() == [2], claim="version 2 of the layer exists, and version 1 was deleted")

    demo.explain("Change a development dependency. This changes poetry.lock, but not the layer.")
    demo.run("poetry", "add", "--lock", "--group", "dev", "iniconfig", folder=QUICKSTART)
    says_so = "poetry.lock has changed" in demo.up("--suppress-outputs")
    expect(holds=says_so, claim="the preview says that poetry.lock has changed, and the layer has not")
    expect(holds=demo.layer_versions() == [2], claim="it is still version 2")

    demo.explain("Destroy all resources.")
    demo.pulumi("destroy", "--yes", "--skip-preview", "--suppress-progress")
    expect(holds=demo.layer_versions() == [], claim="the layer does not exist any more")


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


STAGES: dict[str, Callable[[], None]] = {"layer": build_layer, "deployment": deploy}


def main() -> int:
    """Run the stage of the demo that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1] not in STAGES:
        print(f"usage: demo.py {{{','.join(STAGES)}}}", file=sys.stderr)
        return 2
    try:
        STAGES[sys.argv[1]]()
    except KeyboardInterrupt:
        print("\ndemo: stopped; `make demo` starts again", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
