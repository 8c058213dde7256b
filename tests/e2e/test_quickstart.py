"""The quick start as a user runs it: ``pulumi up`` in the root folder of the repository."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import LocalAws, Machine, Program
from .harness.examples import copy_example
from .harness.toolchain import REPOSITORY


@pytest.fixture
def quickstart(tmp_path: Path, new_machine: Callable[[str], Machine]) -> Program:
    """A copy of the root folder, as far as ``pulumi up`` uses it there."""
    folder = tmp_path / "checkout"
    copy_example("quickstart", folder / "examples" / "quickstart")
    shutil.copy(REPOSITORY / "Pulumi.yaml", folder)
    return Program(folder=folder, backend=tmp_path / "backend", machine=new_machine("laptop"))


@pytest.mark.own_aws_plugin
def test_handler_of_the_quick_start_can_import_the_packages_of_its_layer(
    quickstart: Program, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise the first thing that a new user tries does not work."""
    # The runtime has the version of this Python, so that the native files in the layer can be imported here.
    runtime = {"runtime": "python{}.{}".format(*sys.version_info[:2])}
    dev, prod = quickstart.stack("dev", config=runtime), quickstart.stack("prod", config=runtime)
    dev.up(skip_preview=True)
    prod.up(skip_preview=True)

    assert "icecream" in dev.outputs()["packages"]
    assert "icecream" not in prod.outputs()["packages"]
    function = dev.resources()["api"]
    assert dev.outputs()["layer"] in str(function)
    version = int(dev.outputs()["layer"].rpartition(":")[2])
    published = aws.layer_zip("deps-dev", version, region="eu-west-1")
    with zipfile.ZipFile(io.BytesIO(published)) as archive:
        archive.extractall(tmp_path / "opt")
        modules = {name.split("/")[1].removesuffix(".py") for name in archive.namelist() if ".dist-info/" not in name}
    importable = sorted(name for name in modules if name.isidentifier() and not name.endswith("__mypyc"))
    assert {"requests", "pydantic", "pydantic_core", "charset_normalizer"} <= set(importable)
    paths = [str(tmp_path / "opt/python"), str(quickstart.folder / "examples/quickstart/handler")]
    imports = ", ".join([*importable, "app"])
    program = f"import sys; sys.path[:0] = {paths}; import {imports}; print(app.handler({{}}, None)['body'])"
    # -B: a __pycache__ folder beside the handler would change the code of the function.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("requests 2.32")

    assert dev.preview().unchanged
    assert prod.preview().unchanged
