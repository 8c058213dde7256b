"""The resources that the component declares in the plugin, and the providers that serve them.

They have the inputs and outputs of the dynamic resources of Python programs, and the same providers. Each of them is an
alias of the other, so a stack stays unchanged when its program is written in another language. For the same reason they
have the property in which a dynamic resource keeps its provider: without it, a Python program could not refresh or
delete a resource that was created here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider

from pulumi_poetry_layer.kept_versions import KeptVersionsProvider, kept_versions_properties
from pulumi_poetry_layer.provider import (
    BuildOutputs,
    LayerBuildProvider,
    LayerSbomProvider,
    SbomOutputs,
    build_properties,
    sbom_properties,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.dynamic import ResourceProvider

    from pulumi_poetry_layer.plugin.plugin_address import PluginAddress


def providers() -> Mapping[str, ResourceProvider]:
    """Type of a resource → its provider."""
    return {
        _token("LayerBuild"): LayerBuildProvider(),
        _token("LayerSbom"): LayerSbomProvider(),
        _token("KeptVersions"): KeptVersionsProvider(),
    }


class ServedBuild(BuildOutputs):
    """The zip of a layer."""

    def __init__(self, at: PluginAddress, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        properties = _with_provider(build_properties(inputs), LayerBuildProvider())
        super().__init__(_token("LayerBuild"), name, properties, at.options("LayerBuild", opts))


class ServedSbom(SbomOutputs):
    """The bill of materials of a layer."""

    def __init__(self, at: PluginAddress, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        properties = _with_provider(sbom_properties(inputs), LayerSbomProvider())
        super().__init__(_token("LayerSbom"), name, properties, at.options("LayerSbom", opts))


class ServedKeptVersions(pulumi.CustomResource):
    """The last versions of a layer in AWS."""

    def __init__(self, at: PluginAddress, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        properties = _with_provider(kept_versions_properties(inputs), KeptVersionsProvider())
        super().__init__(_token("KeptVersions"), name, properties, at.options("KeptVersions", opts))


def _with_provider(properties: dict[str, Any], provider: ResourceProvider) -> dict[str, Any]:
    """Properties with that of the provider, which every dynamic resource has."""
    return {**properties, PROVIDER_KEY: serialize_provider(provider)}


def _token(name: str) -> str:
    return f"poetry-layer:index:{name}"
