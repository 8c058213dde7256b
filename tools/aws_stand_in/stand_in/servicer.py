"""The gRPC service that the Pulumi engine calls."""

# ruff: noqa: ARG002, N802 - the names and arguments are those of gRPC

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import signal
import sys
from collections.abc import Callable
from concurrent import futures
from typing import Any, TypeVar

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from stand_in.archives import is_content, materialize
from stand_in.differ import diff
from stand_in.host import Host
from stand_in.identities import Role, RolePolicyAttachment
from stand_in.kind import Kind
from stand_in.lambdas import Function, LayerVersion
from stand_in.layer_permissions import LayerVersionPermission
from stand_in.parameters import Parameter
from stand_in.schema import schema
from stand_in.session import Session
from stand_in.storage import Bucket, BucketObjectv2, BucketV2
from stand_in.values import DEFAULTS_KEY, UNKNOWN, Props, StandInError, from_struct, is_unknown, to_struct

KINDS: dict[str, type[Kind]] = {
    kind.token: kind
    for kind in (
        *(LayerVersion, LayerVersionPermission, Function, Role, RolePolicyAttachment),
        *(Bucket, BucketV2, BucketObjectv2, Parameter),
    )
}
_MESSAGE_LIMIT = 400 * 1024 * 1024
_ORPHAN_CHECK_SECONDS = 5
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _reports_errors(method: _Method) -> _Method:
    """Report an error in a method as an RPC error, so that ``pulumi`` shows its message."""

    @functools.wraps(method)
    def wrapper(self: AwsStandIn, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except (StandInError, ClientError, BotoCoreError) as error:
            return context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return wrapper  # type: ignore[return-value]


class AwsStandIn(provider_pb2_grpc.ResourceProviderServicer):
    """The providers of one command: the default provider and each explicit ``aws.Provider``.

    The engine starts a process for each of them, or connects to one process once for each of them.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._sessions: dict[str, Session] = {}

    # Configuration

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Accept an engine that has not started this process (``PULUMI_DEBUG_PROVIDERS``). No answer is needed."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Return the version of the installed SDK."""
        return plugin_pb2.PluginInfo(version=_sdk_version())

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """Return the schema that YAML programs need. The SDKs of the other languages have their own."""
        return provider_pb2.GetSchemaResponse(schema=schema(KINDS.values(), _sdk_version()))

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Accept the arguments of the provider without a check."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Report each change of the arguments as an update of the provider."""
        same = from_struct(request.olds) == from_struct(request.news)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        )

    @_reports_errors
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Connect to moto with the settings of the stack's configuration or of the ``aws.Provider``."""
        config = {key.removeprefix("aws:config:"): value for key, value in request.variables.items()}
        self._sessions[context.peer()] = Session(config, self._host)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    # Resources

    @_reports_errors
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Add defaults and names, refuse unknown inputs, and read the files that the bridge reads."""
        kind, news = _kind(request.urn), from_struct(request.news)
        failures = _failures(kind, news)
        if failures:
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
        inputs = _with_defaults(kind, news, from_struct(request.olds), request)
        self._open_contents(inputs)
        return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    @_reports_errors
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Return the kind of change that new inputs mean. Reads no file."""
        olds, old_inputs, news = (from_struct(each) for each in (request.olds, request.old_inputs, request.news))
        for name in request.ignoreChanges:
            news[name] = olds.get(name)
        return diff(_kind(request.urn), olds, old_inputs, news)

    @_reports_errors
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Create a resource, or return the planned properties in a preview."""
        kind, inputs = _kind(request.urn), from_struct(request.properties)
        if request.preview:
            self._open_contents(inputs)
            return provider_pb2.CreateResponse(properties=to_struct(_planned(kind, inputs)))
        resource_id, observed = kind(self._connected(context)).create(inputs)
        return provider_pb2.CreateResponse(id=resource_id, properties=to_struct(_outputs(inputs, observed)))

    @_reports_errors
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Read a resource. An empty ID in the answer means that it does not exist. Reads no file."""
        known, inputs = from_struct(request.properties), from_struct(request.inputs)
        observed = _kind(request.urn)(self._connected(context)).read(request.id, known)
        if observed is None:
            return provider_pb2.ReadResponse()
        drifted = {name: observed.get(name, value) for name, value in inputs.items()}
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(_outputs(known, observed)), inputs=to_struct(drifted)
        )

    @_reports_errors
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Update a resource, or return the planned properties in a preview."""
        kind, olds, news = _kind(request.urn), from_struct(request.olds), from_struct(request.news)
        if request.preview:
            unknown = dict.fromkeys(kind.volatile, UNKNOWN)
            return provider_pb2.UpdateResponse(properties=to_struct({**olds, **_outputs(news, unknown)}))
        resource = kind(self._connected(context))
        resource.update(request.id, olds, news)
        observed = resource.read(request.id, {**olds, **news}) or {}
        return provider_pb2.UpdateResponse(properties=to_struct(_outputs(news, observed)))

    @_reports_errors
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Delete a resource. Reads no file."""
        _kind(request.urn)(self._connected(context)).delete(request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Do nothing when the engine stops, because every call here is short."""
        return empty_pb2.Empty()

    def _connected(self, context: grpc.ServicerContext) -> Session:
        try:
            return self._sessions[context.peer()]
        except KeyError:
            raise StandInError("the stand-in aws plugin was used before it was configured") from None

    def _open_contents(self, inputs: Props) -> None:
        for value in inputs.values():
            if is_content(value) and not is_unknown(value):
                materialize(value, self._host)


def _sdk_version() -> str:
    return importlib.metadata.version("pulumi-aws")


def _kind(urn: str) -> type[Kind]:
    token = urn.split("::")[2].rpartition("$")[2]
    try:
        return KINDS[token]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise StandInError(f"the stand-in aws plugin does not support {token}, only {known}") from None


def _failures(kind: type[Kind], news: Props) -> list[provider_pb2.CheckFailure]:
    unknown = [name for name in news if name not in kind.properties and name != DEFAULTS_KEY]
    missing = [name for name, declared in kind.properties.items() if declared.required and name not in news]
    return [
        *(
            provider_pb2.CheckFailure(property=name, reason=f"the stand-in aws plugin does not support {name!r}")
            for name in unknown
        ),
        *(provider_pb2.CheckFailure(property=name, reason=f"missing required property {name!r}") for name in missing),
    ]


def _with_defaults(kind: type[Kind], news: Props, olds: Props, request: provider_pb2.CheckRequest) -> Props:
    """Add default values, and a name if the program does not set one: the existing name, else a new one."""
    added = {
        name: declared.default
        for name, declared in kind.properties.items()
        if declared.default is not None and name not in news
    }
    name = kind.autoname
    if name is not None and name not in news:
        kept = olds.get(name) if name in olds.get(DEFAULTS_KEY, []) else None
        added[name] = kept or kind.new_name(request.name, hashlib.sha256(request.randomSeed).hexdigest()[:7])
    return {**news, **added, DEFAULTS_KEY: sorted(added)}


def _planned(kind: type[Kind], inputs: Props) -> Props:
    computed = [name for name, declared in kind.properties.items() if declared.computed and name not in inputs]
    return _outputs(inputs, dict.fromkeys([*kind.outputs, *computed], UNKNOWN))


def _outputs(inputs: Props, observed: Props) -> Props:
    return {name: value for name, value in {**inputs, **observed}.items() if name != DEFAULTS_KEY}


def start(host: Host) -> tuple[grpc.Server, int]:
    """Serve on a free local port. Return the server and the port."""
    options = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AwsStandIn(host), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    """Serve the engine that started this process: print the port for it, and end when it ends."""
    server, port = start(Host.of_this_process())
    signal.signal(signal.SIGINT, lambda *_: server.stop(grace=None))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    engine = os.getppid()
    while server.wait_for_termination(timeout=_ORPHAN_CHECK_SECONDS) and os.getppid() == engine:
        pass
