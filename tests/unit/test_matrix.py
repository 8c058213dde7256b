"""PoetryLayer.matrix with Pulumi's mocks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from samples import PROJECTS

from pulumi_poetry_layer import PoetryLayer, PoetryLayerMatrix
from pulumi_poetry_layer.arguments import LayerArguments

LAYER = "aws:lambda/layerVersion:LayerVersion"
X86 = "x86_64"
BUILD = "pulumi-python:dynamic/poetry-layer:LayerBuild"


class NamedMocks(pulumi.runtime.Mocks):
    """Records the inputs of every resource, by type and name."""

    def __init__(self) -> None:
        self.resources: dict[tuple[str, str], dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.resources[args.typ, args.name] = args.inputs
        return f"{args.name}-id", {**args.inputs, "arn": f"arn:{args.name}"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no call is expected: {args.token}")


@pytest.fixture
def mocks() -> Iterator[NamedMocks]:
    """Pulumi's runtime with mocks."""
    recorder = NamedMocks()
    pulumi.runtime.set_mocks(recorder)
    yield recorder
    pulumi.runtime.settings.reset_options()


def declare(**arguments: Any) -> PoetryLayerMatrix:
    """Declare a matrix and wait until all its resources are registered."""
    matrices: list[PoetryLayerMatrix] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        matrices.append(PoetryLayer.matrix("deps", **{"project_dir": PROJECTS / "base", **arguments}))

    program()
    return matrices[0]


@pytest.mark.parametrize(
    ("section", "given", "expected"),
    [
        ('runtime = "python3.13"', {}, [("python3.13", "x86_64")]),
        ('runtime = "python3.13"\narchitecture = "arm64"', {}, [("python3.13", "arm64")]),
        ('architecture = "arm64"', {"runtimes": ["python3.12"]}, [("python3.12", "arm64")]),
        ('runtime = "python3.13"', {"architectures": ["arm64"]}, [("python3.13", "arm64")]),
    ],
)
def test_axes_that_are_left_out_come_from_the_project(
    mocks: NamedMocks, tmp_path: Path, section: str, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """A program would have to repeat what the project says."""
    base = PROJECTS / "base"
    (tmp_path / "poetry.lock").write_text((base / "poetry.lock").read_text())
    text = (base / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(f"{text}\n[tool.poetry-layer]\n{section}\n")

    assert list(declare(project_dir=tmp_path, **given)) == expected


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, 'runtimes: is missing, and it has no default\n  hint: set runtimes=["python3.13"], or write runtime = '),
        ({"project_dir": "nowhere"}, "nowhere/pyproject.toml: no such file"),
        ({"project_dir": 3}, "project_dir: must be a path, not 3"),
    ],
)
def test_missing_runtimes_are_an_error_that_says_where_to_put_them(
    mocks: NamedMocks, arguments: dict[str, Any], problem: str
) -> None:
    """A layer would be for a runtime that nobody has chosen."""
    with pytest.raises(pulumi.RunError) as caught:
        declare(**arguments)

    assert problem in str(caught.value)


def test_every_target_has_a_layer_with_the_target_in_its_name(mocks: NamedMocks) -> None:
    """Otherwise a user must declare each layer, or AWS refuses the dot in the name of a layer."""
    matrix = declare(
        runtimes=["python3.12", aws.lambda_.Runtime.PYTHON3D13, "python3.12"],
        architectures=["x86_64", "arm64"],
        description="d",
    )
    assert list(matrix) == [
        ("python3.12", "x86_64"),
        ("python3.12", "arm64"),
        ("python3.13", "x86_64"),
        ("python3.13", "arm64"),
    ]
    layers = {name: inputs for (kind, name), inputs in mocks.resources.items() if kind == LAYER}
    assert len(layers) == len(matrix.layers) == 4
    arm = layers["deps-python313-arm64"]
    assert arm["layerName"] == "deps-python313-arm64-stack"
    assert (arm["compatibleRuntimes"], arm["compatibleArchitectures"]) == (["python3.13"], ["arm64"])
    assert {layer["description"] for layer in layers.values()} == {"d"}
    builds = [inputs["fingerprint"] for (kind, _), inputs in mocks.resources.items() if kind == BUILD]
    assert len(set(builds)) == 4


def test_layer_is_found_by_its_target_and_arns_has_all_layers(mocks: NamedMocks) -> None:
    """Otherwise a function cannot use the layer for its runtime and architecture."""
    matrix = declare(runtimes=["python3.12", "python3.13"], architectures=["arm64"])
    seen: dict[str, Any] = {}

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def read() -> pulumi.Output[None]:
        one = matrix[aws.lambda_.Runtime.PYTHON3D13, "arm64"]
        return pulumi.Output.all(one.arn, matrix.arns).apply(lambda values: seen.update(values=values))

    read()
    assert seen["values"] == [
        "arn:deps-python313-arm64",
        {"python312-arm64": "arn:deps-python312-arm64", "python313-arm64": "arn:deps-python313-arm64"},
    ]


@pytest.mark.parametrize("layer_name", ["shared", pulumi.Output.from_input("shared")])
def test_layer_name_is_the_start_of_all_layer_names(mocks: NamedMocks, layer_name: pulumi.Input[str]) -> None:
    """Otherwise the layers of all targets are versions of a single layer."""
    declare(runtimes=["python3.12"], architectures=["x86_64", "arm64"], layer_name=layer_name)
    names = {inputs["layerName"] for (kind, _), inputs in mocks.resources.items() if kind == LAYER}
    assert names == {"shared-python312-x86_64", "shared-python312-arm64"}


@pytest.mark.parametrize(
    ("python_patch", "expected"),
    [
        ("3.12.1", ["3.12.1", None]),
        (["3.12.1", "3.13.2"], ["3.12.1", "3.13.2"]),
        (None, [None, None]),
    ],
)
def test_each_layer_has_the_patch_release_of_its_runtime(
    mocks: NamedMocks, python_patch: Any, expected: list[str | None]
) -> None:
    """Otherwise a project that names a patch release can have layers for one runtime only."""
    declare(runtimes=["python3.12", "python3.13"], python_patch=python_patch)
    builds = {name: inputs for (kind, name), inputs in mocks.resources.items() if kind == BUILD}
    assert [builds[name].get("python_patch") for name in sorted(builds)] == expected


@pytest.mark.parametrize(
    ("bytecode", "expected"),
    [(["3.12.1", "3.13.2"], ["3.12.1", "3.13.2"]), (True, [True, True]), (False, [None, None])],
)
def test_each_layer_has_the_compiler_of_its_runtime(
    mocks: NamedMocks, monkeypatch: pytest.MonkeyPatch, bytecode: Any, expected: list[object]
) -> None:
    """Otherwise only layers for one runtime can be compiled by a certain release."""
    monkeypatch.setattr("pulumi_poetry_layer.bytecode.compiler.find_compiler", lambda _: None)
    declare(runtimes=["python3.12", "python3.13"], bytecode=bytecode)
    builds = {name: inputs for (kind, name), inputs in mocks.resources.items() if kind == BUILD}
    assert [builds[name].get("bytecode") for name in sorted(builds)] == expected


def test_problems_of_all_targets_are_reported_together(mocks: NamedMocks) -> None:
    """Otherwise a user fixes one target after the other, and needs a run for each."""
    with pytest.raises(pulumi.RunError) as caught:
        declare(
            project_dir=PROJECTS / "no_artifact",
            runtimes=["python3.12", "python2.7"],
            architectures=["x86_64", "sparc"],
        )
    message = str(caught.value)
    assert "python2.7 on x86_64: " in message
    assert "'sparc'" in message
    assert "python3.12 on x86_64: " in message
    assert mocks.resources == {}


def test_problem_of_several_targets_is_reported_once(mocks: NamedMocks) -> None:
    """Otherwise the message that the lock file is missing appears once for each target."""
    with pytest.raises(pulumi.RunError) as caught:
        declare(project_dir="nowhere", runtimes=["python3.12", "python3.13"], architectures=["arm64"])
    assert str(caught.value).count("pyproject.toml: no such file") == 1
    assert "python3.12 on arm64, python3.13 on arm64: " in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"runtimes": "python3.12"}, "runtimes: must be a list of at least one string, not 'python3.12'"),
        ({"runtimes": {"python3.12"}}, "runtimes: must be a list of at least one string, not {'python3.12'}"),
        ({"runtimes": []}, "runtimes: must be a list of at least one string, not []"),
        ({"runtimes": [pulumi.Output.from_input("python3.12")]}, "runtimes: an Output is not accepted here"),
        (
            {"runtimes": ["python3.12"], "runtimez": ["python3.12"]},
            "runtimez: is not an argument of PoetryLayer.matrix\n  hint: did you mean 'runtimes'?",
        ),
        (
            {"runtimes": ["python3.12"], "python_patch": ["3.12.1", "3.13.1"]},
            "python_patch: '3.13.1' is not a patch release of any of the runtimes",
        ),
        ({"runtimes": ["python3.12"], "python_patch": 3.12}, "python_patch: must be a list of strings, not 3.12"),
        ({"runtimes": ["python3.12"], "bytecode": 3.12}, "bytecode: must be a list of strings, not 3.12"),
        ({"runtimes": ["python3.12"], "bytecode": ["3.13.1"]}, "bytecode: '3.13.1' is not a patch release of any"),
        ({"runtimes": ["python3.12"], "bytecode": []}, "bytecode: has 0 releases of python3.12"),
        ({"runtimes": ["python3.12", "python3.13"], "bytecode": "3.12.1"}, "bytecode: has 0 releases of python3.13"),
        ({"runtimes": ["python3.12"], "bytecode": ["3.12.1", "3.12.2"]}, "bytecode: has 2 releases of python3.12"),
        (
            {"runtimes": ["python3.12"], "layer_name": "a.b"},
            "layer_name: 'a.b-python312-x86_64' is not a valid layer name",
        ),
        (
            {"runtimes": ["python3.12"], "regions": "eu-west-1"},
            "regions: must be a list of at least one string, not 'eu-west-1'",
        ),
        ({"runtimes": ["python3.12"], "regions": ["Ireland"]}, "regions: 'Ireland' is not a region"),
        (
            {"runtimes": ["python3.12"], "regions": ["eu-west-1"], "bucket": "b"},
            "bucket: is in a single region",
        ),
        ({"runtimes": ["python3.12"], "keep_versions": 0}, "keep_versions: must be a number of versions"),
    ],
)
def test_wrong_argument_is_named_and_nothing_is_registered(
    mocks: NamedMocks, arguments: dict[str, Any], message: str
) -> None:
    """Otherwise a string instead of a list creates a layer for each letter."""
    with pytest.raises(pulumi.RunError) as caught:
        declare(**arguments)
    assert message in str(caught.value)
    assert mocks.resources == {}


def test_layer_is_built_once_for_all_its_regions(mocks: NamedMocks) -> None:
    """Otherwise the same zip is built for each region, or a region that is added renames the other layers."""
    matrix = declare(runtimes=["python3.12"], regions=["eu-west-1", "us-east-1", "eu-west-1"])
    assert list(matrix) == [("python3.12", X86, "eu-west-1"), ("python3.12", X86, "us-east-1")]
    assert matrix["python3.12", X86, "us-east-1"].build is matrix["python3.12", X86, "eu-west-1"].build
    assert [name for kind, name in mocks.resources if kind == BUILD] == ["deps-python312-x86_64-build"]
    layers = {name: inputs for (kind, name), inputs in mocks.resources.items() if kind == LAYER}
    assert {name: (layer["layerName"], layer["region"]) for name, layer in layers.items()} == {
        "deps-python312-x86_64-eu-west-1": ("deps-python312-x86_64-stack", "eu-west-1"),
        "deps-python312-x86_64-us-east-1": ("deps-python312-x86_64-stack", "us-east-1"),
    }


def test_matrix_has_the_arguments_of_the_layer() -> None:
    """Otherwise an argument of PoetryLayer cannot be used for several targets."""
    of_the_layer = set(inspect.signature(PoetryLayer).parameters)
    of_the_matrix = set(inspect.signature(PoetryLayer.matrix).parameters) | set(LayerArguments.__annotations__)
    own = {"runtimes", "architectures", "regions", "arguments"}
    assert of_the_layer - {"runtime", "architecture", "region", "_layer_zip", "_seams"} == of_the_matrix - own
