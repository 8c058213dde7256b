"""Tests that the stand-in AWS plugin behaves as Pulumi's own plugin, as far as the other tests rely on it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import LocalAws, Machine, Stack
from .harness.one_layer import NewProgram

INFRASTRUCTURE = """\
import json

import pulumi
import pulumi_aws as aws

layer = aws.lambda_.LayerVersion(
    "layer",
    layer_name="deps",
    code=pulumi.FileArchive("layer.zip"),
    compatible_runtimes=["python3.12", "python3.11"],
    description="what the function imports",
)
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}
role = aws.iam.Role("role", assume_role_policy=json.dumps(trust))
aws.iam.RolePolicyAttachment(
    "logs", role=role.name, policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
bucket = aws.s3.Bucket("bucket")
aws.s3.BucketObjectv2("object", bucket=bucket.bucket, key="layers/deps.zip", source=pulumi.FileAsset("layer.zip"))
function = aws.lambda_.Function(
    "function",
    role=role.arn,
    runtime="python3.12",
    handler="handler.main",
    code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset("def main(event, context): pass")}),
    layers=[layer.arn],
)
pulumi.export("bucket", bucket.bucket)
pulumi.export("function", function.name)
pulumi.export("layer", layer.arn)
pulumi.export("sha256", layer.code_sha256)
"""

ONE_LAYER = """\
import pulumi
import pulumi_aws as aws

layer = aws.lambda_.LayerVersion("layer", layer_name="deps", code=pulumi.FileArchive("layer.zip"){more})
"""

MANY_LAYERS = """\
import pulumi
import pulumi_aws as aws

changes = {{
    "description": "x",
    "license_info": "MIT",
    "compatible_runtimes": ["python3.12"],
    "compatible_architectures": ["arm64"],
    "source_code_hash": "x",
    "skip_destroy": True,
}}
for name, value in changes.items():
    aws.lambda_.LayerVersion(name, layer_name=name, code=pulumi.FileArchive("layer.zip"), **{given})
"""

HASHED = """\
import pathlib

import pulumi
import pulumi_aws as aws

digest = pathlib.Path("digest").read_text()
target = pathlib.Path("layer.zip")
if pathlib.Path("placeholder").exists() and not target.exists():
    target.touch()


def build(_):
    target.write_bytes(pathlib.Path("built.zip").read_bytes())


code = {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": digest, "path": "layer.zip"}
hook = pulumi.ResourceHook("build", build)
binding = pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
opts = pulumi.ResourceOptions(hooks=binding if pathlib.Path("hooked").exists() else None)
aws.lambda_.LayerVersion("layer", layer_name="deps", code=code, opts=opts)
"""


def zipped(text: str) -> bytes:
    """A zip with one module that has this text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr(zipfile.ZipInfo("python/module.py"), text)
    return buffer.getvalue()


ONE, TWO = zipped("version = 1\n"), zipped("version = 2\n")


@pytest.fixture
def infrastructure(new_program: NewProgram) -> Stack:
    """A stack with one resource of each kind, not deployed yet."""
    return new_program({"__main__.py": INFRASTRUCTURE, "layer.zip": ONE}).stack()


@pytest.fixture
def hashed(new_program: NewProgram) -> Stack:
    """A stack with a layer that has its hash from the program."""
    files = {"__main__.py": HASHED, "digest": "a" * 64, "built.zip": ONE}
    return new_program(files).stack()


@pytest.mark.own_aws_plugin
def test_each_kind_of_resource_is_created_kept_and_destroyed(infrastructure: Stack, aws: LocalAws) -> None:
    """A program that works on AWS would fail in the tests and in the demo, or leave resources behind."""
    preview = infrastructure.preview()
    assert preview.changes["create"] == 7

    infrastructure.up(skip_preview=True)
    outputs = infrastructure.outputs()
    assert outputs["layer"].endswith(":layer:deps:1")
    assert aws.layer_zip("deps", 1) == ONE
    function = aws.functions().get_function(FunctionName=outputs["function"])["Configuration"]
    assert [layer["Arn"] for layer in function["Layers"]] == [outputs["layer"]]
    stored = aws.storage().get_object(Bucket=outputs["bucket"], Key="layers/deps.zip")
    assert stored["Body"].read() == ONE

    assert infrastructure.up().unchanged
    assert infrastructure.refresh().unchanged

    infrastructure.destroy()
    assert aws.layer_versions("deps") == []
    assert aws.functions().list_functions()["Functions"] == []
    assert aws.identities().list_roles()["Roles"] == []
    assert aws.storage().list_buckets()["Buckets"] == []


def test_changed_file_replaces_the_layer_and_updates_the_function(infrastructure: Stack, aws: LocalAws) -> None:
    """A new layer would not be published, or functions would still use the old one."""
    infrastructure.up(skip_preview=True)
    infrastructure.program.write({"layer.zip": TWO})

    preview = infrastructure.preview(diff=True)
    assert preview.step("layer", "replace").replaced_by == ("code",)
    assert preview.ops("function") == ["update"]
    assert preview.ops("object") == ["update"]

    up = infrastructure.up(skip_preview=True)
    assert up.ops("layer") == ["create-replacement", "replace", "delete-replaced"]
    outputs = infrastructure.outputs()
    assert outputs["layer"].endswith(":layer:deps:2")
    assert aws.layer_versions("deps") == [2]
    assert aws.layer_zip("deps", 2) == TWO
    function = aws.functions().get_function(FunctionName=outputs["function"])["Configuration"]
    assert [layer["Arn"] for layer in function["Layers"]] == [outputs["layer"]]


def test_refresh_finds_a_layer_version_that_was_deleted_elsewhere(infrastructure: Stack, aws: LocalAws) -> None:
    """The next deployment would not publish a layer version again that someone deleted in the AWS console."""
    infrastructure.up(skip_preview=True)
    aws.functions().delete_layer_version(LayerName="deps", VersionNumber=1)

    assert infrastructure.refresh().changes["delete"] == 1
    assert "layer" not in infrastructure.resources()
    assert infrastructure.up(skip_preview=True).ops("layer") == ["create"]
    assert aws.layer_versions("deps") == [2]


def test_each_changed_property_replaces_the_layer_version(new_program: NewProgram) -> None:
    """A preview in the tests would show an update, but AWS would need a new layer version."""
    stack = new_program({"__main__.py": MANY_LAYERS.format(given="{}"), "layer.zip": ONE}).stack()
    stack.up(skip_preview=True)
    stack.program.write({"__main__.py": MANY_LAYERS.format(given="{name: value}")})
    preview = stack.preview()
    replaced = {step.name: step.replaced_by for step in preview.steps if step.op == "replace"}
    assert replaced == {
        "description": ("description",),
        "license_info": ("licenseInfo",),
        "compatible_runtimes": ("compatibleRuntimes",),
        "compatible_architectures": ("compatibleArchitectures",),
        "source_code_hash": ("sourceCodeHash",),
        "skip_destroy": ("skipDestroy",),
    }


def test_other_order_of_compatible_runtimes_changes_nothing(infrastructure: Stack) -> None:
    """A program that lists its runtimes in another order would get a new layer version."""
    infrastructure.up(skip_preview=True)
    swapped = INFRASTRUCTURE.replace('["python3.12", "python3.11"]', '["python3.11", "python3.12"]')
    infrastructure.program.write({"__main__.py": swapped})
    assert infrastructure.preview().ops("layer") == ["same"]


def test_skip_destroy_keeps_old_layer_versions(new_program: NewProgram, aws: LocalAws) -> None:
    """Functions of other stacks that use an old version could not be deployed again."""
    program = ONE_LAYER.format(more=", skip_destroy=True")
    stack = new_program({"__main__.py": program, "layer.zip": ONE}).stack()
    stack.up(skip_preview=True)
    stack.program.write({"layer.zip": TWO})
    stack.up(skip_preview=True)
    stack.destroy()
    assert aws.layer_versions("deps") == [1, 2]


def test_layer_changes_only_if_the_hash_from_the_program_changes(hashed: Stack, aws: LocalAws) -> None:
    """A new checkout would have to build every layer to find out that nothing has changed."""
    hashed.program.write({"layer.zip": ONE})
    hashed.up(skip_preview=True)
    hashed.program.write({"layer.zip": TWO})
    assert hashed.preview().unchanged
    hashed.program.write({"digest": "b" * 64})
    preview = hashed.preview(diff=True)
    assert preview.step("layer", "replace").replaced_by == ("code",)
    assert "archive(file:aaaaaaa->bbbbbbb)" in preview.text
    hashed.up(skip_preview=True)
    assert aws.layer_zip("deps", 2) == TWO


def test_preview_with_a_missing_archive_fails(hashed: Stack, aws: LocalAws) -> None:
    """A component that does not create the placeholder would work in the tests, but fail on AWS."""
    preview = hashed.preview(check=False)
    assert preview.exit_code != 0
    assert "layer.zip" in preview.text
    assert aws.layer_versions("deps") == []


@pytest.mark.own_aws_plugin
def test_existing_copy_with_the_same_hash_is_published_instead_of_the_file(hashed: Stack, aws: LocalAws) -> None:
    """Two different zips with the same hash would work in the tests, but AWS would get the first one twice."""
    copy = hashed.program.machine.temporary / f"pulumi-asset-{'a' * 64}"
    copy.write_bytes(TWO)
    hashed.up(skip_preview=True)
    assert aws.layer_zip("deps", 1) == TWO


def test_zip_that_replaces_the_empty_placeholder_in_a_hook_is_published(hashed: Stack, aws: LocalAws) -> None:
    """The placeholder would be published instead of the zip that the hook builds."""
    hashed.program.write({"placeholder": "", "hooked": ""})
    hashed.up()
    assert aws.layer_zip("deps", 1) == ONE
    copy = hashed.program.machine.temporary / f"pulumi-asset-{'a' * 64}"
    assert copy.read_bytes() == ONE


def test_empty_placeholder_is_refused(hashed: Stack, aws: LocalAws) -> None:
    """A missing hook would publish an empty layer in the tests, although AWS refuses it."""
    hashed.program.write({"placeholder": ""})
    up = hashed.up(skip_preview=True, check=False)
    assert up.exit_code != 0
    assert "non-empty zip" in up.text
    assert aws.layer_versions("deps") == []


def test_destroy_and_refresh_need_no_file(
    hashed: Stack, aws: LocalAws, new_machine: Callable[[str], Machine], tmp_path: Path
) -> None:
    """A stack could only be destroyed from the machine that deployed it."""
    hashed.program.write({"layer.zip": ONE})
    hashed.up(skip_preview=True)
    elsewhere = hashed.on(hashed.program.checkout(tmp_path / "fresh", machine=new_machine("runner")))
    (elsewhere.program.folder / "layer.zip").unlink()
    assert elsewhere.refresh().unchanged
    elsewhere.destroy()
    assert aws.layer_versions("deps") == []


@pytest.mark.own_aws_plugin
def test_layer_is_published_in_the_region_of_an_explicit_provider(new_program: NewProgram, aws: LocalAws) -> None:
    """A layer would be published in a region in which the function cannot use it."""
    program = 'there = aws.Provider("there", region="eu-central-1")\n'
    layer = ONE_LAYER.format(more=", opts=pulumi.ResourceOptions(provider=there)")
    head, _, tail = layer.partition("\n\n")
    files = {"__main__.py": f"{head}\n\n{program}{tail}pulumi.export('arn', layer.arn)\n", "layer.zip": ONE}
    stack = new_program(files).stack()
    stack.up(skip_preview=True)
    assert stack.outputs()["arn"].startswith("arn:aws:lambda:eu-central-1:")
    assert aws.layer_versions("deps") == []
    assert stack.preview().unchanged


def test_error_for_an_unsupported_resource_names_it(new_program: NewProgram) -> None:
    """A developer who adds a resource to a test would not know why it does nothing."""
    program = "import pulumi_aws as aws\n\naws.sqs.Queue('queue')\n"
    preview = new_program({"__main__.py": program}).stack().preview(check=False)
    assert preview.exit_code != 0
    assert "does not support aws:sqs/queue:Queue" in preview.text


def test_endpoint_on_another_machine_is_refused(hashed: Stack) -> None:
    """A test with a missing variable could create resources in a real AWS account."""
    up = hashed.up(check=False, AWS_ENDPOINT_URL="https://lambda.us-east-1.amazonaws.com")
    assert up.exit_code != 0
    assert "only connects to a moto server on this machine" in up.text
