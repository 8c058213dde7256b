"""The properties of a resource in the engine's protocol, and as values for its provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi.runtime import rpc

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct


class Properties:
    """The properties of a message.

    Attributes:
        values: name → value; a secret in plain text, an unknown value as the SDK marks it.
    """

    def __init__(self, message: Struct) -> None:
        self._given: dict[str, Any] = rpc.deserialize_properties(message, keep_unknowns=True)
        self.values = {name: rpc.unwrap_rpc_secret(value) for name, value in self._given.items()}

    async def message(self, values: dict[str, Any]) -> Struct:
        """Values as a message. Those that were secrets in this one are secrets again."""
        marked = {
            name: self._given[name]
            if rpc.is_rpc_secret(self._given.get(name)) and self.values[name] == value
            else value
            for name, value in values.items()
        }
        struct: Struct = await rpc.serialize_properties(marked, {})
        return struct
