"""The schema of the package: data, from which Pulumi generates the SDKs of other languages."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

LAYER = "poetry-layer:index:PoetryLayer"
MATRIX = "poetry-layer:index:PoetryLayerMatrix"


@cache
def package_version() -> str:
    """The version of the plugin, which is that of this package."""
    return version("pulumi-poetry-layer")


@cache
def schema() -> dict[str, Any]:
    """The schema, with the version of this package."""
    text = files("pulumi_poetry_layer.plugin").joinpath("schema.json").read_text(encoding="utf-8")
    return {**json.loads(text), "version": package_version()}


def input_names(component: str) -> list[str]:
    """The names of the inputs of a component, by its token."""
    return list(schema()["resources"][component]["inputProperties"])


def plain_inputs(component: str) -> frozenset[str]:
    """The inputs of a component whose values must be known when the program runs."""
    inputs = schema()["resources"][component]["inputProperties"]
    return frozenset(name for name, description in inputs.items() if description.get("plain"))


def output_names(component: str) -> list[str]:
    """The names of the outputs of a component."""
    return list(schema()["resources"][component]["properties"])
