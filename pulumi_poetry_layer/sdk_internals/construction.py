"""Lets a component that runs in a plugin be constructed, with what the SDK's server leaves out.

The SDK's ``ProviderServicer`` has the only code that sets up a process for a component of a remote program, and it is
private. Its public method ``Construct`` sends every error as a traceback, loses some of the options, and in older
releases constructs one component at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.provider.server import ProviderServicer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pulumi.provider import Provider
    from pulumi.runtime.proto import alias_pb2, provider_pb2

    Inputs = dict[str, Any]


async def construct(
    provider: Provider,
    request: provider_pb2.ConstructRequest,
    engine_address: str,
    read_inputs: Callable[[Inputs], Awaitable[Inputs]],
) -> provider_pb2.ConstructResponse:
    """Construct a component, and wait until the engine has registered all of its children.

    Args:
        provider: its ``construct`` declares the component.
        request: what the program asks for.
        engine_address: where the engine listens.
        read_inputs: is called with the inputs, before ``construct``; returns those that it gets.
    """
    response: provider_pb2.ConstructResponse = await _Servicer(provider, engine_address, read_inputs)._construct(
        request, None
    )
    return response


class _Servicer(ProviderServicer):
    """The SDK's server for one request."""

    def __init__(
        self, provider: Provider, engine_address: str, read_inputs: Callable[[Inputs], Awaitable[Inputs]]
    ) -> None:
        super().__init__(provider, [], engine_address)
        self._read_inputs = read_inputs

    async def _construct_inputs(self, inputs: Any, input_dependencies: Any) -> Inputs:  # type: ignore[override]
        return await self._read_inputs(await ProviderServicer._construct_inputs(inputs, input_dependencies))

    def _construct_options(  # type: ignore[override]
        self, request: provider_pb2.ConstructRequest
    ) -> pulumi.ResourceOptions:
        aliases = list(request.aliases)
        request.ClearField("aliases")  # older releases return them as messages of the protocol
        opts: pulumi.ResourceOptions = ProviderServicer._construct_options(request)
        opts.aliases = [alias.urn or _alias(alias.spec) for alias in aliases]
        if request.HasField("customTimeouts"):
            timeouts = request.customTimeouts
            opts.custom_timeouts = pulumi.CustomTimeouts(timeouts.create, timeouts.update, timeouts.delete)
        opts.delete_before_replace = request.deleteBeforeReplace or None
        return opts


def _alias(spec: alias_pb2.Alias.Spec) -> pulumi.Alias:
    named: dict[str, Any] = {
        "name": spec.name,
        "type_": spec.type,
        "stack": spec.stack,
        "project": spec.project,
        "parent": spec.parentUrn,
    }
    given = {key: value for key, value in named.items() if value}
    return pulumi.Alias(**given, **({"parent": None} if spec.noParent else {}))
