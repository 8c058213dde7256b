"""The example with dev, staging and prod: one program, three stack configurations."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from .harness import LocalAws, Machine, Program
from .harness.examples import copy_example

REGION = "eu-west-1"


def test_each_environment_gets_the_layer_of_its_stack_configuration(
    tmp_path: Path, new_machine: Callable[[str], Machine], aws: LocalAws
) -> None:
    """Otherwise the example does not do what its README says about groups, architecture, bucket and retention."""
    folder = copy_example("stack_per_environment", tmp_path / "checkout")
    program = Program(folder=folder, backend=tmp_path / "backend", machine=new_machine("runner"))
    packages, zips = {}, {}
    for name in ("dev", "staging", "prod"):
        stack = program.stack(name)
        stack.up(skip_preview=True)
        packages[name] = stack.outputs()["packages"]
        layer = aws.functions(region=REGION).list_layer_versions(LayerName=f"orders-{name}")["LayerVersions"][0]
        assert layer["CompatibleArchitectures"] == (["x86_64"] if name == "dev" else ["arm64"])
        if name != "prod":
            zips[name] = zipfile.ZipFile(io.BytesIO(aws.layer_zip(f"orders-{name}", 1, region=REGION))).namelist()
        assert stack.preview().unchanged

    assert "icecream" in packages["dev"]
    assert "icecream" not in packages["staging"]
    assert packages["staging"] == packages["prod"]
    assert any("x86_64-linux-gnu.so" in name for name in zips["dev"])
    assert any("aarch64-linux-gnu.so" in name for name in zips["staging"])
    assert not any("x86_64-linux-gnu.so" in name for name in zips["staging"])

    program.stack("prod").destroy()
    program.stack("staging").destroy()
    assert len(aws.functions(region=REGION).list_layer_versions(LayerName="orders-prod")["LayerVersions"]) == 1
    assert aws.functions(region=REGION).list_layer_versions(LayerName="orders-staging")["LayerVersions"] == []
