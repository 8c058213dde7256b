"""The last versions of a layer stay in AWS, and older ones are deleted (``keep_versions=``).

The layer version of Pulumi's AWS plugin is either deleted when it is replaced, or stays for good (``skip_destroy``). So
with ``keep_versions`` it stays, and a dynamic resource deletes the versions that are too old, each time a new one is
published.

Which versions are this layer's own is not taken from the stack's state, but from AWS: each version has a mark at the
end of its description. A version is published together with its mark, so a version of a run that was killed before the
state was written is found too, and a version without the mark, or with another one, is never deleted: other stacks may
publish under the same name.

Pulumi runs the provider in its own process (``python -m pulumi.dynamic``). The state of a stack contains it pickled *by
reference*: never rename or move the classes in this module.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pulumi import Alias, ResourceOptions
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.sdk_internals.tracebacks import hide_tracebacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3
    import pulumi
    from types_boto3_lambda import LambdaClient
    from types_boto3_lambda.type_defs import LayerVersionsListItemTypeDef

_DIGITS = 12
MARK_LENGTH = len(" [poetry-layer ]") + _DIGITS
"""Characters that the mark adds to a description."""

_COMPARED = ("layer_version_arn", "keep", "mark", "skip_destroy", "profile")
_configurations: list[Callable[[str], Any]] = []
"""Functions that look up a key in the stack's configuration; ``configure`` adds one, and the last one is used."""


def mark_of(owner: str) -> str:
    """The mark of the versions of an owner, which is a text that no other layer has."""
    return f"[poetry-layer {sha256(owner.encode()).hexdigest()[:_DIGITS]}]"


def marked(description: str | None, mark: str) -> str:
    """A description with the mark at its end."""
    return f"{description} {mark}" if description else mark


class KeptVersionsProvider(ResourceProvider):
    """Deletes old versions of a layer. It has no attributes, because it is pickled into the stack's state."""

    serialize_as_secret_always = False  # it contains no secret; as a secret it would hide the resource in diffs

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the stack's configuration in this process. It contains decrypted secrets, so it is not an attribute."""
        _configurations.append(req.config.get)
        hide_tracebacks()

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """A new version is an update. Another layer is a replacement, which deletes the versions of the old layer."""
        changes = any(_olds.get(name) != _news.get(name) for name in _COMPARED)
        old, new = _layer_of(_olds["layer_version_arn"]), _layer_of(_news["layer_version_arn"])
        return DiffResult(changes=changes, replaces=["layer_version_arn"] if old and new and old != new else [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Delete the versions that are too old."""
        return CreateResult(f"poetry-layer-versions-{uuid4().hex}", _prune(props, [props["mark"]]))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Delete the versions that are too old."""
        return UpdateResult(_prune(_news, sorted({*_olds["marks"], _news["mark"]})))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete all versions of the layer, unless they have to stay in AWS (``skip_destroy``)."""
        if not _props.get("skip_destroy"):
            versions = LayerVersions(_props["layer_version_arn"], _props.get("profile"))
            versions.delete(versions.marked(_props["marks"]))


class KeptVersions(Resource, module="poetry-layer", name="KeptVersions"):
    """The last versions of a layer in AWS."""

    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        own = ResourceOptions(
            aliases=[Alias(type_="poetry-layer:index:KeptVersions")]
        )  # the plugin's for other languages
        opts = ResourceOptions.merge(opts, own)
        super().__init__(KeptVersionsProvider(), name, kept_versions_properties(inputs), opts)


def kept_versions_properties(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs of :class:`KeptVersions`, and its output, which is not known yet."""
    return {**inputs, "marks": None}


class LayerVersions:
    """The versions of a layer in AWS.

    Raises:
        PublishError: from all methods, if AWS refuses the request.
    """

    def __init__(self, layer_version_arn: str, profile: str | None) -> None:
        self._published = layer_version_arn
        self._layer = _layer_of(layer_version_arn)
        _, _, _, region, _, _, self._name, _ = layer_version_arn.split(":")
        with self._errors():
            self._client = _client(region, profile)

    def marked(self, marks: list[str]) -> list[int]:
        """The versions that have one of these marks, newest first."""
        own = (version for version in self._listed() if version.get("Description", "").endswith(tuple(marks)))
        return sorted((version["Version"] for version in own), reverse=True)

    def _listed(self) -> list[LayerVersionsListItemTypeDef]:
        with self._errors():
            pages = list(self._client.get_paginator("list_layer_versions").paginate(LayerName=self._name))
        versions = [version for page in pages for version in page["LayerVersions"]]
        # Credentials of another account would list the versions of a layer in that account.
        return [version for version in versions if _layer_of(version["LayerVersionArn"]) == self._layer]

    def prune(self, marks: list[str], keep: int) -> None:
        """Delete marked versions that are older than the last ``keep``; the published one stays in any case."""
        versions = self.marked(marks)
        published = int(self._published.rpartition(":")[2])
        if published not in versions:
            raise self._error("is not among the versions that the AWS credentials of keep_versions can list")
        self.delete([version for version in versions[keep:] if version != published])

    def delete(self, versions: list[int]) -> None:
        """Delete versions, oldest first; one that does not exist any more is no error for AWS."""
        with self._errors():
            for version in sorted(versions):
                self._client.delete_layer_version(LayerName=self._name, VersionNumber=version)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise the errors of AWS as errors of this package."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise self._error(f"old versions cannot be deleted: {error}") from error

    def _error(self, what: str) -> PublishError:
        hint = (
            "keep_versions uses the credentials of the environment, the aws: keys of the stack's configuration, or the "
            "profile of the layer's provider; they need lambda:ListLayerVersions and lambda:DeleteLayerVersion. "
            "The next `pulumi up` tries again"
        )
        return PublishError(what, where=self._published, hint=hint)


def _prune(props: dict[str, Any], marks: list[str]) -> dict[str, Any]:
    """Delete the versions that are too old, and return the outputs: the inputs, and all marks up to now."""
    LayerVersions(props["layer_version_arn"], props.get("profile")).prune(marks, int(props["keep"]))
    return {**props, "marks": marks}


def _layer_of(layer_version_arn: object) -> str:
    """The ARN of the layer; empty if the version is not known yet: then it is an object of the SDK, not a text."""
    return layer_version_arn.rpartition(":")[0] if isinstance(layer_version_arn, str) else ""


def _client(region: str, profile: str | None) -> LambdaClient:
    """A client with the credentials that the AWS plugin would use: the stack's configuration, or the environment."""
    import boto3

    configured = _configured
    session = boto3.Session(
        profile_name=profile or configured("profile"),
        aws_access_key_id=configured("accessKey"),
        aws_secret_access_key=configured("secretKey"),
        aws_session_token=configured("token"),
        region_name=region,
    )
    for role in _as_list(configured("assumeRoles")):
        session = _assumed(session, role)
    return session.client("lambda")


def _assumed(session: boto3.Session, role: dict[str, Any]) -> boto3.Session:
    """A session with a role of ``aws:assumeRoles``."""
    import boto3

    more = {"ExternalId": role["externalId"]} if role.get("externalId") else {}
    answer = session.client("sts").assume_role(
        RoleArn=role["roleArn"], RoleSessionName=role.get("sessionName") or "pulumi-poetry-layer", **more
    )
    credentials = answer["Credentials"]
    return boto3.Session(
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        region_name=session.region_name,
    )


def _configured(key: str) -> Any:
    """A value of Pulumi's AWS plugin in the stack's configuration, None if it is not set."""
    return (_configurations[-1](f"aws:{key}") or None) if _configurations else None


def _as_list(value: Any) -> list[dict[str, Any]]:
    """A list in the configuration, which is JSON there."""
    roles: list[dict[str, Any]] = json.loads(value) if isinstance(value, str) else value or []
    return roles
