"""Answers the engine: which requests there are, and how errors are sent.

The SDK's own server would send an error with its traceback, or as "Unexpected <class …>". Here the engine gets the text
of the errors of this package, and tracebacks only of others.

The component and the providers are imported when they are needed: the engine and the language hosts also start this
program for nothing but the schema.
"""

from __future__ import annotations

import json
import traceback
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.provider import Provider
from pulumi.provider.server import ProviderServicer
from pulumi.runtime import proto

from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.plugin.messages import Messages
from pulumi_poetry_layer.plugin.plugin_address import PluginAddress
from pulumi_poetry_layer.plugin.properties import Properties
from pulumi_poetry_layer.plugin.schema import package_version, schema
from pulumi_poetry_layer.printable import printable
from pulumi_poetry_layer.publish.threads import in_thread
from pulumi_poetry_layer.sdk_internals.construction import construct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import NoReturn

    from pulumi.dynamic import ResourceProvider

_Result = TypeVar("_Result")
_Context = grpc.aio.ServicerContext[Any, Any]

_CONFIGURATION = {"version": "version", "pluginDownloadURL": "download_url"}
"""Keys in the configuration of the provider → attribute of :class:`PluginAddress`."""


class LayerServicer(ProviderServicer):
    """Serves the components and their resources.

    Args:
        engine_address: where the engine listens; empty if there is none.
        folder: the folder of the Pulumi program.
    """

    def __init__(self, engine_address: str, folder: Path) -> None:
        super().__init__(Provider(package_version(), json.dumps(schema())), [], engine_address)
        self._folder = folder
        self._messages = Messages(engine_address)
        self._address = PluginAddress()
        self._configuration: dict[str, str] = {}

    @cached_property
    def _providers(self) -> Mapping[str, ResourceProvider]:
        from pulumi_poetry_layer.plugin.resources import providers

        found = providers()
        for provider in found.values():
            provider.configure(ConfigureRequest(Config(self._configuration, "")))
        return found

    async def CheckConfig(self, request: proto.CheckRequest, context: _Context) -> proto.CheckResponse:
        """Keep nothing of the stack's configuration: it has logins, and what is returned gets into the state."""
        response = proto.CheckResponse()
        for key in _CONFIGURATION.keys() & request.news.fields.keys():
            response.inputs.fields[key].CopyFrom(request.news.fields[key])
        return response

    async def DiffConfig(self, request: proto.DiffRequest, context: _Context) -> proto.DiffResponse:
        """Another version of the plugin changes no resource."""
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE)

    async def Configure(self, request: proto.ConfigureRequest, context: _Context) -> proto.ConfigureResponse:
        """Remember how the engine was asked for this plugin."""
        for key in _CONFIGURATION.keys() & request.args.fields.keys():
            setattr(self._address, _CONFIGURATION[key], request.args.fields[key].string_value or None)
        return proto.ConfigureResponse(acceptSecrets=True, acceptResources=True, acceptOutputs=True)

    async def Construct(self, request: proto.ConstructRequest, context: _Context) -> proto.ConstructResponse:
        """Declare a component; the program waits for its outputs."""
        from pulumi_poetry_layer.plugin.components import Construction

        # Decrypted, and only here: with --refresh, another process is asked to check the provider's configuration.
        self._configuration.update(request.config)
        construction = Construction(
            request.type, request.parent, folder=self._folder, address=self._address, messages=self._messages
        )
        try:
            with self._messages.speaking_for(""):
                return await construct(construction, request, self.engine_address, construction.read_inputs)
        except Exception as error:
            await _abort(context, error)

    async def Check(self, request: proto.CheckRequest, context: _Context) -> proto.CheckResponse:
        """Check the inputs of a resource."""
        olds, news = Properties(request.olds), Properties(request.news)
        found = await self._operate(request.urn, context, lambda of: of.check(olds.values, news.values))
        return proto.CheckResponse(
            inputs=await news.message(found.inputs),
            failures=[proto.CheckFailure(property=f.property, reason=f.reason) for f in found.failures],
        )

    async def Diff(self, request: proto.DiffRequest, context: _Context) -> proto.DiffResponse:
        """Compare the inputs of a resource with its state."""
        olds, news = Properties(request.olds), Properties(request.news)
        found = await self._operate(request.urn, context, lambda of: of.diff(request.id, olds.values, news.values))
        changes = proto.DiffResponse.DIFF_SOME if found.changes else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=changes, replaces=found.replaces or [])

    async def Create(self, request: proto.CreateRequest, context: _Context) -> proto.CreateResponse:
        """Create a resource."""
        given = Properties(request.properties)
        made = await self._operate(request.urn, context, lambda of: of.create(given.values))
        return proto.CreateResponse(id=made.id, properties=await given.message(made.outs or {}))

    async def Update(self, request: proto.UpdateRequest, context: _Context) -> proto.UpdateResponse:
        """Update a resource."""
        olds, news = Properties(request.olds), Properties(request.news)
        made = await self._operate(request.urn, context, lambda of: of.update(request.id, olds.values, news.values))
        return proto.UpdateResponse(properties=await news.message(made.outs or {}))

    async def Read(self, request: proto.ReadRequest, context: _Context) -> proto.ReadResponse:
        """Return the state as it is: all resources can be built or found again."""
        return proto.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    async def Delete(self, request: proto.DeleteRequest, context: _Context) -> empty_pb2.Empty:
        """Delete a resource."""
        given = Properties(request.properties)
        await self._operate(request.urn, context, lambda of: of.delete(request.id, given.values))
        return empty_pb2.Empty()

    async def Cancel(self, request: empty_pb2.Empty, context: _Context) -> empty_pb2.Empty:
        """Nothing is started that has to be stopped: what runs ends with the process."""
        return empty_pb2.Empty()

    async def _operate(self, urn: str, context: _Context, operation: Callable[[ResourceProvider], _Result]) -> _Result:
        """Call the provider of a resource in a thread: builds take long."""
        provider = self._providers.get(type_of(urn))
        if provider is None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{type_of(urn)} is not a resource of poetry-layer")
        try:
            with self._messages.speaking_for(urn):
                return await in_thread(operation, provider)
        except Exception as error:
            await _abort(context, error)


def type_of(urn: str) -> str:
    """The type of a resource, without the types of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


async def _abort(context: _Context, error: Exception) -> NoReturn:
    await context.abort(grpc.StatusCode.UNKNOWN, printable(_text_of(error)))


def _text_of(error: Exception) -> str:
    if isinstance(error, pulumi.RunError):
        # The engine itself names the component.
        return str(error.__cause__ if isinstance(error.__cause__, PoetryLayerError) else error)
    return str(error) if isinstance(error, PoetryLayerError) else "".join(traceback.format_exception(error))
