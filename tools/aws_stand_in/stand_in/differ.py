"""Decides whether a change of inputs means nothing, an update or a replacement for a resource."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from stand_in.archives import content_hash, is_content
from stand_in.kind import Kind, Property
from stand_in.values import DEFAULTS_KEY, UNKNOWN, Props

_REPLACING = {
    provider_pb2.PropertyDiff.ADD: provider_pb2.PropertyDiff.ADD_REPLACE,
    provider_pb2.PropertyDiff.DELETE: provider_pb2.PropertyDiff.DELETE_REPLACE,
    provider_pb2.PropertyDiff.UPDATE: provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def diff(kind: type[Kind], state: Props, old_inputs: Props, inputs: Props) -> provider_pb2.DiffResponse:
    """Compare the state of a resource with new inputs."""
    detailed = dict(_changes(kind.properties, {**old_inputs, **state}, inputs))
    replaces = [name for name in detailed if kind.properties[name].force_new]
    changes = provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=changes,
        replaces=replaces,
        diffs=list(detailed),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replaces) and _keeps_name(kind, state, inputs),
    )


def changed(kind: type[Kind], state: Props, inputs: Props) -> set[str]:
    """Return the names of the properties that an update has to change."""
    return {name for name, _ in _changes(kind.properties, state, inputs)}


def _changes(
    properties: Mapping[str, Property], old: Props, new: Props
) -> Iterator[tuple[str, provider_pb2.PropertyDiff]]:
    for name, declared in properties.items():
        before, after = _comparable(declared, old.get(name)), _comparable(declared, new.get(name))
        if before == after or (not after and declared.computed):
            continue
        change = provider_pb2.PropertyDiff.UPDATE
        if not before:
            change = provider_pb2.PropertyDiff.ADD
        elif not after:
            change = provider_pb2.PropertyDiff.DELETE
        yield name, provider_pb2.PropertyDiff(kind=_REPLACING[change] if declared.force_new else change)


def _comparable(declared: Property, value: Any) -> Any:
    """Return the part of a value that is compared. As in Terraform, an empty value is the same as a missing one."""
    if not value:
        return None
    if is_content(value):
        return ("content", content_hash(value))
    if declared.is_json and isinstance(value, str) and value != UNKNOWN:
        return json.loads(value)
    if declared.unordered and isinstance(value, list):
        return sorted(value)
    return value


def _keeps_name(kind: type[Kind], state: Props, inputs: Props) -> bool:
    """Whether the old and the new resource have the same name, so that they cannot exist at the same time."""
    name = kind.autoname
    if name is None or name in inputs.get(DEFAULTS_KEY, []):
        return False
    return bool(state.get(name) == inputs.get(name))
