"""IAM: roles and the policies attached to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from botocore.exceptions import ClientError

from stand_in.differ import changed
from stand_in.kind import TAGS, Kind, Property, given, is_missing
from stand_in.values import Props


class Role(Kind):
    """A role."""

    token = "aws:iam/role:Role"  # noqa: S105
    autoname = "name"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": Property(force_new=True, computed=True),
        "assumeRolePolicy": Property(required=True, is_json=True),
        "description": Property(),
        "forceDetachPolicies": Property(default=False),
        "maxSessionDuration": Property(default=3600),
        "path": Property(force_new=True, default="/"),
        "tags": TAGS,
    }
    outputs = ("arn", "createDate", "uniqueId", "tagsAll", "managedPolicyArns")

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Create the role."""
        optional = given(Description=inputs.get("description"), Tags=_tag_list(inputs))
        self.session.identities().create_role(
            RoleName=inputs["name"],
            Path=inputs["path"],
            AssumeRolePolicyDocument=_policy(inputs),
            MaxSessionDuration=inputs["maxSessionDuration"],
            **optional,
        )
        return inputs["name"], self.read(inputs["name"], inputs) or {}

    def read(self, resource_id: str, known: Props) -> Props | None:
        """Read the role by its name."""
        del known
        client = self.session.identities()
        try:
            role = client.get_role(RoleName=resource_id)["Role"]
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        attached = client.list_attached_role_policies(RoleName=resource_id)["AttachedPolicies"]
        tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}
        return {
            "name": role["RoleName"],
            "arn": role["Arn"],
            "path": role["Path"],
            "uniqueId": role["RoleId"],
            "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": role.get("Description", ""),
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            "managedPolicyArns": [policy["PolicyArn"] for policy in attached],
            "tags": tags or None,
            "tagsAll": tags,
        }

    def update(self, resource_id: str, known: Props, inputs: Props) -> None:
        """Update the properties of the role that have changed."""
        client = self.session.identities()
        names = changed(type(self), known, inputs)
        if "assumeRolePolicy" in names:
            client.update_assume_role_policy(RoleName=resource_id, PolicyDocument=_policy(inputs))
        if names & {"description", "maxSessionDuration"}:
            client.update_role(
                RoleName=resource_id,
                Description=inputs.get("description", ""),
                MaxSessionDuration=inputs["maxSessionDuration"],
            )
        if "tags" in names:
            client.untag_role(RoleName=resource_id, TagKeys=sorted(known.get("tags", {})))
            client.tag_role(RoleName=resource_id, Tags=[{"Key": k, "Value": v} for k, v in inputs["tags"].items()])

    def delete(self, resource_id: str, known: Props) -> None:
        """Delete the role. If ``forceDetachPolicies`` is true, detach its policies first."""
        client = self.session.identities()
        try:
            if known.get("forceDetachPolicies"):
                for policy in client.list_attached_role_policies(RoleName=resource_id)["AttachedPolicies"]:
                    client.detach_role_policy(RoleName=resource_id, PolicyArn=policy["PolicyArn"])
            client.delete_role(RoleName=resource_id)
        except ClientError as error:
            if not is_missing(error):
                raise


class RolePolicyAttachment(Kind):
    """A managed policy attached to a role."""

    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"  # noqa: S105
    properties: ClassVar[Mapping[str, Property]] = {
        "role": Property(required=True, force_new=True),
        "policyArn": Property(required=True, force_new=True),
    }
    outputs = ()

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Attach the policy."""
        self.session.identities().attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}", {}

    def read(self, resource_id: str, known: Props) -> Props | None:
        """Check whether the policy is still attached."""
        del known
        role, _, policy = resource_id.partition("/")
        try:
            attached = self.session.identities().list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return {"role": role, "policyArn": policy} if policy in [one["PolicyArn"] for one in attached] else None

    def delete(self, resource_id: str, known: Props) -> None:
        """Detach the policy."""
        del known
        role, _, policy = resource_id.partition("/")
        try:
            self.session.identities().detach_role_policy(RoleName=role, PolicyArn=policy)
        except ClientError as error:
            if not is_missing(error):
                raise


def _policy(inputs: Props) -> str:
    policy = inputs["assumeRolePolicy"]
    return policy if isinstance(policy, str) else json.dumps(policy)


def _tag_list(inputs: Props) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in inputs.get("tags", {}).items()]
