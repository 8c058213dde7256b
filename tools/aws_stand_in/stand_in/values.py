"""Property values as they travel between engine and plugin: protobuf Structs on the wire, plain Python here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

Props = dict[str, Any]
"""Properties of one resource: JSON-like values by name."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends, and wants back, for a value that only the update itself will know."""

DEFAULTS_KEY = "__defaults"
"""Where the bridge notes which inputs it filled in by itself."""


class StandInError(Exception):
    """Something that the stand-in cannot or must not do; its text reaches whoever runs ``pulumi``."""


def from_struct(struct: struct_pb2.Struct) -> Props:
    """Turn a Struct into plain Python, whole numbers into ints, explicit nulls into absence."""
    pairs = ((key, _from_value(value)) for key, value in struct.fields.items())
    return {key: value for key, value in pairs if value is not None}


def to_struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    """Turn plain Python into a Struct; ``None`` is left out."""
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
    """Whether a value, or anything inside it, is not known before the update."""
    if isinstance(value, dict):
        return any(is_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(is_unknown(item) for item in value)
    return value == UNKNOWN
