"""terraform-aws-lambda: its program ``package.py``, run as the module's ``package.tf`` runs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.peers.installation import poetry, repository
from benchmarks.peers.peer import Peer, Workplace

URL = "https://github.com/terraform-aws-modules/terraform-aws-lambda"

PREPARE_AND_BUILD = """\
import json, subprocess, sys
package = [sys.executable, sys.argv[1]]
prepared = subprocess.run([*package, "prepare"], input=sys.argv[2].encode(), stdout=subprocess.PIPE, check=True)
plan = json.loads(prepared.stdout)
subprocess.run([*package, "build", "--timestamp", plan["timestamp"], plan["build_plan_filename"]], check=True)
with open("zip", "w") as file:
    file.write(plan["filename"])
"""
"""What Terraform does with the module: the data source ``prepare``, then the provisioner ``build``."""


class Terraform(Peer):
    """A layer from ``poetry_install = true``, without Docker, which is the module's default."""

    name = "terraform-aws-lambda"
    version = "8.8.1"
    folder = "terraform"

    def install(self, here: Workplace) -> None:
        poetry(here)
        repository(here, URL, f"v{self.version}")

    def query(self, here: Workplace) -> str:
        """The query that ``package.tf`` makes of the module's variables."""
        source = {"path": "../project", "poetry_install": True, "prefix_in_zip": "python"}
        return json.dumps(
            {
                "paths": json.dumps({"module": ".", "root": ".", "cwd": "."}),
                "artifacts_dir": "builds",
                "runtime": here.runtime,
                "source_path": json.dumps(source),
                "hash_extra": "",
                "hash_internal": json.dumps([self.version]),
                "recreate_missing_package": "true",
                "quiet": "false",
                "function_name": "",
            }
        )

    def root(self, here: Workplace) -> Path:
        """The folder of the Terraform program, beside the project."""
        return here.project.parent / "infrastructure"

    def configure(self, here: Workplace) -> None:
        self.root(here).mkdir()
        (self.root(here) / "prepare_and_build.py").write_text(PREPARE_AND_BUILD)

    def commands(self, here: Workplace) -> Sequence[Command]:
        package = here.tools / "repository" / "package.py"
        arguments = (sys.executable, "prepare_and_build.py", package, self.query(here))
        return [here.command(*arguments, folder=self.root(here))]

    def layer(self, here: Workplace) -> Path:
        return self.root(here) / (self.root(here) / "zip").read_text()
