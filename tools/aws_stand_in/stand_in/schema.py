"""The schema of the stand-in, which Pulumi's YAML language host reads before it runs a program."""

from __future__ import annotations

import json
from collections.abc import Iterable

from stand_in.kind import Kind

_ANY = {"$ref": "pulumi.json#/Any"}


def schema(kinds: Iterable[type[Kind]], version: str) -> str:
    """Return the package schema with these kinds of resources, as JSON. The properties have no types."""
    resources = {kind.token: _resource(kind) for kind in kinds}
    return json.dumps({"name": "aws", "version": version, "resources": resources})


def _resource(kind: type[Kind]) -> dict[str, object]:
    return {
        "inputProperties": dict.fromkeys(kind.properties, _ANY),
        "requiredInputs": [name for name, declared in kind.properties.items() if declared.required],
        "properties": dict.fromkeys([*kind.properties, *kind.outputs], _ANY),
    }
