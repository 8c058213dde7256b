"""PoetryLayer with Pulumi's mocks, as in a unit test of a user's program."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from samples import PROJECTS

from pulumi_poetry_layer import LocalBuilder, PoetryLayer, WheelBuilder, publishing_arguments
from pulumi_poetry_layer.kept_versions import mark_of

PROJECT = PROJECTS / "base"


class RecordingMocks(pulumi.runtime.Mocks):
    """Returns the inputs of every resource as its outputs, and records them by type and by type and name."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        self.named: dict[tuple[str, str], dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.resources[args.typ] = self.named[args.typ, args.name] = args.inputs
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
VERSIONS = "pulumi-python:dynamic/poetry-layer:KeptVersions"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
PERMISSION = "aws:lambda/layerVersionPermission:LayerVersionPermission"


def test_layer_version_has_the_arguments_of_the_component(mocks: RecordingMocks) -> None:
    """Otherwise the layer is published with another name, runtime or architecture."""
    declare(architecture="arm64", layer_name="shared", description="d", license_info="MIT", skip_destroy=True)
    layer = mocks.resources[LAYER]
    assert layer["layerName"] == "shared"
    assert layer["compatibleRuntimes"] == ["python3.12"]
    assert layer["compatibleArchitectures"] == ["arm64"]
    assert (layer["description"], layer["licenseInfo"], layer["skipDestroy"]) == ("d", "MIT", True)


SBOM = "pulumi-python:dynamic/poetry-layer:LayerSbom"


def test_sbom_is_a_resource_only_if_it_is_asked_for(mocks: RecordingMocks) -> None:
    """Otherwise the state of every layer contains the document."""
    declare()
    assert SBOM not in mocks.resources
    declare(sbom=True)
    build, sbom = mocks.resources[BUILD], mocks.resources[SBOM]
    for key in ("fingerprint", "zip", "project_dir", "runtime"):
        assert sbom[key] == build[key]


def test_arguments_that_are_left_out_come_from_the_project(mocks: RecordingMocks, tmp_path: Path) -> None:
    """Each program would have to repeat what the project says, or an argument could not differ from it."""
    for name in ("pyproject.toml", "poetry.lock"):
        (tmp_path / name).write_text((PROJECT / name).read_text())
    section = '\n[tool.poetry-layer]\nruntime = "python3.13"\narchitecture = "arm64"\nexclude = ["six"]\n'
    (tmp_path / "pyproject.toml").write_text((PROJECT / "pyproject.toml").read_text() + section)

    declare(project_dir=tmp_path, runtime=None, exclude=[])

    build = mocks.resources[BUILD]
    assert (build["runtime"], build["architecture"], build["exclude"]) == ("python3.13", "arm64", [])
    assert mocks.resources[LAYER]["compatibleRuntimes"] == ["python3.13"]
    assert mocks.resources[LAYER]["compatibleArchitectures"] == ["arm64"]


def test_missing_runtime_is_an_error_that_says_where_to_put_it(mocks: RecordingMocks) -> None:
    """A layer would be for a runtime that nobody has chosen."""
    with pytest.raises(pulumi.RunError) as caught:
        declare(runtime=None)

    assert str(caught.value) == (
        "PoetryLayer 'deps': runtime: is missing, and it has no default\n"
        '  hint: set runtime="python3.13", or write runtime = "python3.13" in [tool.poetry-layer] of pyproject.toml'
    )
    assert mocks.resources == {}


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
        ({"runtime": 3.12}, "runtime: must be a string, not 3.12"),
        ({"builder": "docker"}, "builder: unknown builder 'docker'"),
        ({"project_dir": "../nowhere"}, "- ../nowhere/pyproject.toml: no such file"),
        ({"layer_name": "my.deps"}, "layer_name: 'my.deps' is not a valid layer name"),
        ({"layer_name": "x" * 141}, "is not a valid layer name"),
        ({"builder": WheelBuilder}, "builder: is a class, not a builder; write WheelBuilder()"),
        ({"builder": pulumi.Output.from_input("wheels")}, "builder: an Output is not accepted here"),
        ({"builder": 3}, "builder: must be a builder or the name of one, not 3"),
        ({"python_patch": 3.12}, "python_patch: must be a string, not 3.12"),
        ({"system_libraries": "libodbc.so.2"}, "system_libraries: must be a list of strings, not 'libodbc.so.2'"),
        ({"strip": "tests"}, "strip: must be a list of strings, not 'tests'"),
        ({"strip": ["test"]}, "strip: unknown kind 'test'"),
        ({"exclude_runtime": "yes"}, "exclude_runtime: must be True or False, not 'yes'"),
        ({"exclude_runtime": pulumi.Output.from_input(True)}, "exclude_runtime: an Output is not accepted here"),
        ({"max_unzipped_size": "200MiB"}, "max_unzipped_size: must be a number of bytes, not '200MiB'"),
        ({"max_unzipped_size": True}, "max_unzipped_size: must be a number of bytes, not True"),
        ({"max_unzipped_size": 0}, "max_unzipped_size: must be from 1 to 262144000"),
        ({"max_unzipped_size": 262_144_001}, "not 262144001"),
        ({"max_unzipped_size": pulumi.Output.from_input(1)}, "max_unzipped_size: an Output is not accepted here"),
        ({"system_libraries": ["/usr/lib/libodbc.so.2"]}, "is not the file name of a library"),
        ({"python_patch": "3.13.1"}, "python_patch: '3.13.1' is not a patch release of python3.12"),
        ({"bytecode": "3.13.1"}, "bytecode: '3.13.1' is not a patch release of python3.12"),
        ({"bytecode": 3}, "bytecode: 3 is neither a boolean nor a string"),
        ({"bytecode": pulumi.Output.from_input(True)}, "bytecode: an Output is not accepted here"),
        ({"project_dir": None}, "project_dir: must be a path, not None"),
        ({"build_dir": 3}, "build_dir: must be a path, not 3"),
        ({"build_dir": pulumi.Output.from_input("zips")}, "build_dir: an Output is not accepted here"),
        ({"description": "x" * 257}, "description: has 257 characters; AWS allows 256"),
        ({"sbom": "yes"}, "sbom: must be True or False, not 'yes'"),
        ({"license_info": "x" * 513}, "license_info: has 513 characters; AWS allows 512"),
        ({"compatible_runtimes": ["python3.12"] * 16}, "compatible_runtimes: has 16 runtimes; AWS allows 15"),
        ({"compatible_runtimes": ["python2.0"]}, "compatible_runtimes: AWS has no runtime 'python2.0'"),
        ({"compatible_runtimes": "python3.12"}, "compatible_runtimes: must be a list of strings"),
        ({"bucket": ""}, "bucket: is empty"),
        ({"key_prefix": "layers"}, "key_prefix: needs bucket="),
        ({"region": "Ireland"}, "region: 'Ireland' is not a region, such as 'eu-west-1'"),
        ({"region": 3}, "region: 3 is not a region"),
        ({"keep_versions": 0}, "keep_versions: must be a number of versions, 1 or more, not 0"),
        ({"keep_versions": True}, "keep_versions: must be a number of versions, 1 or more, not True"),
        ({"keep_versions": pulumi.Output.from_input(3)}, "keep_versions: an Output is not accepted here"),
        ({"keep_versions": 3, "description": "x" * 230}, "description: has 230 characters; AWS allows 228, with"),
        ({"share_with": "111111111111"}, "share_with: must be a list of account ids, not '111111111111'"),
        ({"share_with": ["1111"]}, "share_with: '1111' is not the id of an AWS account"),
        ({"share_with": [111111111111]}, "share_with: 111111111111 is not the id of an AWS account"),
        ({"organization_id": "ou-1"}, "organization_id: 'ou-1' is not the id of an AWS organization"),
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


def test_keep_versions_needs_boto3(mocks: RecordingMocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the deployment fails after the version is published."""
    monkeypatch.setattr(publishing_arguments, "find_spec", lambda _: None)
    with pytest.raises(pulumi.RunError) as caught:
        declare(keep_versions=3)
    assert "keep_versions: needs boto3" in str(caught.value)
    assert "pip install 'pulumi-poetry-layer[keep-versions]'" in str(caught.value)


def test_region_needs_pulumi_aws_7(mocks: RecordingMocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a layer is published in another region than the one that is asked for."""
    monkeypatch.delattr(aws.lambda_.LayerVersionArgs, "region")
    declare()
    assert "region" not in mocks.resources[LAYER]
    mocks.resources.clear()
    with pytest.raises(pulumi.RunError) as caught:
        declare(region=pulumi.Output.from_input("eu-west-1"))
    assert "region: needs pulumi-aws 7 or newer" in str(caught.value)
    assert mocks.resources == {}


def test_region_is_that_of_all_aws_resources(mocks: RecordingMocks) -> None:
    """Otherwise AWS looks for the object, or the version, in another region."""
    declare(region="eu-west-1", bucket="artifacts", share_with=["111111111111"])
    for kind in (LAYER, OBJECT, PERMISSION):
        assert mocks.resources[kind]["region"] == "eu-west-1"


def test_sharing_declares_a_permission_for_each_account_and_organization(mocks: RecordingMocks) -> None:
    """Otherwise an account cannot use the layer, or every account can."""
    layer = declare(share_with=["111111111111", "111111111111"], organization_id="o-a1b2c3d4e5", skip_destroy=True)
    assert len(layer.permissions) == 2
    permission = mocks.named[PERMISSION, "deps-organization"]  # the order in which the two are registered is not fixed
    assert (permission["principal"], permission["organizationId"]) == ("*", "o-a1b2c3d4e5")
    assert (permission["versionNumber"], permission["skipDestroy"]) == (1, True)
    assert permission["action"] == "lambda:GetLayerVersion"
    assert declare().permissions == []


def test_kept_versions_are_marked_and_stay_when_they_are_replaced(mocks: RecordingMocks) -> None:
    """Otherwise the versions cannot be told from those of other stacks, or Pulumi deletes them."""
    declare(keep_versions=3, description=pulumi.Output.from_input("d"))
    assert mocks.resources[LAYER]["description"] == f"d {mark_of('deps-build-id')}"
    assert mocks.resources[LAYER]["skipDestroy"] is True
    kept = mocks.resources[VERSIONS]
    assert (kept["keep"], kept["mark"], kept["skip_destroy"]) == (3, mark_of("deps-build-id"), False)
    assert kept["layer_version_arn"] == "arn:1"


def test_layer_without_a_bucket_does_not_import_s3() -> None:
    """Otherwise every preview takes a fifth of a second longer: the SDK evaluates the annotations of a component."""
    program = """
import sys, pulumi
class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return "id", args.inputs
    def call(self, args):
        return {}, None
pulumi.runtime.set_mocks(Mocks())
from pulumi_poetry_layer import PoetryLayer
@pulumi.runtime.test
def declare():
    PoetryLayer("deps", project_dir=sys.argv[1], runtime="python3.12")
declare()
print("pulumi_aws.s3.bucket" in sys.modules, "pulumi_aws.lambda_.layer_version" in sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", program, str(PROJECT)], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "True"]
