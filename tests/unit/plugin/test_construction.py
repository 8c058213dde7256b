"""Requests of the engine to construct a component."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, resource_pb2

from pulumi_poetry_layer.plugin.schema import LAYER, MATRIX

from .conftest import Plugin
from .engine import LAYER_ARN, STACK, RecordingEngine

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hush"}
"""A secret in the engine's protocol."""

BUILD = "poetry-layer:index:LayerBuild"
LAYER_VERSION = "aws:lambda/layerVersion:LayerVersion"


def construct(
    plugin: Plugin, engine: RecordingEngine, inputs: dict[str, Any], *, type_: str = LAYER, **more: Any
) -> dict[str, Any]:
    """Construct a layer ``deps`` in an update; returns its outputs."""
    message = struct_pb2.Struct()
    message.update({"projectDir": "service", **inputs})
    request = provider_pb2.ConstructRequest(
        **{
            "project": "shop",
            "stack": "dev",
            "organization": "organization",
            "monitorEndpoint": engine.address,
            "type": type_,
            "name": "deps",
            "parent": STACK,
            "inputs": message,
            **more,
        }
    )
    return dict(plugin.Construct(request).state)


def properties(request: resource_pb2.RegisterResourceRequest) -> dict[str, Any]:
    """The properties of a registered resource."""
    return MessageToDict(request.object)


def refused(plugin: Plugin, engine: RecordingEngine, inputs: dict[str, Any], **more: Any) -> str:
    """The error of inputs that are wrong."""
    with pytest.raises(grpc.RpcError) as caught:
        construct(plugin, engine, inputs, **more)
    assert engine.registered == []
    return str(caught.value.details())


def test_component_declares_its_resources_and_returns_its_outputs(plugin: Plugin, engine: RecordingEngine) -> None:
    """A program in another language would have no layer, or no ARN of it."""
    outputs = construct(plugin, engine, {"runtime": "python3.12", "layerName": "deps"})

    assert [request.type for request in engine.registered] == [LAYER, BUILD, LAYER_VERSION]
    assert outputs["arn"] == f"{LAYER_ARN}:7"
    assert outputs["layerArn"] == LAYER_ARN
    assert outputs["size"] == 100
    assert outputs["unzippedSize"] == 300
    assert dict(outputs["packages"]) == {"idna": "3.10", "six": "1.16.0"}
    assert engine.resource(LAYER_VERSION).object["layerName"] == "deps"
    assert properties(engine.resource(LAYER_VERSION))["code"]["hash"] == outputs["fingerprint"]
    assert {"layerArn", "unzippedSize"} <= engine.outputs[f"urn:pulumi:dev::shop::{LAYER}::deps"].keys()


def test_build_is_a_resource_of_the_plugin_and_an_alias_of_the_dynamic_one(
    plugin: Plugin, engine: RecordingEngine
) -> None:
    """A stack of a Python program would delete its build, and could not go back."""
    construct(plugin, engine, {"runtime": "python3.12"})
    build = engine.resource(BUILD)
    assert build.custom
    assert build.parent == f"urn:pulumi:dev::shop::{LAYER}::deps"
    assert [alias.spec.type for alias in build.aliases] == ["pulumi-python:dynamic/poetry-layer:LayerBuild"]
    assert build.object["__provider"]
    assert build.object["project_dir"] == "service"


def test_document_and_kept_versions_are_resources_of_the_plugin(plugin: Plugin, engine: RecordingEngine) -> None:
    """The engine would start a dynamic provider, in a Python that does not have this package."""
    outputs = construct(plugin, engine, {"runtime": "python3.12", "sbom": True, "keepVersions": 3})
    for name in ("LayerSbom", "KeptVersions"):
        resource = engine.resource(f"poetry-layer:index:{name}")
        assert [alias.spec.type for alias in resource.aliases] == [f"pulumi-python:dynamic/poetry-layer:{name}"]
        assert resource.object["__provider"]
    assert engine.resource("poetry-layer:index:KeptVersions").object["keep"] == 3
    assert outputs["sbom"] == "{}"


def test_build_asks_for_the_process_that_constructs(plugin: Plugin, engine: RecordingEngine) -> None:
    """The engine would start a second process, which has no logins for private indexes."""
    arguments = struct_pb2.Struct()
    arguments.update({"version": "0.1.0", "pluginDownloadURL": "https://example.com/plugin"})
    plugin.Configure(provider_pb2.ConfigureRequest(args=arguments))
    construct(plugin, engine, {"runtime": "python3.12"})
    build = engine.resource(BUILD)
    assert (build.version, build.pluginDownloadURL) == ("0.1.0", "https://example.com/plugin")


def test_hash_of_the_zip_is_restored_after_transforms_of_the_program(plugin: Plugin, engine: RecordingEngine) -> None:
    """A program with transforms would publish a new version in every deployment."""
    construct(plugin, engine, {"runtime": "python3.12"})
    assert engine.transforms == 1


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"runtim": "python3.12"},
            "runtim: is not an input of poetry-layer:index:PoetryLayer\n  hint: did you mean 'runtime'? the inputs are",
        ),
        ({}, 'runtime: is missing, and it has no default\n  hint: set runtime: "python3.13", or '),
        ({"runtime": "python3.12", "layerName": "a b"}, "layerName: 'a b' is not a valid layer name"),
        ({"runtime": "python3.12", "keyPrefix": "a"}, "keyPrefix: needs bucket:"),
        ({"runtime": "python3.12", "excludeRuntime": "yes"}, "excludeRuntime: must be true or false, not 'yes'"),
        ({"runtime": "python3.12", "groups": "main"}, "groups: must be a list of strings, not 'main'"),
        ({"runtime": "python3.12", "maxUnzippedSize": 0.5}, "maxUnzippedSize: must be a number of bytes, not 0.5"),
        ({"runtime": "python3.12", "builderOptions": {"image": "x"}}, "builderOptions: needs builder"),
        (
            {"runtime": "python3.12", "builder": "container", "builderOptions": {"imag": "x"}},
            "builderOptions.imag: is not an option of the builder 'container'\n  hint: did you mean 'image'?",
        ),
        (
            {"runtime": "python3.12", "builder": "container", "builderOptions": {"image": 5}},
            "builderOptions.image: must be a string, not 5",
        ),
        (
            {"runtime": "python3.12", "builder": "container", "builderOptions": {"timeout": -1}},
            "timeout: must be a positive number of seconds, not -1",
        ),
        (
            {"runtime": "python3.12", "builder": "local", "builderOptions": "x"},
            "builderOptions: must be an object",
        ),
        ({"runtime": "python3.12", "builder": "whels"}, "builder: unknown builder 'whels'\n  hint: did you mean"),
    ],
)
def test_wrong_input_is_named_as_the_program_names_it(
    plugin: Plugin, engine: RecordingEngine, inputs: dict[str, Any], message: str
) -> None:
    """A user would look for `layer_name` in a program that has `layerName`."""
    assert refused(plugin, engine, inputs).startswith(message)


def test_unknown_component_is_named(plugin: Plugin, engine: RecordingEngine) -> None:
    """A user would see a traceback."""
    error = refused(plugin, engine, {}, type_="poetry-layer:index:Layer")
    assert error.startswith("poetry-layer:index:Layer: is not a component of poetry-layer")


@pytest.mark.parametrize("value", [rpc.UNKNOWN, [rpc.UNKNOWN]])
def test_value_that_is_not_known_yet_is_refused_if_it_decides_the_layer(
    plugin: Plugin, engine: RecordingEngine, value: Any
) -> None:
    """The preview would show another layer than the one that is built."""
    error = refused(plugin, engine, {"runtime": "python3.12", "extras": value}, dryRun=True)
    assert error.startswith("extras: the value is not known yet")


def test_output_that_is_not_known_yet_is_refused_if_it_decides_the_layer(
    plugin: Plugin, engine: RecordingEngine
) -> None:
    """The preview would show another layer than the one that is built."""
    depending = {"pythonPatch": provider_pb2.ConstructRequest.PropertyDependencies(urns=[STACK])}
    inputs = {"runtime": "python3.12", "pythonPatch": rpc.UNKNOWN}
    error = refused(plugin, engine, inputs, inputDependencies=depending, dryRun=True)
    assert error.startswith("pythonPatch: the value is not known yet")


def test_known_value_of_a_resource_is_taken(plugin: Plugin, engine: RecordingEngine) -> None:
    """A YAML program could not use a variable."""
    depending = {"extras": provider_pb2.ConstructRequest.PropertyDependencies(urns=[STACK])}
    outputs = construct(plugin, engine, {"runtime": "python3.12", "extras": []}, inputDependencies=depending)
    assert outputs["arn"]


def test_secret_that_decides_the_layer_is_refused(plugin: Plugin, engine: RecordingEngine) -> None:
    """The secret would be in the state, and in the lines that the user sees."""
    error = refused(plugin, engine, {"runtime": "python3.12", "projectDir": SECRET})
    assert error.startswith("projectDir: a secret is not accepted here")
    assert "hush" not in error


def test_secret_description_stays_a_secret(plugin: Plugin, engine: RecordingEngine) -> None:
    """The secret would be in the state in plain text."""
    construct(plugin, engine, {"runtime": "python3.12", "description": SECRET})
    assert "1b47061264138c4ac30d75fd1eb44270" in str(engine.resource(LAYER_VERSION).object["description"])


def test_options_of_the_component_reach_the_layer_version(plugin: Plugin, engine: RecordingEngine) -> None:
    """`ignoreChanges` and others would have no effect."""
    construct(
        plugin,
        engine,
        {"runtime": "python3.12"},
        ignoreChanges=["description"],
        replaceOnChanges=["layerName"],
        deleteBeforeReplace=True,
        customTimeouts=provider_pb2.ConstructRequest.CustomTimeouts(create="5m"),
        aliases=[{"spec": {"name": "old"}}, {"urn": "urn:pulumi:dev::shop::a:b:C::c"}],
    )
    version = engine.resource(LAYER_VERSION)
    assert list(version.ignoreChanges) == ["description"]
    assert list(version.replaceOnChanges) == ["layerName"]
    assert version.deleteBeforeReplace
    assert version.customTimeouts.create == "5m"
    aliases = engine.resource(LAYER).aliases
    assert [alias.urn or alias.spec.name for alias in aliases] == ["old", "urn:pulumi:dev::shop::a:b:C::c"]


def test_layers_of_the_same_name_have_zips_of_their_own(plugin: Plugin, engine: RecordingEngine) -> None:
    """One of them would be published with the zip of the other one."""
    parents = [STACK, "urn:pulumi:dev::shop::my:own:Part::a", "urn:pulumi:dev::shop::my:own:Part::b", ""]
    for parent in parents:
        construct(plugin, engine, {"runtime": "python3.12"}, parent=parent)
    zips = [properties(request)["zip"] for request in engine.registered if request.type == BUILD]
    assert zips[0] == zips[3]
    assert zips[0].startswith(".poetry-layer/dev/deps-")
    assert len(set(zips)) == 3


def test_matrix_declares_a_layer_for_each_target(plugin: Plugin, engine: RecordingEngine) -> None:
    """A YAML program, which has no loops, would need a resource for each target."""
    inputs = {"runtimes": ["python3.12", "python3.13"], "architectures": ["arm64"]}
    outputs = construct(plugin, engine, inputs, type_=MATRIX)
    assert dict(outputs["arns"]).keys() == {"python312-arm64", "python313-arm64"}
    names = sorted(r.name for r in engine.registered if r.type == LAYER)  # they are declared at the same time
    assert names == ["deps-python312-arm64", "deps-python313-arm64"]


def test_matrix_names_its_own_inputs(plugin: Plugin, engine: RecordingEngine) -> None:
    """A user would search for `runtime` in a program that has `runtimes`."""
    assert refused(plugin, engine, {"runtime": "python3.12"}, type_=MATRIX).startswith(
        "runtime: is not an input of poetry-layer:index:PoetryLayerMatrix\n  hint: did you mean 'runtimes'?"
    )
    assert 'set runtimes: ["python3.13"]' in refused(plugin, engine, {}, type_=MATRIX)


def test_placeholder_is_beside_the_program(plugin: Plugin, engine: RecordingEngine, program: Any) -> None:
    """The AWS plugin would not find a file, and every preview would fail."""
    construct(plugin, engine, {"runtime": "python3.12"}, dryRun=True)
    assert [path.parent for path in program.rglob("*.zip")] == [program / ".poetry-layer" / "dev"]
