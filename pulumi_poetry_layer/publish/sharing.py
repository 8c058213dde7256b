"""Who may use a published layer version: other accounts, or an organization."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from pulumi_poetry_layer.publish.layer_version import LayerSettings


def share(
    name: str,
    layer_version: aws.lambda_.LayerVersion,
    settings: LayerSettings,
    parent: pulumi.Resource,
    *,
    accounts: Sequence[pulumi.Input[str]],
    organization_id: pulumi.Input[str] | None,
) -> list[aws.lambda_.LayerVersionPermission]:
    """Declare a permission for each account and for the organization.

    A permission is for one version. So a permission of a version that stays in AWS has to stay, too: ``skip_destroy``
    of the layer version is also that of its permissions.

    Args:
        name: name of the layer; the names of the permissions start with it.
        layer_version: the version to share.
        settings: arguments of the layer version.
        parent: the component.
        accounts: ids of AWS accounts.
        organization_id: id of an organization, all of whose accounts may use the version.
    """
    return [
        aws.lambda_.LayerVersionPermission(
            f"{name}-{suffix}",
            action="lambda:GetLayerVersion",
            layer_name=layer_version.layer_name,
            version_number=layer_version.version.apply(lambda version: int(version or 0)),
            skip_destroy=settings.skip_destroy,
            **allowed,
            **settings.in_region(),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for suffix, allowed in _allowed(accounts, organization_id)
    ]


def _allowed(
    accounts: Sequence[pulumi.Input[str]], organization_id: pulumi.Input[str] | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The end of each permission's name, and its arguments."""
    numbers = count(1)
    for account in dict.fromkeys(accounts):
        # The name of a resource must be known, so ids that are Outputs are numbered.
        suffix = f"account-{account}" if isinstance(account, str) else f"account-output-{next(numbers)}"
        yield suffix, {"principal": account, "statement_id": pulumi.Output.concat("account-", account)}
    if organization_id is not None:
        allowed = {"principal": "*", "organization_id": organization_id, "statement_id": "organization"}
        yield "organization", allowed
