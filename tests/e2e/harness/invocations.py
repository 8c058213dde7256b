"""Makes the local AWS run its functions, which moto only does with images of Lambda that it pulls.

A function that is invoked runs on AWS's emulator of Lambda, with the code and the layer that were published.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from moto.awslambda.models import LambdaFunction, lambda_backends

from .machine import Machine


@contextmanager
def invocations_on_the_emulator(machine: Machine) -> Iterator[None]:
    """Run each function that somebody invokes on the emulator of this machine."""

    def invoke(function: LambdaFunction, event: object = None) -> tuple[str, bool, str]:
        text = event if isinstance(event, str) else json.dumps(event)  # a missing event is the text "{}"
        with tempfile.TemporaryDirectory() as folder:
            return _invoke(machine, function, text, Path(folder))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LambdaFunction, "_invoke_lambda", invoke)
        yield


def _invoke(machine: Machine, function: LambdaFunction, event: str, folder: Path) -> tuple[str, bool, str]:
    """Answer, whether it is an error, and log, as moto wants them."""
    with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as code:
        code.extractall(folder / "task")
    (used,) = function.layers
    layer = lambda_backends[function.account_id][function.region].layers_versions_by_arn(used["Arn"])
    assert layer, used
    (folder / "layer.zip").write_bytes(layer.code_bytes)
    target = ["--runtime", str(function.run_time), "--architecture", function.architectures[0]]
    settings = [part for name, value in function.environment_vars.items() for part in ("--env", f"{name}={value}")]
    code_of = ["--handler", str(function.handler), "--task", str(folder / "task"), "--event", event]
    options = [*code_of, *target, *settings]
    command = ["python", "-m", "pulumi_poetry_layer", "invoke", str(folder / "layer.zip"), *options]
    done = machine.run(command, cwd=folder)
    return done.stdout or done.stderr, done.returncode != 0, done.stderr
