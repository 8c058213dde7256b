"""PoetryLayer with Pulumi's mocks, as in a unit test of a user's program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from samples import PROJECTS

from pulumi_poetry_layer import LocalBuilder, PoetryLayer, WheelBuilder

PROJECT = PROJECTS / "base"


class RecordingMocks(pulumi.runtime.Mocks):
    """Returns the inputs of every resource as its outputs, and records them by type."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.resources[args.typ] = args.inputs
        return f"{args.name}-id", {**args.inputs, "arn": "arn:1", "layerArn": "arn", "version": "1"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no call is expected: {args.token}")


@pytest.fixture
def mocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingMocks]:
    """Pulumi's runtime with mocks, and an empty program folder."""
    monkeypatch.chdir(tmp_path)
    recorder = RecordingMocks()
    pulumi.runtime.set_mocks(recorder)
    yield recorder
    pulumi.runtime.settings.reset_options()


def declare(**arguments: Any) -> PoetryLayer:
    """Declare a layer and wait until all its resources are registered."""
    layers: list[PoetryLayer] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        layers.append(PoetryLayer("deps", **{"project_dir": PROJECT, "runtime": "python3.12", **arguments}))

    program()
    return layers[0]


LAYER = "aws:lambda/layerVersion:LayerVersion"
BUILD = "pulumi-python:dynamic/poetry-layer:LayerBuild"


def test_layer_version_has_the_arguments_of_the_component(mocks: RecordingMocks) -> None:
    """Otherwise the layer is published with another name, runtime or architecture."""
    declare(architecture="arm64", layer_name="shared", description="d", license_info="MIT", skip_destroy=True)
    layer = mocks.resources[LAYER]
    assert layer["layerName"] == "shared"
    assert layer["compatibleRuntimes"] == ["python3.12"]
    assert layer["compatibleArchitectures"] == ["arm64"]
    assert (layer["description"], layer["licenseInfo"], layer["skipDestroy"]) == ("d", "MIT", True)


def test_layer_name_defaults_to_resource_and_stack_and_runtime_may_be_an_enum(mocks: RecordingMocks) -> None:
    """Otherwise the layer has an unexpected name, or a program that uses the enum of pulumi_aws fails."""
    declare(runtime=aws.lambda_.Runtime.PYTHON3D12, compatible_runtimes=["python3.12", "python3.13"])
    assert mocks.resources[LAYER]["layerName"] == "deps-stack"
    assert mocks.resources[LAYER]["compatibleRuntimes"] == ["python3.12", "python3.13"]
    assert mocks.resources[BUILD]["runtime"] == "python3.12"


@pytest.mark.parametrize(("prefix", "key"), [(None, ""), ("", ""), ("layers", "layers/"), ("/a/b/", "a/b/")])
def test_bucket_adds_an_object_with_the_fingerprint_in_its_key(
    mocks: RecordingMocks, prefix: str | None, key: str
) -> None:
    """Otherwise a layer over 50 MiB cannot be published, or a new zip overwrites the zip of another version."""
    layer = declare(bucket="artifacts", key_prefix=prefix)
    uploaded = mocks.resources["aws:s3/bucketObjectv2:BucketObjectv2"]
    fingerprint = mocks.resources[BUILD]["fingerprint"]
    assert uploaded["bucket"] == "artifacts"
    assert uploaded["key"] == f"{key}deps-stack/{fingerprint}.zip"
    assert mocks.resources[LAYER]["s3Bucket"] == "artifacts"
    assert mocks.resources[LAYER]["s3Key"] == uploaded["key"]
    assert "code" not in mocks.resources[LAYER]
    assert layer.bucket_object is not None


def test_build_inputs_list_the_packages_and_contain_no_absolute_path(mocks: RecordingMocks) -> None:
    """Otherwise a preview shows only hashes, or the state differs between laptop and CI."""
    declare(extras=["yaml"], groups=["main", "debug"], builder=LocalBuilder())
    build = mocks.resources[BUILD]
    assert build["packages"] == {"idna": "3.10", "iniconfig": "2.0.0", "pyyaml": "6.0.2", "six": "1.16.0"}
    assert build["groups"] == ["debug", "main"]
    assert not Path(build["project_dir"]).is_absolute()
    assert build["zip"].startswith(".poetry-layer/stack/deps-")
    assert build["fingerprint"].startswith(build["zip"][-16:-4])


@pytest.mark.parametrize(
    ("argument", "configured", "folder"),
    [("zips", "other", "zips"), (None, "../zips", "../zips"), (Path("/zips"), None, "/zips")],
)
def test_build_folder_is_the_argument_or_the_one_in_the_configuration(
    argument: str | Path | None, configured: str | None, folder: str, mocks: RecordingMocks
) -> None:
    """Otherwise zips are written into a checkout in which only another folder may be written."""
    pulumi.runtime.set_all_config({"poetry-layer:buildDir": configured} if configured else {})
    declare(build_dir=argument)
    pulumi.runtime.set_all_config({})
    path = f"{folder}/project/stack/deps-"
    assert mocks.resources[BUILD]["zip"].startswith(path)
    assert mocks.resources[LAYER]["code"].path == mocks.resources[BUILD]["zip"]


def test_mocked_program_writes_no_file_and_needs_no_poetry(
    mocks: RecordingMocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a user's unit test writes into the checkout, or fails on a machine without Poetry."""
    monkeypatch.setenv("PATH", "")
    declare()
    declare(bucket="artifacts")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("preview", [True, False])
def test_build_input_says_whether_this_is_a_preview(mocks: RecordingMocks, preview: bool) -> None:
    """Otherwise a preview does not report changes and limits, or an update reports them again."""
    pulumi.runtime.set_mocks(mocks, preview=preview)
    declare()
    assert mocks.resources[BUILD]["dry_run"] is preview


def test_component_has_the_outputs_of_the_layer_version(mocks: RecordingMocks) -> None:
    """Otherwise a function cannot use the layer."""
    layer = declare()
    seen: dict[str, Any] = {}

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def read() -> pulumi.Output[None]:
        outputs = [layer.arn, layer.layer_arn, layer.version, layer.runtime, layer.architecture, layer.size]
        return pulumi.Output.all(*outputs).apply(lambda values: seen.update(values=values))

    read()
    assert seen["values"] == ["arn:1", "arn", "1", "python3.12", "x86_64", 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"runtime": pulumi.Output.from_input("python3.12")}, "runtime: an Output is not accepted here"),
        ({"groups": ["main", pulumi.Output.from_input("x")]}, "groups: an Output is not accepted here"),
        ({"groups": "main"}, "groups: must be a list of strings, not 'main'"),
        ({"runtime": None}, "runtime: must be a string, not None"),
        ({"builder": "docker"}, "builder: unknown builder 'docker'"),
        ({"project_dir": "../nowhere"}, "- ../nowhere/pyproject.toml: no such file"),
        ({"layer_name": "my.deps"}, "layer_name: 'my.deps' is not a valid layer name"),
        ({"layer_name": "x" * 141}, "is not a valid layer name"),
        ({"builder": WheelBuilder}, "builder: is a class, not a builder; write WheelBuilder()"),
        ({"builder": pulumi.Output.from_input("wheels")}, "builder: an Output is not accepted here"),
        ({"builder": 3}, "builder: must be a builder or the name of one, not 3"),
        ({"python_patch": 3.12}, "python_patch: must be a string, not 3.12"),
        ({"python_patch": "3.13.1"}, "python_patch: '3.13.1' is not a patch release of python3.12"),
        ({"project_dir": None}, "project_dir: must be a path, not None"),
        ({"build_dir": 3}, "build_dir: must be a path, not 3"),
        ({"build_dir": pulumi.Output.from_input("zips")}, "build_dir: an Output is not accepted here"),
        ({"description": "x" * 257}, "description: has 257 characters; AWS allows 256"),
        ({"license_info": "x" * 513}, "license_info: has 513 characters; AWS allows 512"),
        ({"compatible_runtimes": ["python3.12"] * 16}, "compatible_runtimes: has 16 runtimes; AWS allows 15"),
        ({"compatible_runtimes": ["python2.0"]}, "compatible_runtimes: AWS has no runtime 'python2.0'"),
        ({"compatible_runtimes": "python3.12"}, "compatible_runtimes: must be a list of strings"),
        ({"bucket": ""}, "bucket: is empty"),
        ({"key_prefix": "layers"}, "key_prefix: needs bucket="),
    ],
)
def test_wrong_argument_is_named_and_nothing_is_registered(
    mocks: RecordingMocks, arguments: dict[str, Any], message: str
) -> None:
    """Otherwise the user gets a TypeError of this package, or only some of the resources."""
    with pytest.raises(pulumi.RunError) as caught:
        declare(**arguments)
    assert message in str(caught.value)
    assert mocks.resources == {}


def test_limits_of_aws_are_accepted(mocks: RecordingMocks) -> None:
    """Otherwise a user cannot use what AWS allows, or an Output, which is only known later, is refused."""
    runtimes = ["python3.12", aws.lambda_.Runtime.NODE_JS20D_X, pulumi.Output.from_input("python3.13")]
    declare(description="x" * 256, license_info="x" * 512, compatible_runtimes=runtimes * 5)
    declare(description=pulumi.Output.from_input("d"), bucket=pulumi.Output.from_input("artifacts"))
    assert len(mocks.resources[LAYER]) > 0
