"""Several layers in one program, and several stacks of one checkout at the same time."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from .harness import LocalAws, Stack
from .harness.one_layer import BUILD, LAYER, PROGRAM, RUNTIME, UNREACHABLE, NewProgram, build_folder, project_files

SAME_NAME = f"""\
import os
import pulumi
from pulumi_poetry_layer import PoetryLayer

os.chdir("/")


class Service(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("acme:index:Service", name, None, opts)
        self.deps = PoetryLayer(
            "deps",
            project_dir="../service",
            runtime="{RUNTIME}",
            layer_name="inner",
            groups=["main", "debug"],
            description=pulumi.Output.from_input("of the service"),
            opts=pulumi.ResourceOptions(parent=self),
        )


service = Service("orders")
name = service.deps.arn.apply(lambda _: "outer")
outer = PoetryLayer("deps", project_dir="../service", runtime="{RUNTIME}", layer_name=name)
"""

MATRIX = """\
import pulumi
from pulumi_poetry_layer import PoetryLayer

runtimes = pulumi.Config().get_object("runtimes") or ["python3.12", "python3.13"]
machines = ["x86_64", "arm64"]
deps = PoetryLayer.matrix(
    "deps", runtimes=runtimes, architectures=machines, project_dir="service", extras=["yaml"], layer_name="shared"
)
pulumi.export("arns", deps.arns)
pulumi.export("one", deps["python3.13", "arm64"].arn)
"""
BUSY = f"""\
import asyncio
from concurrent.futures import ThreadPoolExecutor
from pulumi_poetry_layer import PoetryLayer

asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
for number in range(4):
    PoetryLayer(f"deps{{number}}", project_dir="service", runtime="{RUNTIME}")
"""

TWO = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer

for name in ("one", "two"):
    layer = PoetryLayer(name, project_dir="service", runtime="{RUNTIME}")
    pulumi.export(name, {{"fingerprint": layer.fingerprint, "packages": layer.packages, "arn": layer.arn}})
"""


def names_in(published: bytes) -> set[str]:
    """The top-level names in a layer's ``python`` folder."""
    return {name.split("/")[1].removesuffix(".py") for name in zipfile.ZipFile(io.BytesIO(published)).namelist()}


@pytest.mark.own_aws_plugin  # the engine starts it in the folder that "main:" names
def test_two_layers_with_the_same_name_under_different_parents(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a reusable component conflicts with another layer of the same name in the program.

    The program is in its own folder (``main:``) and changes its working directory; nothing runs in parallel.
    """
    project = "name: program\nruntime: python\nmain: infra\n"
    files = {"Pulumi.yaml": project, "infra/__main__.py": SAME_NAME, **project_files("base")}
    stack = new_program(files).stack()
    assert stack.preview().ops(BUILD) == ["create", "create"]
    stack.program.pulumi("up", "--yes", "--skip-preview", "--parallel", "1", "--stack", stack.name)
    inner, outer = (names_in(aws.layer_zip(name, 1)) for name in ("inner", "outer"))
    assert "iniconfig" in inner
    assert "iniconfig" not in outer
    assert aws.functions().get_layer_version(LayerName="inner", VersionNumber=1)["Description"] == "of the service"
    assert len(list((stack.program.folder / "infra" / ".poetry-layer" / "dev").glob("*.zip"))) == 2
    assert stack.preview().unchanged


def test_matrix_publishes_a_layer_for_every_target(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise layers for several targets need several declarations, and problems are reported one at a time."""
    stack = new_program({"__main__.py": MATRIX, **project_files("base")}).stack()
    stack.set_config("runtimes", json.dumps(["python3.13", "python2.7"]))
    failed = stack.preview(check=False)
    assert failed.exit_code != 0
    assert "python2.7 on x86_64, python2.7 on arm64: " in failed.text
    assert "Traceback" not in failed.text
    stack.set_config("runtimes", json.dumps(["python3.12", "python3.13"]))

    stack.up(skip_preview=True)

    outputs = stack.outputs()
    targets = {f"python3{minor}-{machine}" for minor in (12, 13) for machine in ("x86_64", "arm64")}
    assert set(outputs["arns"]) == targets
    assert outputs["one"] == outputs["arns"]["python313-arm64"]
    for target in targets:
        natives = zipfile.ZipFile(io.BytesIO(aws.layer_zip(f"shared-{target}", 1))).namelist()
        machine = "aarch64" if target.endswith("arm64") else "x86_64"
        assert any(f"-{machine}-linux-gnu.so" in name for name in natives), target
        assert any(target.split("-")[0].replace("python", "cpython-") in name for name in natives), target
    assert stack.preview().unchanged


def test_outputs_are_those_of_the_published_layer_after_an_update_of_another_one(new_program: NewProgram) -> None:
    """Otherwise another stack reads that a layer contains packages that it does not contain yet."""
    stack = new_program({"__main__.py": TWO, **project_files("base")}).stack()
    stack.up(skip_preview=True)
    before = stack.outputs()
    stack.program.write(project_files("package_changed"))
    targets = [f"--target={stack.resources()[name]['urn']}" for name in ("two-build", "two")]
    stack.program.pulumi("up", "--yes", "--skip-preview", *targets, "--stack", stack.name)
    after = stack.outputs()
    assert after["one"] == before["one"]
    assert (before["two"]["packages"]["six"], after["two"]["packages"]["six"]) == ("1.16.0", "1.17.0")
    assert after["two"]["fingerprint"] != before["two"]["fingerprint"]
    stack.up(skip_preview=True)
    assert stack.outputs()["one"]["packages"]["six"] == "1.17.0"
    assert stack.preview().unchanged


def test_stacks_of_one_checkout_do_not_remove_each_others_zips(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise an update of dev removes the zip that prod publishes."""
    dev = new_program({"__main__.py": PROGRAM, **project_files("base")}).stack("dev")
    prod = dev.program.stack("prod")
    up_in_parallel(dev, prod)
    assert (aws.layer_versions("deps-dev"), aws.layer_versions("deps-prod")) == ([1], [1])

    dev.set_config("groups", json.dumps(["main", "debug"]))
    prod.set_config("description", "the same packages, with a new description")
    up_in_parallel(dev, prod)
    assert (aws.layer_versions("deps-dev"), aws.layer_versions("deps-prod")) == ([2], [2])
    assert "iniconfig" in names_in(aws.layer_zip("deps-dev", 2))
    assert names_in(aws.layer_zip("deps-prod", 2)) & {"six", "iniconfig"} == {"six"}

    dev.destroy()
    assert build_folder(dev) == []
    assert len(build_folder(prod)) == 2
    prod.set_config("description", "published again from the existing zip")
    up = prod.up(skip_preview=True, POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    assert up.step(LAYER, "replace").replaced_by == ("description",)


def up_in_parallel(*stacks: Stack) -> None:
    """Run ``pulumi up`` of several stacks at the same time; raise the first error."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda stack: stack.up(skip_preview=True), stacks))


def test_more_layers_than_threads_of_the_event_loop_are_published(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise `pulumi up` of a program with many layers hangs for good on a runner with two processors.

    The SDK keeps a thread of the event loop for each layer version that is being created.
    """
    new_program({"__main__.py": BUSY, **project_files("base")}).stack().up(skip_preview=True)
    assert [aws.layer_versions(f"deps{number}-dev") for number in range(4)] == [[1]] * 4
