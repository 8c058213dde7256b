"""serverless-python-requirements, with Serverless Framework 3: version 4 needs an account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.peers.installation import node_modules, poetry
from benchmarks.peers.peer import Peer, Workplace

FRAMEWORK = "3.40.0"

SERVICE = """\
service: service
frameworkVersion: "3"
configValidationMode: off
provider: {{name: aws, runtime: {runtime}, architecture: {architecture}}}
plugins: ["{plugin}"]
custom: {{pythonRequirements: {{layer: true}}}}
package: {{patterns: ["!**"]}}
"""

NO_STACK = """\
// Answers for CloudFormation, which is asked for the layer of the last deployment: there is no stack yet.
const AWS = require("{modules}/aws-sdk");
AWS.Request.prototype.promise = () =>
  Promise.reject(Object.assign(new Error("Stack does not exist"), {{code: "ValidationError", statusCode: 400}}));
"""


class Serverless(Peer):
    """``serverless package``: without Docker, which is the plugin's default."""

    name = "serverless-python-requirements"
    version = "6.1.2"
    folder = "serverless"

    def install(self, here: Workplace) -> None:
        poetry(here)
        modules = node_modules(here, f"serverless@{FRAMEWORK}", f"{self.name}@{self.version}")
        (here.tools / "no_stack.js").write_text(NO_STACK.format(modules=modules))

    def configure(self, here: Workplace) -> None:
        plugin = here.tools / "npm" / "node_modules" / self.name
        text = SERVICE.format(runtime=here.runtime, architecture=here.architecture, plugin=plugin)
        (here.project / "serverless.yml").write_text(text)

    def commands(self, here: Workplace) -> Sequence[Command]:
        return [
            here.command(
                here.tools / "npm" / "node_modules" / ".bin" / "serverless",
                "package",
                NODE_OPTIONS=f"--require {here.tools / 'no_stack.js'}",
                AWS_ACCESS_KEY_ID="none",
                AWS_SECRET_ACCESS_KEY="none",  # noqa: S106 - nothing is asked with it
                SLS_TELEMETRY_DISABLED="1",
            )
        ]

    def layer(self, here: Workplace) -> Path:
        return (here.project / ".serverless" / "pythonRequirements.zip").resolve()
