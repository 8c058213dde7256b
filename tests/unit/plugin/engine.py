"""An engine that records what it is asked, and registers every resource."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import callback_pb2, engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
LAYER_ARN = "arn:aws:lambda:us-east-1:123456789012:layer:deps"


class RecordingEngine(engine_pb2_grpc.EngineServicer, resource_pb2_grpc.ResourceMonitorServicer):
    """The engine's log and its resource monitor, on one port.

    Attributes:
        address: where it listens.
        logged: the messages that a user sees, in order.
        registered: the requests to register resources, in order.
        outputs: URN of a component → the outputs that it registered.
        transforms: number of stack transforms.
    """

    def __init__(self) -> None:
        self.logged: list[engine_pb2.LogRequest] = []
        self.registered: list[resource_pb2.RegisterResourceRequest] = []
        self.outputs: dict[str, dict[str, Any]] = {}
        self.transforms = 0
        self._server = grpc.server(ThreadPoolExecutor(4))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        """Stop the server."""
        self._server.stop(grace=None).wait()

    def resource(self, type_: str) -> resource_pb2.RegisterResourceRequest:
        """The only request to register a resource of this type."""
        (found,) = (request for request in self.registered if request.type == type_)
        return found

    def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:
        if request.severity != engine_pb2.DEBUG:
            self.logged.append(request)
        return empty_pb2.Empty()

    def GetDeploymentInfo(self, request: Any, context: Any) -> None:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "the engine is older than this request")

    def SupportsFeature(self, request: Any, context: Any) -> resource_pb2.SupportsFeatureResponse:
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResourceHook(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def RegisterStackTransform(self, request: callback_pb2.Callback, context: Any) -> empty_pb2.Empty:
        self.transforms += 1
        return empty_pb2.Empty()

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: Any
    ) -> empty_pb2.Empty:
        self.outputs[request.urn] = dict(request.outputs)
        return empty_pb2.Empty()

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: Any
    ) -> resource_pb2.RegisterResourceResponse:
        self.registered.append(request)
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.object)
        if request.type == "aws:lambda/layerVersion:LayerVersion":
            outputs.update({"arn": f"{LAYER_ARN}:7", "layerArn": LAYER_ARN, "version": "7"})
        if request.type == "poetry-layer:index:LayerBuild":
            outputs.update({"size": 100.0, "unzipped_size": 300.0, "sha256": "00" * 32, "licenses": "MIT"})
        if request.type == "poetry-layer:index:LayerSbom":
            outputs.update({"sbom": "{}"})
        urn = f"urn:pulumi:dev::shop::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"id of {request.name}", object=outputs)
