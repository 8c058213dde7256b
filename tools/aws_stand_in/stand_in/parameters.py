"""Systems Manager: parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from botocore.exceptions import ClientError

from stand_in.kind import REGION, TAGS, Kind, Property, given, is_missing
from stand_in.values import Props


class Parameter(Kind):
    """A parameter in the parameter store."""

    token = "aws:ssm/parameter:Parameter"  # noqa: S105
    autoname = "name"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": Property(force_new=True, computed=True),
        "type": Property(required=True),
        "value": Property(computed=True),
        "description": Property(),
        "tags": TAGS,
        "region": REGION,
    }
    outputs = ("arn", "dataType", "tagsAll", "version")
    volatile = ("version",)

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Put the parameter."""
        self._put(inputs, overwrite=False)
        return inputs["name"], self.read(inputs["name"], inputs) or {}

    def read(self, resource_id: str, known: Props) -> Props | None:
        """Read the parameter by its name."""
        client = self.session.parameters(known.get("region"))
        try:
            found = client.get_parameter(Name=resource_id)["Parameter"]
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return {
            "name": found["Name"],
            "type": found["Type"],
            "value": found["Value"],
            "version": found["Version"],
            "arn": found["ARN"],
            "dataType": found["DataType"],
            "description": known.get("description"),
            "tagsAll": known.get("tags", {}),
            "region": found["ARN"].split(":")[3],
        }

    def update(self, resource_id: str, known: Props, inputs: Props) -> None:
        """Put the parameter again."""
        del resource_id
        self._put({"region": known.get("region"), **inputs}, overwrite=True)

    def delete(self, resource_id: str, known: Props) -> None:
        """Delete the parameter."""
        try:
            self.session.parameters(known.get("region")).delete_parameter(Name=resource_id)
        except ClientError as error:
            if not is_missing(error):
                raise

    def _put(self, inputs: Props, *, overwrite: bool) -> None:
        optional = given(Description=inputs.get("description"))
        self.session.parameters(inputs.get("region")).put_parameter(
            Name=inputs["name"], Type=inputs["type"], Value=inputs["value"], Overwrite=overwrite, **optional
        )
