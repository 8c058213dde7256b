"""Converts property values between the protobuf Structs of the engine and plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

Props = dict[str, Any]
"""The properties of a resource: name → value as in JSON."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The placeholder of the engine for a value that is only known after the update."""

DEFAULTS_KEY = "__defaults"
"""The key under which the bridge lists the inputs that it has set itself."""


class StandInError(Exception):
    """The stand-in cannot or must not do something. ``pulumi`` shows the message."""


def from_struct(struct: struct_pb2.Struct) -> Props:
    """Convert a Struct to plain Python. Whole numbers become ints, and nulls are left out."""
    pairs = ((key, _from_value(value)) for key, value in struct.fields.items())
    return {key: value for key, value in pairs if value is not None}


def to_struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    """Convert plain Python to a Struct. ``None`` is left out."""
    struct = struct_pb2.Struct()
    struct.update({key: value for key, value in props.items() if value is not None})
    return struct


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None if kind in (None, "null_value") else getattr(value, kind)


def is_unknown(value: object) -> bool:
    """Whether a value, or a value in it, is unknown before the update."""
    if isinstance(value, dict):
        return any(is_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(is_unknown(item) for item in value)
    return value == UNKNOWN
