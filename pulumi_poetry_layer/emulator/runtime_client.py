"""Installs what a Lambda runtime has besides Python: the runtime client and the AWS SDK."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.build_log import warn
from pulumi_poetry_layer.host.cache import cache_folder, make_cache_folder
from pulumi_poetry_layer.host.cleanup import remove_folder, temporary_folder
from pulumi_poetry_layer.host.locks import locked
from pulumi_poetry_layer.host.process import Program, run, temporary_variables
from pulumi_poetry_layer.host.variables import Audience, seen_by

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_poetry_layer.plan.target import Target

REQUIREMENTS = ("awslambdaric==4.2.2", "boto3==1.44.8")
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included"""

_MARKER = "awslambdaric/__init__.py"


def runtime_client(python: Program, target: Target) -> Path:
    """The folder with the runtime client and the AWS SDK. They are installed into the cache on first use.

    Args:
        python: a Python of the target's version.
        target: the target.

    Raises:
        SubprocessError: the Python has no ``venv`` module, or pip failed.
        OSError: the cache cannot be written.
    """
    name = "-".join([target.runtime, target.machine, *(text.replace("==", "-") for text in REQUIREMENTS)])
    parent = cache_folder("runtime-client")
    folder = parent / name
    if (folder / _MARKER).exists():
        return folder
    make_cache_folder(parent)
    with locked(parent / f"{name}.lock", f"runtime client for {target.runtime}"):
        if not (folder / _MARKER).exists():
            warn(f"installing {' and '.join(REQUIREMENTS)} for the emulator of {target.runtime}; later runs find it")
            _install(python, folder)
    return folder


def _install(python: Program, folder: Path) -> None:
    with temporary_folder(folder.parent, prefix=".runtime-client-") as temporary:
        environment = seen_by(Audience.BUILDS, os.environ) | temporary_variables(temporary / "tmp")
        hint = f"install the venv module of {python.name}; its package is {python.name}-venv on Debian and Ubuntu"
        run(python, ["-m", "venv", "venv"], environment=environment, folder=temporary, hint=hint)
        pip = Program("pip", str(temporary / "venv" / "bin" / "python"))
        options = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--target", "packages"]
        hint = "use Python 3.10 or newer, and let pip reach an index with these distributions (PIP_INDEX_URL)"
        arguments = ["-m", "pip", "install", *options, *REQUIREMENTS]
        run(pip, arguments, environment=environment, folder=temporary, hint=hint)
        remove_folder(folder)  # what is left of it after the cache was cleared
        (temporary / "packages").replace(folder)
