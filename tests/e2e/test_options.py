"""Resource options of the component with the real engine."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import LocalAws, Machine, Stack
from .harness.one_layer import BUILD, COMPONENT, LAYER, OBJECT, RUNTIME, NewProgram, project_files

pytestmark = pytest.mark.measured


WITH_OPTIONS = f"""\
import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer


def describe(args):
    if args.type_ == "{LAYER}":
        return pulumi.ResourceTransformResult({{**args.props, "description": "by a transform"}}, args.opts)


first = aws.s3.Bucket("first")
PoetryLayer(
    NAME,
    project_dir="service",
    runtime="{RUNTIME}",
    layer_name="deps",
    opts=pulumi.ResourceOptions(depends_on=[first], transforms=[describe], MORE),
)
"""

PRODUCER = """\
import pulumi
import pulumi_aws as aws

pulumi.export("bucket", aws.s3.Bucket("artifacts", bucket="artifacts-of-the-platform").bucket)
"""

IN_ANOTHER_REGION = f"""\
import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

ireland = aws.Provider("ireland", region="eu-west-1")
platform = pulumi.StackReference("organization/platform/dev")
common = {{"project_dir": "service", "runtime": "{RUNTIME}"}}
PoetryLayer("direct", layer_name="direct", **common, opts=pulumi.ResourceOptions(provider=ireland))
PoetryLayer(
    "stored",
    **common,
    bucket=platform.get_output("bucket"),
    layer_name=platform.get_output("bucket").apply(lambda _: "stored"),
    license_info=pulumi.Output.from_input("MIT"),
    opts=pulumi.ResourceOptions(providers=[ireland]),
)
"""

TRANSFORMED = f"""\
import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

pulumi.runtime.register_resource_transform(lambda args: pulumi.ResourceTransformResult(args.props, args.opts))
common = {{"project_dir": "service", "runtime": "{RUNTIME}", "description": pulumi.Config().get("description")}}
bucket = aws.s3.Bucket("artifacts")
PoetryLayer("stored", layer_name="stored", **common, bucket=bucket.bucket)
pulumi.runtime.register_resource_transform(lambda args: pulumi.ResourceTransformResult(dict(args.props), args.opts))
PoetryLayer("direct", layer_name="direct", **common, extras=["yaml"])
"""


def write_program(stack: Stack, more: str, name: str = "deps") -> None:
    """Write the program with additional options."""
    stack.program.write({"__main__.py": WITH_OPTIONS.replace("MORE", more).replace("NAME", repr(name))})


def test_options_of_the_component_are_applied_to_its_children(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise protected layers are deleted, renamed layers are published again, and transforms have no effect."""
    stack = new_program({"__main__.py": "", **project_files("base")}).stack()
    write_program(stack, "retain_on_delete=True")
    up = stack.up(skip_preview=True)
    described = aws.functions().get_layer_version(LayerName="deps", VersionNumber=1)
    assert described["Description"] == "by a transform"
    created = [step.name for step in up.steps if step.op == "create"]
    assert created.index("first") < created.index("deps-build"), "depends_on"

    write_program(stack, "aliases=[pulumi.Alias(name='deps')], protect=True", name="packages")
    preview = stack.preview()
    assert set(preview.ops(LAYER) + preview.ops(BUILD) + preview.ops(COMPONENT)) == {"same"}, preview
    assert stack.up(skip_preview=True).unchanged

    refused = stack.destroy(check=False)
    assert refused.exit_code != 0
    assert "protected" in refused.text
    assert aws.layer_versions("deps") == [1]

    write_program(stack, "aliases=[pulumi.Alias(name='deps')], retain_on_delete=True", name="packages")
    stack.up(skip_preview=True)
    stack.destroy()
    assert aws.layer_versions("deps") == [1], "retain_on_delete"


def test_layers_use_their_provider_and_a_bucket_of_another_stack(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a layer is published in the default region, or a bucket of another stack cannot be used."""
    new_program({"__main__.py": PRODUCER}, name="platform").stack("dev").up(skip_preview=True)
    stack = new_program({"__main__.py": IN_ANOTHER_REGION, **project_files("base")}).stack()
    assert stack.preview().ops(OBJECT) == ["create"]
    stack.up(skip_preview=True)

    ireland = aws.functions(region="eu-west-1")
    for name in ("direct", "stored"):
        versions = ireland.list_layer_versions(LayerName=name)["LayerVersions"]
        assert [version["Version"] for version in versions] == [1], name
        assert aws.layer_versions(name) == []
    assert versions[0]["LicenseInfo"] == "MIT"
    stored = stack.resources()["stored"]
    assert stored["outputs"]["arn"].split(":")[3] == "eu-west-1"
    (found,) = aws.storage().list_objects_v2(Bucket="artifacts-of-the-platform")["Contents"]
    assert found["Key"].startswith("stored/")
    assert stack.preview().unchanged


def test_transforms_that_return_all_properties_change_nothing(
    new_program: NewProgram, new_machine: Callable[[str], Machine], tmp_path: Path, aws: LocalAws
) -> None:
    """Otherwise every fresh runner publishes all layers again in a program with transforms, with the wrong zips."""
    stack = new_program({"__main__.py": TRANSFORMED, **project_files("base")}).stack()
    check_transforms(stack, new_machine("runner"), tmp_path / "runner", aws)


def check_transforms(stack: Stack, other: Machine, folder: Path, aws: LocalAws) -> None:
    """Deploy a program with transforms; on another machine nothing changes, and each layer gets its own zip."""
    stack.up(skip_preview=True)
    runner = stack.on(stack.program.checkout(folder, machine=other))
    assert runner.preview().unchanged

    runner.set_config("description", "again")
    runner.up(skip_preview=True)
    resources = stack.resources()
    for name in ("direct", "stored"):
        published = aws.functions().get_layer_version(LayerName=name, VersionNumber=2)["Content"]["CodeSha256"]
        assert b64decode(published).hex() == resources[f"{name}-build"]["outputs"]["sha256"], name
