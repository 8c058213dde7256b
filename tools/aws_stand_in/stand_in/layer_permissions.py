"""Lambda: permissions of layer versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from stand_in.kind import REGION, Kind, Property, given, is_missing
from stand_in.values import Props

_REQUIRED = Property(required=True, force_new=True)


class LayerVersionPermission(Kind):
    """A statement in the policy of a layer version. No property of it can be updated."""

    token = "aws:lambda/layerVersionPermission:LayerVersionPermission"  # noqa: S105
    properties: ClassVar[Mapping[str, Property]] = {
        "action": _REQUIRED,
        "layerName": _REQUIRED,
        "principal": _REQUIRED,
        "statementId": _REQUIRED,
        "versionNumber": _REQUIRED,
        "organizationId": Property(force_new=True),
        "skipDestroy": Property(force_new=True, default=False),
        "region": REGION,
    }
    outputs = ("policy", "revisionId")

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Add the statement."""
        optional = given(OrganizationId=inputs.get("organizationId"))
        self.session.functions(inputs.get("region")).add_layer_version_permission(
            LayerName=inputs["layerName"],
            VersionNumber=inputs["versionNumber"],
            StatementId=inputs["statementId"],
            Action=inputs["action"],
            Principal=inputs["principal"],
            **optional,
        )
        resource_id = f"{inputs['layerName']},{inputs['versionNumber']}"
        return resource_id, self.read(resource_id, inputs) or {}

    def read(self, resource_id: str, known: Props) -> Props | None:
        """Read the policy of the version, and look for the statement."""
        name, _, version = resource_id.rpartition(",")
        try:
            found = self.session.functions(known.get("region")).get_layer_version_policy(
                LayerName=name, VersionNumber=int(version)
            )
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        statements: list[dict[str, Any]] = json.loads(found["Policy"])["Statement"]
        if known["statementId"] not in [statement["Sid"] for statement in statements]:
            return None
        return {
            "policy": found["Policy"],
            "revisionId": found["RevisionId"],
            "region": known.get("region") or self.session.region,
        }

    def delete(self, resource_id: str, known: Props) -> None:
        """Remove the statement, unless ``skipDestroy`` is true."""
        if known.get("skipDestroy"):
            return
        name, _, version = resource_id.rpartition(",")
        try:
            self.session.functions(known.get("region")).remove_layer_version_permission(
                LayerName=name, VersionNumber=int(version), StatementId=known["statementId"]
            )
        except ClientError as error:
            if not is_missing(error):
                raise
