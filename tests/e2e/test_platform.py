"""A layer for other accounts, stacks and regions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .harness import LocalAws, Machine, Program
from .harness.examples import copy_example
from .harness.one_layer import BUILD, LAYER, RUNTIME, NewProgram, project_files

pytestmark = pytest.mark.thorough

PERMISSION = "aws:lambda/layerVersionPermission:LayerVersionPermission"

SHARED = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()
deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="{RUNTIME}",
    layer_name="shared",
    description=config.get("description"),
    share_with=[*(config.get_object("accounts") or []), pulumi.Output.from_input("333333333333")],
    organization_id=config.get("organization"),
    skip_destroy=config.get_bool("skipDestroy"),
)
"""

IN_REGIONS = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()
layers = PoetryLayer.matrix(
    "deps",
    runtimes=["{RUNTIME}"],
    regions=config.require_object("regions"),
    project_dir="service",
    description=config.get("description"),
)
pulumi.export("arns", layers.arns)
"""


def principals(aws: LocalAws, version: int) -> set[Any]:
    """Who may use a version: accounts and organizations."""
    policy = aws.functions().get_layer_version_policy(LayerName="shared", VersionNumber=version)["Policy"]
    statements = json.loads(policy)["Statement"]
    assert {statement["Action"] for statement in statements} == {"lambda:GetLayerVersion"}
    return {statement.get("OrganizationId") or statement["Principal"] for statement in statements}


def test_version_is_shared_with_accounts_and_an_organization(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise functions of other accounts cannot use the layer, or only its first version."""
    stack = new_program({"__main__.py": SHARED, **project_files("base")}).stack()
    stack.set_config("accounts", json.dumps(["111111111111", "222222222222"]))
    stack.set_config("organization", "o-a1b2c3d4e5")
    stack.up(skip_preview=True)
    everyone = {"111111111111", "222222222222", "333333333333", "o-a1b2c3d4e5"}
    assert principals(aws, 1) == everyone
    assert stack.preview().unchanged

    stack.set_config("accounts", json.dumps(["222222222222"]))
    up = stack.up(skip_preview=True)
    assert (up.ops(PERMISSION).count("delete"), up.ops(LAYER)) == (1, ["same"])
    assert principals(aws, 1) == everyone - {"111111111111"}

    stack.set_config("description", "published again")
    stack.up(skip_preview=True)
    assert aws.layer_versions("shared") == [2]
    assert principals(aws, 2) == everyone - {"111111111111"}
    assert stack.refresh().unchanged


def test_kept_version_stays_shared(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise functions of other accounts cannot be deployed with the version that they use."""
    stack = new_program({"__main__.py": SHARED, **project_files("base")}).stack(config={"skipDestroy": "true"})
    stack.up(skip_preview=True)
    stack.set_config("description", "published again")
    stack.up(skip_preview=True)
    stack.destroy()
    assert [principals(aws, version) for version in aws.layer_versions("shared")] == [{"333333333333"}] * 2


def test_layer_is_built_once_and_published_in_each_region(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise regions need several declarations, and a zip for each."""
    stack = new_program({"__main__.py": IN_REGIONS, **project_files("base")}).stack()
    regions = ["eu-west-1", "us-east-1", "ap-southeast-2"]
    stack.set_config("regions", json.dumps(regions))
    assert (stack.preview().ops(BUILD), stack.preview().ops(LAYER)) == (["create"], ["create"] * 3)
    up = stack.up(skip_preview=True)
    assert sum("; built, " in message for message in up.diagnostics) == 1
    name, target = f"deps-{RUNTIME.replace('.', '')}-x86_64", f"{RUNTIME.replace('.', '')}-x86_64"
    zips = {aws.layer_zip(f"{name}-dev", 1, region=region) for region in regions}
    assert len(zips) == 1
    arns = stack.outputs()["arns"]
    assert {region: arns[f"{target}-{region}"].split(":")[3] for region in regions} == {one: one for one in regions}
    assert stack.preview().unchanged

    # The first region goes: nothing is built or published again.
    stack.set_config("regions", json.dumps(regions[1:]))
    up = stack.up(skip_preview=True)
    assert (up.ops(BUILD), sorted(up.ops(LAYER))) == (["same"], ["delete", "same", "same"])


def test_zip_is_built_once_if_it_is_missing_and_all_regions_publish_again(
    new_program: NewProgram, aws: LocalAws, new_machine: Callable[[str], Machine], tmp_path: Path
) -> None:
    """Otherwise a fresh runner builds the same zip for each region at the same time, at the same path."""
    stack = new_program({"__main__.py": IN_REGIONS, **project_files("base")}).stack()
    stack.set_config("regions", json.dumps(["eu-west-1", "us-east-1"]))
    stack.up(skip_preview=True)
    runner = stack.on(stack.program.checkout(tmp_path / "fresh", machine=new_machine("runner")))
    runner.set_config("description", "again")
    up = runner.up(skip_preview=True)
    assert (up.ops(BUILD), up.ops(LAYER).count("replace")) == (["same"], 2)
    name = f"deps-{RUNTIME.replace('.', '')}-x86_64-dev"
    assert aws.layer_zip(name, 2, region="eu-west-1") == aws.layer_zip(name, 2, region="us-east-1")


@pytest.mark.own_aws_plugin
def test_example_publishes_the_arns_to_parameters(
    tmp_path: Path, new_machine: Callable[[str], Machine], aws: LocalAws
) -> None:
    """Otherwise the example does not do what its README says."""
    folder = copy_example("shared_layer", tmp_path / "checkout")
    program = Program(folder=folder, backend=tmp_path / "backend", machine=new_machine("runner"))
    stack = program.stack("prod")
    stack.up(skip_preview=True)
    for region in ("eu-west-1", "us-east-1"):
        found = aws.parameters(region=region).get_parameter(Name="/layers/base/python3.13-arm64")["Parameter"]
        arn = stack.outputs()["layers"][f"python313-arm64-{region}"]
        assert found["Value"] == arn
        assert arn.startswith(f"arn:aws:lambda:{region}:")
        policy = aws.functions(region=region).get_layer_version_policy(
            LayerName="base-python313-arm64-prod", VersionNumber=1
        )
        assert "222222222222" in policy["Policy"]
    assert stack.preview().unchanged
    stack.destroy()
    for region in ("eu-west-1", "us-east-1"):
        listed = aws.functions(region=region).list_layer_versions(LayerName="base-python313-arm64-prod")
        assert listed["LayerVersions"] == []
