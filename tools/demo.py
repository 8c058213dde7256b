"""See a lock file become a published layer: the quick start with the real Pulumi engine, against a local AWS.

What is real: the ``pulumi`` command line and engine, Poetry, the lock file, the build, the zip. What stands in for AWS:
moto's server on this machine, reached through ``tools/aws_stand_in`` in the place of Pulumi's AWS plugin. The program
in ``examples/quickstart`` is what a user on AWS would write. Run by ``make demo``; it works on a copy in ``.demo``.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer
from pypi_simple import PYPI_SIMPLE_ENDPOINT

REPOSITORY = Path(__file__).resolve().parent.parent
DEMO = REPOSITORY / ".demo"
STACK = "prod"


class Demo:
    """The copy of the quick start, and the variables that lead Pulumi to the local AWS."""

    def __init__(self, endpoint: str, temporary: Path) -> None:
        self.project = DEMO / "examples" / "quickstart"
        self.environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "POETRY_PYPI_MIRROR_URL": os.environ.get("POETRY_PYPI_MIRROR_URL", PYPI_SIMPLE_ENDPOINT),
            "PULUMI_BACKEND_URL": (temporary / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "demo",
            "PULUMI_HOME": str(temporary / "pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "TMPDIR": str(temporary),  # the AWS plugin keeps copies of what it uploaded here
        }
        self._number = 0

    def explain(self, text: str) -> None:
        """Say what comes next, and why."""
        self._number += 1
        print(f"\n\033[1m{self._number}. {text}\033[0m" if sys.stdout.isatty() else f"\n{self._number}. {text}")

    def run(self, *command: str, folder: Path = DEMO) -> str:
        """Run a command as a user would, show it with what it prints, and return that.

        Raises:
            SystemExit: it failed.
        """
        print(f"\n$ {' '.join(command)}", flush=True)
        started = time.monotonic()
        printed = []
        with subprocess.Popen(
            command, cwd=folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout or ():
                printed.append(line)
                if line.strip() and not line.startswith("@") and "using pulumi-resource-aws from" not in line:
                    print(f"  {line.rstrip()}", flush=True)
        print(f"  ({time.monotonic() - started:.1f} s)")
        if process.returncode != 0:
            raise SystemExit(f"demo: `{' '.join(command)}` ended with exit code {process.returncode}")
        return "".join(printed)

    def pulumi(self, *arguments: str) -> str:
        """Run a ``pulumi`` command on the demo's stack."""
        return self.run("pulumi", *arguments, "--stack", STACK, "--non-interactive")

    def up(self) -> str:
        """``pulumi up`` without its preview, which the demo shows by itself."""
        return self.pulumi("up", "--yes", "--skip-preview", "--suppress-progress")

    def layer_versions(self) -> list[int]:
        """The versions of the layer that the local AWS has now."""
        client = boto3.client(
            "lambda",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name="eu-west-1",
            aws_access_key_id="demo",
            aws_secret_access_key="demo",  # noqa: S106 - the local AWS takes any
        )
        return [version["Version"] for version in client.list_layer_versions(LayerName="deps")["LayerVersions"]]


def expect(*, holds: bool, claim: str) -> None:
    """Check what the demo claims: a demo that lies is worse than none.

    Raises:
        SystemExit: the claim does not hold.
    """
    print(f"  → {claim}: {'yes' if holds else 'NO'}")
    if not holds:
        raise SystemExit(f"demo: this should hold and does not: {claim}")


def main() -> None:
    """Set the stage, play, and clear away."""
    shutil.rmtree(DEMO, ignore_errors=True)
    shutil.copytree(REPOSITORY / "examples", DEMO / "examples", ignore=shutil.ignore_patterns(".poetry-layer"))
    for file in REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(file, DEMO)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # the server's access log
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        with tempfile.TemporaryDirectory(prefix="poetry-layer-demo-") as temporary:
            (Path(temporary) / "state").mkdir()
            host, port = server.get_host_and_port()
            play(Demo(f"http://{host}:{port}", Path(temporary)))
    finally:
        server.stop()


def play(demo: Demo) -> None:
    """The demo itself, step by step."""
    demo.explain("The program: examples/quickstart/__main__.py, next to its pyproject.toml and poetry.lock.")
    print((demo.project / "__main__.py").read_text())
    demo.run("pulumi", "stack", "init", STACK)

    demo.explain("What would happen? Nothing is built for a preview.")
    demo.pulumi("preview")

    demo.explain("Build the layer from poetry.lock and publish it.")
    demo.up()
    expect(holds=demo.layer_versions() == [1], claim="the layer is there in version 1")

    demo.explain("Again: nothing changed, so nothing is built and nothing is published.")
    expect(holds="unchanged" in demo.up() and demo.layer_versions() == [1], claim="still version 1")

    demo.explain("A dependency changes. The preview names the package and both versions.")
    demo.run("poetry", "add", "--lock", "requests@~2.33", folder=demo.project)
    preview = demo.pulumi("preview", "--diff")
    expect(holds="requests" in preview and '=> "2.33' in preview, claim="the preview shows requests 2.32 => 2.33")
    demo.up()
    expect(holds=demo.layer_versions() == [2], claim="the layer is there in version 2, version 1 is gone")

    demo.explain("A development dependency changes: poetry.lock is another file now, the layer is the same.")
    demo.run("poetry", "add", "--lock", "--group", "dev", "iniconfig", folder=demo.project)
    demo.up()
    expect(holds=demo.layer_versions() == [2], claim="nothing rebuilt, still version 2")

    demo.explain("Take it all down.")
    demo.pulumi("destroy", "--yes", "--skip-preview", "--suppress-progress")
    expect(holds=demo.layer_versions() == [], claim="the layer is gone")


if __name__ == "__main__":
    main()
