"""Resource options of the component, and the children that get them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime.mocks import MockMonitor
from samples import PROJECTS

from pulumi_poetry_layer import PoetryLayer

PROJECT = PROJECTS / "base"
COMPONENT = "poetry-layer:index:PoetryLayer"
BUILD = "pulumi-python:dynamic/poetry-layer:LayerBuild"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
LAYER = "aws:lambda/layerVersion:LayerVersion"


class EchoMocks(pulumi.runtime.Mocks):
    """Returns the inputs of every resource as its outputs."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no call is expected: {args.token}")


class RecordingMonitor(MockMonitor):
    """Records the request for each resource, by type."""

    def __init__(self) -> None:
        super().__init__(EchoMocks())
        self.requests: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is gRPC's
        self.requests[request.type] = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


@pytest.fixture
def requests() -> Iterator[dict[str, Any]]:
    """Pulumi's runtime with mocks; the recorded requests."""
    monitor = RecordingMonitor()
    pulumi.runtime.set_mocks(monitor.mocks, monitor=monitor)
    yield monitor.requests
    pulumi.runtime.settings.reset_options()


def declare(options: dict[str, Any], *, option: str = "provider") -> None:
    """Declare a layer that is published through a bucket with its own provider."""

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        provider = aws.Provider("elsewhere", region="eu-west-1")
        given = {"provider": provider} if option == "provider" else {"providers": [provider]}
        opts = pulumi.ResourceOptions(**options, **given)
        PoetryLayer("deps", runtime="python3.12", project_dir=PROJECT, bucket="artifacts", opts=opts)

    program()


@pytest.mark.parametrize("option", ["provider", "providers"])
def test_provider_is_applied_to_the_aws_resources_only(requests: dict[str, Any], option: str) -> None:
    """Otherwise the layer is published in the default region, where the functions cannot use it."""
    declare({}, option=option)
    assert "::elsewhere::" in requests[LAYER].provider
    assert "::elsewhere::" in requests[OBJECT].provider
    assert "::elsewhere::" not in requests[BUILD].provider


def test_options_for_a_single_resource_are_applied_to_the_layer_version(requests: dict[str, Any]) -> None:
    """Otherwise they have no effect: a component has no properties that could change."""
    declare(
        {
            "ignore_changes": ["description"],
            "replace_on_changes": ["licenseInfo"],
            "delete_before_replace": True,
            "custom_timeouts": pulumi.CustomTimeouts(create="7m"),
        }
    )
    layer = requests[LAYER]
    assert list(layer.ignoreChanges) == ["description"]
    assert list(layer.replaceOnChanges) == ["licenseInfo"]
    assert layer.deleteBeforeReplace
    assert layer.customTimeouts.create == "7m"
    assert not any(requests[other].ignoreChanges for other in (BUILD, OBJECT))
    assert not requests[BUILD].deleteBeforeReplace


def test_protect_is_applied_to_all_children(requests: dict[str, Any]) -> None:
    """Otherwise ``pulumi destroy`` deletes the layer version of a protected component."""
    declare({"protect": True})
    assert all(requests[kind].protect for kind in (BUILD, OBJECT, LAYER))


def test_children_depend_on_the_build(requests: dict[str, Any]) -> None:
    """Otherwise a layer is published before its zip is built."""
    declare({})
    assert any("LayerBuild::deps-build" in urn for urn in requests[OBJECT].dependencies)
    assert any("LayerBuild::deps-build" in urn for urn in requests[LAYER].dependencies)
