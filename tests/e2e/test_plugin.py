"""PoetryLayer in programs that do not import it: the engine starts the plugin, which runs the same component.

The programs are in YAML, or in Python where YAML has no words for something: there they declare the component as the
SDK of any other language does.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .harness import LocalAws, Machine, Stack, Toolchain
from .harness.needed import fail_or_skip
from .harness.one_layer import BUILD as BUILD_IN_PYTHON
from .harness.one_layer import COMPONENT, LAYER, OBJECT, RUNTIME, UNREACHABLE, NewProgram, project_files
from .harness.one_layer import PROGRAM as IN_PYTHON
from .harness.private_index import NAME, PASSWORD, USER, WHEEL, forms, private_index
from .harness.traces import traces_on_disk
from .test_options import check_transforms

NewMachine = Callable[[str], Machine]

BUILD = "poetry-layer:index:LayerBuild"

REMOTE = f"""\
import pulumi
import pulumi_aws as aws


class Layer(pulumi.ComponentResource):
    arn: pulumi.Output[str]

    def __init__(self, name, opts=None, **inputs):
        given = {{"projectDir": "service", "runtime": "{RUNTIME}", "arn": None, **inputs}}
        super().__init__("{COMPONENT}", name, given, opts, remote=True)


"""
"""What an SDK of another language does, in Python."""

TRANSFORMED = f"""\
{REMOTE}
pulumi.runtime.register_resource_transform(lambda args: pulumi.ResourceTransformResult(args.props, args.opts))
common = {{"description": pulumi.Config().get("description")}}
bucket = aws.s3.Bucket("artifacts")
Layer("stored", layerName="stored", **common, bucket=bucket.bucket)
pulumi.runtime.register_resource_transform(lambda args: pulumi.ResourceTransformResult(dict(args.props), args.opts))
Layer("direct", layerName="direct", **common, extras=["yaml"])
"""

WITH_OPTIONS = f"""\
{REMOTE}
ireland = aws.Provider("ireland", region="eu-west-1")
config = pulumi.Config()
name = config.get("name") or "deps"
opts = pulumi.ResourceOptions(
    providers=[ireland],
    ignore_changes=["description"],
    aliases=[pulumi.Alias(name="deps")],
    transforms=[lambda args: pulumi.ResourceTransformResult({{**args.props, "layerName": "renamed"}}, args.opts)
                if args.type_ == "{LAYER}" else None],
)
Layer(name, opts, description=config.get("description"))
"""

EQUAL_NAMES = f"""\
{REMOTE}
for name, extras in {{"with": ["yaml"], "without": []}}.items():
    parent = pulumi.ComponentResource(f"my:own:{{name}}", name)
    opts = pulumi.ResourceOptions(parent=parent)
    Layer("deps", opts, layerName=name, extras=extras, description=pulumi.Config().get("description"))
"""

MATRIX = """\
name: program
runtime: yaml
resources:
  deps:
    type: poetry-layer:PoetryLayerMatrix
    properties:
      projectDir: service
      runtimes: [python3.12, python3.13]
      architectures: [x86_64, arm64]
      regions: [eu-west-1, us-east-1]
outputs:
  arns: ${deps.arns}
"""


def in_yaml(*properties: str) -> str:
    """A program in YAML with the layer ``deps``, and further lines of its properties."""
    return f"""\
name: program
runtime: yaml
resources:
  deps:
    type: poetry-layer:PoetryLayer
    properties:
      projectDir: service
      runtime: {RUNTIME}
      layerName: deps-${{pulumi.stack}}
      {(chr(10) + " " * 6).join(properties)}
outputs:
  arn: ${{deps.arn}}
  version: ${{deps.version}}
  fingerprint: ${{deps.fingerprint}}
  packages: ${{deps.packages}}
  size: ${{deps.size}}
"""


@pytest.fixture
def new_yaml_program(new_program: NewProgram, toolchain: Toolchain) -> NewProgram:
    """Make a program in YAML with the base project."""
    if shutil.which("pulumi-language-yaml", path=toolchain.path) is None:
        fail_or_skip("pulumi-language-yaml is not installed; run `make setup`")
    return lambda text, **more: new_program({"Pulumi.yaml": text, **project_files("base")}, **more)


def assert_published_as_built(stack: Stack, aws: LocalAws, name: str = "deps") -> None:
    """The layer version in the state has the bytes of the zip that the build in the state describes."""
    resources = stack.resources()
    _, _, _, region, _, _, layer, version = resources[name]["outputs"]["arn"].split(":")
    published = hashlib.sha256(aws.layer_zip(layer, int(version), region=region)).hexdigest()
    assert published == resources[f"{name}-build"]["outputs"]["sha256"]


def shown(text: str) -> str:
    """The output without what the engine says about programs on PATH."""
    return "\n".join(line for line in text.splitlines() if "from $PATH at" not in line)


def test_yaml_program_publishes_a_layer_and_a_new_one_if_the_lock_changes(
    new_yaml_program: NewProgram, new_machine: NewMachine, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise there is no layer, or another one, or a new one in every deployment."""
    dev = new_yaml_program(in_yaml()).stack()
    preview = dev.preview()
    assert (preview.ops(BUILD), preview.ops(LAYER)) == (["create"], ["create"])
    assert "LayerBuild (deps-build):\n    deps: new layer of 2 packages for" in shown(preview.text)
    assert aws.layer_versions("deps-dev") == []

    dev.up(skip_preview=True)
    assert dev.outputs()["packages"] == {"idna": "3.10", "six": "1.16.0"}
    assert_published_as_built(dev, aws)

    runner = dev.on(dev.program.checkout(tmp_path / "runner", machine=new_machine("runner")))
    assert runner.preview(refresh=True).unchanged
    assert runner.up(skip_preview=True, refresh=True, POETRY_PYPI_MIRROR_URL=UNREACHABLE).unchanged
    assert not (runner.program.folder / ".poetry-layer").exists()

    dev.program.write(project_files("package_changed"))
    up = dev.up(skip_preview=True)
    assert (up.ops(BUILD), up.ops(LAYER)[0]) == (["update"], "create-replacement")
    assert "LayerBuild (deps-build):\n    deps: six 1.16.0 → 1.17.0; built, " in shown(up.text)
    assert_published_as_built(dev, aws)

    dev.destroy()
    assert aws.layer_versions("deps-dev") == []
    assert list((dev.program.folder / ".poetry-layer").rglob("*.zip")) == []


def test_program_that_moves_from_python_to_yaml_and_back_changes_nothing(
    new_program: NewProgram, new_yaml_program: NewProgram, aws: LocalAws
) -> None:
    """Otherwise a team that changes its language publishes all layers again, or cannot go back."""
    python = new_program({"__main__.py": IN_PYTHON, **project_files("base")}).stack()
    python.up(skip_preview=True)

    yaml = new_yaml_program(in_yaml(), name="yaml").stack()
    assert yaml.up(refresh=True).unchanged
    assert yaml.resources()["deps-build"]["type"] == BUILD
    yaml.program.write(project_files("package_changed"))
    yaml.up(skip_preview=True)

    python.program.write(project_files("package_changed"))
    assert python.up(refresh=True).unchanged
    assert python.resources()["deps-build"]["type"] == BUILD_IN_PYTHON
    python.destroy()
    assert aws.layer_versions("deps-dev") == []


def test_layer_is_published_through_s3_shared_and_described(new_yaml_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise large layers, and layers for other accounts, are only for Python programs."""
    aws.storage().create_bucket(Bucket="artifacts")
    inputs = ("bucket: artifacts", "keyPrefix: layers", "sbom: true", "keepVersions: 2", 'shareWith: ["210987654321"]')
    dev = new_yaml_program(in_yaml(*inputs) + "  sbom: ${deps.sbom}\n").stack()
    dev.up(skip_preview=True)
    (found,) = aws.storage().list_objects_v2(Bucket="artifacts")["Contents"]
    assert found["Key"].startswith("layers/deps-dev/")
    assert {part["name"] for part in json.loads(dev.outputs()["sbom"])["components"]} == {"idna", "six"}
    assert "deps-account-210987654321" in dev.resources()
    assert dev.preview(refresh=True).unchanged

    for project in ("package_changed", "base"):
        dev.program.write(project_files(project))
        assert "create-replacement" in dev.up().ops(OBJECT)
    assert aws.layer_versions("deps-dev") == [2, 3]
    dev.destroy()
    assert aws.layer_versions("deps-dev") == []


def test_transforms_of_the_program_change_nothing_and_a_hook_builds_a_missing_zip(
    new_program: NewProgram, new_machine: NewMachine, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise a fresh runner publishes all layers of such a program again, with the wrong zips."""
    dev = new_program({"__main__.py": TRANSFORMED, **project_files("base")}).stack()
    check_transforms(dev, new_machine("runner"), tmp_path / "runner", aws)


def test_options_of_the_component_are_applied_to_its_children(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a layer is published in another region, or again when it is renamed or described anew."""
    dev = new_program({"__main__.py": WITH_OPTIONS, **project_files("base")}).stack()
    dev.up(skip_preview=True)
    assert dev.resources()["deps"]["outputs"]["arn"] == "arn:aws:lambda:eu-west-1:123456789012:layer:renamed:1"
    assert_published_as_built(dev, aws)

    dev.set_config("name", "packages")
    dev.set_config("description", "ignored")
    preview = dev.preview()
    assert set(preview.ops(BUILD) + preview.ops(LAYER) + preview.ops(COMPONENT)) == {"same"}, preview


def test_layers_of_the_same_name_have_zips_of_their_own(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise one of them is published with the packages of the other one."""
    dev = new_program({"__main__.py": EQUAL_NAMES, **project_files("base")}).stack()
    dev.up(skip_preview=True)
    assert dev.preview().unchanged
    dev.set_config("description", "again")
    dev.up(skip_preview=True)
    zips = [aws.layer_zip(name, 2) for name in ("with", "without")]
    assert zips[0] != zips[1]
    built = [one for one in dev.export()["deployment"]["resources"] if one["type"] == BUILD]
    assert {one["outputs"]["sha256"] for one in built} == {hashlib.sha256(one).hexdigest() for one in zips}


def test_two_stacks_of_a_program_are_deployed_at_the_same_time(new_yaml_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise one of them removes or publishes the zip of the other one."""
    program = new_yaml_program(in_yaml())
    stacks = [program.stack(name) for name in ("dev", "prod")]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda stack: stack.up(skip_preview=True), stacks))
    for stack in stacks:
        assert_published_as_built(stack, aws)
        assert stack.preview().unchanged


def test_login_of_the_stack_is_used_and_never_gets_into_the_state(
    new_yaml_program: NewProgram, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise packages of a private index are missing, or everybody who reads the state can read the index."""
    with private_index(WHEEL) as index:
        described = in_yaml("description: ${description}") + "config:\n  description: {default: a layer}\n"
        dev = new_yaml_program(described).stack()
        index.write_project(dev.program.folder / "service", WHEEL)
        dev.set_config(f"poetry-layer:httpBasic.{NAME}.username", USER)
        dev.set_config(f"poetry-layer:httpBasic.{NAME}.password", PASSWORD, secret=True)
        dev.up(refresh=True)
        shutil.rmtree(dev.program.folder / ".poetry-layer")
        shutil.rmtree(dev.program.machine.home / ".cache")
        dev.set_config("description", "another layer")
        up = dev.up(refresh=True)  # the hook builds

    assert "create-replacement" in up.ops(LAYER)
    assert_published_as_built(dev, aws)
    searched = [dev.program.folder, dev.program.backend, dev.program.machine.root]
    assert traces_on_disk(searched, forms()) == []


def test_matrix_publishes_each_layer_in_each_region(new_yaml_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a YAML program needs a resource for each target, and many layers at once never end."""
    dev = new_yaml_program(MATRIX).stack()
    dev.up()
    assert len(dev.outputs()["arns"]) == 8
    for region in ("eu-west-1", "us-east-1"):
        assert aws.layer_zip("deps-python312-arm64-dev", 1, region=region)
    assert dev.preview().unchanged


def test_errors_are_shown_as_they_are(new_yaml_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a user has to look for the message between frames of Python.

    If a resource of any component fails, the engine adds "grpc: the client connection is closing":
    https://github.com/pulumi/pulumi/issues/19275
    """
    dev = new_yaml_program(in_yaml().replace("deps-${pulumi.stack}", "a b")).stack()
    wrong = shown(dev.preview(check=False).text)
    assert (
        f"error: {COMPONENT} resource 'deps' has a problem: layerName: 'a b' is not a valid layer name\n"
        "      hint: use 1 to 140 letters" in wrong
    )

    dev.program.write({"Pulumi.yaml": in_yaml("maxUnzippedSize: 1000")})
    large = shown(dev.preview(check=False).text)
    assert "unzipped, over the limit of" in large
    assert "(maxUnzippedSize)" in large

    dev.program.write({"Pulumi.yaml": in_yaml()})
    failed = shown(dev.up(skip_preview=True, check=False, POETRY_PYPI_MIRROR_URL=UNREACHABLE).text)
    assert "cannot be reached" in failed
    for text in (wrong, large, failed):
        assert "Traceback" not in text
        assert "Unexpected <class" not in text
        assert "PoetryLayerError" not in text


def test_schema_can_be_read_by_the_engine(new_program: NewProgram, toolchain: Toolchain) -> None:
    """Otherwise no SDK can be generated."""
    plugin = toolchain.python / "pulumi-resource-poetry-layer"
    printed = new_program({}).pulumi("package", "get-schema", str(plugin)).json
    assert printed["resources"].keys() == {COMPONENT, f"{COMPONENT}Matrix"}
    assert printed["resources"][COMPONENT]["inputProperties"]["projectDir"]["plain"]
