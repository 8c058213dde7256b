"""The schema of the package says what the component in Python takes and returns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pulumi_poetry_layer
from pulumi_poetry_layer.arguments import LayerArguments
from pulumi_poetry_layer.builders.registry import BUILDERS, option_names
from pulumi_poetry_layer.component import PoetryLayer
from pulumi_poetry_layer.layer.request import CONFLICT_RULES
from pulumi_poetry_layer.matrix import PoetryLayerMatrix
from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES
from pulumi_poetry_layer.plugin.schema import LAYER, MATRIX, schema
from pulumi_poetry_layer.strip.kinds import KINDS
from pulumi_poetry_layer.wording import camel_case, snake_case

ARGUMENTS_PAGE = Path(pulumi_poetry_layer.__file__).parents[1] / "docs" / "arguments.md"
CHILDREN = {"build", "layer_version", "bucket_object", "permissions"}
"""Attributes in Python that are resources. SDKs of other languages would need the whole SDK of AWS for their types."""

NOT_INPUTS = {"self", "name", "opts"}
ONLY_HERE = {"builderOptions"}
"""In Python a builder is an object."""


def inputs(component: str) -> dict[str, dict[str, Any]]:
    """The inputs of a component."""
    found: dict[str, dict[str, Any]] = schema()["resources"][component]["inputProperties"]
    return found


def parameters(constructor: Any) -> dict[str, inspect.Parameter]:
    """The arguments of a component in Python."""
    found = inspect.signature(constructor).parameters
    return {name: of for name, of in found.items() if name not in NOT_INPUTS and not name.startswith("_")}


def test_layer_has_the_inputs_of_the_component() -> None:
    """A program in another language could not use an argument, or could pass one that does not exist."""
    assert inputs(LAYER).keys() - ONLY_HERE == {camel_case(name) for name in parameters(PoetryLayer.__init__)}


def test_matrix_has_the_inputs_of_the_component() -> None:
    """A matrix in another language could not use an argument of its layers."""
    own = parameters(PoetryLayerMatrix.__init__).keys() - {"layer_type", "arguments"}
    assert inputs(MATRIX).keys() - ONLY_HERE == {
        camel_case(name) for name in own | LayerArguments.__annotations__.keys()
    }


@pytest.mark.parametrize("component", [LAYER, MATRIX])
def test_inputs_are_plain_if_the_component_refuses_outputs(component: str) -> None:
    """A type checker would accept a value that the component refuses, or refuse one that it accepts."""
    constructor = PoetryLayer.__init__
    accepting = {name for name, of in parameters(constructor).items() if "pulumi.Input" in str(of.annotation)}
    accepting -= {"share_with"}  # its items may be Outputs
    assert {snake_case(name) for name, of in inputs(component).items() if not of.get("plain")} == accepting - (
        set() if component == LAYER else {"region"}
    )


def test_defaults_are_those_of_the_component() -> None:
    """An SDK would pass another value than the one that a Python program has."""
    defaults = {name: of.default for name, of in parameters(PoetryLayer.__init__).items()}
    in_schema = {snake_case(name): of["default"] for name, of in inputs(LAYER).items() if "default" in of}
    assert in_schema == {name: value for name, value in defaults.items() if value is not None and value != ()}


def test_layer_has_the_outputs_of_the_component() -> None:
    """A program in another language could not read an output."""
    outputs = schema()["resources"][LAYER]["properties"].keys()
    documented = set(re.findall(r"^    (\w+): ", inspect.getdoc(PoetryLayer) or "", re.MULTILINE))
    assert {snake_case(name) for name in outputs} == documented - CHILDREN
    assert set(schema()["resources"][LAYER]["required"]) == outputs - {"bytecode", "sbom"}


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("Runtime", RUNTIMES),
        ("Architecture", tuple(MACHINES)),
        ("Builder", BUILDERS),
        ("OnConflict", CONFLICT_RULES),
        ("StripKind", KINDS),
    ],
)
def test_enums_have_all_values(type_: str, values: tuple[str, ...]) -> None:
    """An editor would not offer a runtime that is supported."""
    described = schema()["types"][f"poetry-layer:index:{type_}"]["enum"]
    assert {one["value"] for one in described} == set(values)


def test_enums_also_take_a_string() -> None:
    """A runtime of a variable would not compile, and a new one would need a new SDK."""
    union = inputs(LAYER)["runtime"]["oneOf"]
    assert [(one["type"], "$ref" in one) for one in union] == [("string", False), ("string", True)]


def test_builder_options_are_those_of_the_builders() -> None:
    """A container could not have another image."""
    options = schema()["types"]["poetry-layer:index:BuilderOptions"]["properties"]
    assert {snake_case(name) for name in options} == {name for kind in BUILDERS for name in option_names(kind)}
    for name, of in options.items():
        (builder,) = (kind for kind in BUILDERS if snake_case(name) in option_names(kind))
        assert of["description"].startswith(f"`{builder}`: ")


def test_inputs_are_in_the_table_of_arguments() -> None:
    """A user would not find an input in the documentation."""
    rows = re.findall(r"^\| (`[^|]+) \|", ARGUMENTS_PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)} - set(BUILDERS)
    assert {snake_case(name) for name in inputs(LAYER).keys() - ONLY_HERE} == documented


def test_everything_has_a_description() -> None:
    """An editor would show nothing for an input."""
    assert [path for path in _without_description(schema()["resources"]) if path] == []
    assert [path for path in _without_description(schema()["types"]) if path] == []


def _without_description(described: dict[str, Any]) -> Iterator[str]:
    for token, of in described.items():
        properties = of.get("inputProperties", {}) | of.get("properties", {})
        yield from (f"{token}.{name}" for name, one in {"": of, **properties}.items() if not one.get("description"))


def test_sdk_for_python_has_another_name_than_this_package() -> None:
    """The SDK would replace the package that the plugin runs."""
    assert schema()["language"]["python"]["packageName"] != "pulumi_poetry_layer"
