"""Which versions of a layer are deleted, and with whose credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from pulumi.output import Unknown

from pulumi_poetry_layer import kept_versions
from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.kept_versions import KeptVersionsProvider, LayerVersions, mark_of, marked

LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:deps"
MARK, OLD_MARK, OTHERS = mark_of("deps"), mark_of("deps before"), mark_of("others")


@pytest.fixture
def lambda_(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """A client that answers what a test says, and refuses every other request."""
    client = boto3.Session("key", "secret", region_name="eu-west-1").client("lambda")
    monkeypatch.setattr(kept_versions, "_client", lambda *_: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def listed(stubber: Stubber, versions: dict[int, str], *, layer: str = LAYER) -> None:
    """The next request lists versions, with their descriptions."""
    items = [
        {"Version": version, "LayerVersionArn": f"{layer}:{version}", "Description": description}
        for version, description in versions.items()
    ]
    first, second = items[:2], items[2:]
    stubber.add_response("list_layer_versions", {"LayerVersions": first, "NextMarker": "more"}, {"LayerName": "deps"})
    stubber.add_response("list_layer_versions", {"LayerVersions": second}, {"LayerName": "deps", "Marker": "more"})


def deleted(stubber: Stubber, *versions: int) -> None:
    """The next requests delete these versions, in this order."""
    for version in versions:
        stubber.add_response("delete_layer_version", {}, {"LayerName": "deps", "VersionNumber": version})


def inputs(version: int, **more: Any) -> dict[str, Any]:
    """The inputs of the resource."""
    return {"layer_version_arn": f"{LAYER}:{version}", "keep": 2.0, "mark": MARK, "skip_destroy": False, **more}


def test_only_marked_versions_are_counted_and_deleted(lambda_: Stubber) -> None:
    """Otherwise the versions of another stack count, or are deleted."""
    listed(lambda_, {9: MARK, 8: f"d {OTHERS}", 7: f"d {MARK}", 6: f"{MARK} d", 5: "", 4: f"e {MARK}", 3: MARK})
    deleted(lambda_, 3, 4)
    assert KeptVersionsProvider().create(inputs(9)).outs == {**inputs(9), "marks": [MARK]}


def test_published_version_stays_even_if_newer_versions_are_there(lambda_: Stubber) -> None:
    """Otherwise the version that the functions use is deleted, because a killed run has published newer ones."""
    listed(lambda_, {5: MARK, 4: MARK, 3: MARK, 2: MARK, 1: MARK})
    deleted(lambda_, 1, 3)
    KeptVersionsProvider().create(inputs(2))


def test_versions_with_an_earlier_mark_are_found(lambda_: Stubber) -> None:
    """Otherwise they stay for good when the build, whose id is in the mark, is replaced."""
    listed(lambda_, {3: MARK, 2: OLD_MARK, 1: OLD_MARK})
    deleted(lambda_, 1)
    outs = KeptVersionsProvider().update("id", inputs(2, mark=OLD_MARK, marks=[OLD_MARK]), inputs(3)).outs
    assert outs is not None
    assert outs["marks"] == sorted([MARK, OLD_MARK])


def test_credentials_of_another_account_delete_nothing(lambda_: Stubber) -> None:
    """Otherwise the versions of another account's layer with the same name are deleted."""
    listed(lambda_, {3: MARK, 2: MARK, 1: MARK}, layer=LAYER.replace("123456789012", "210987654321"))
    with pytest.raises(PublishError) as caught:
        KeptVersionsProvider().create(inputs(3))
    assert f"{LAYER}:3: is not among the versions that the AWS credentials of keep_versions can list" in str(
        caught.value
    )


def test_error_of_aws_names_the_version_and_the_permissions(lambda_: Stubber) -> None:
    """Otherwise a user sees an error of boto3, and does not know which permission is missing."""
    lambda_.add_client_error("list_layer_versions", "AccessDeniedException", "no")
    with pytest.raises(PublishError) as caught:
        KeptVersionsProvider().create(inputs(3))
    assert f"{LAYER}:3: old versions cannot be deleted: An error occurred (AccessDeniedException)" in str(caught.value)
    assert "lambda:DeleteLayerVersion" in str(caught.value)


def test_destroy_deletes_all_marked_versions_or_none(lambda_: Stubber) -> None:
    """Otherwise versions of a destroyed stack stay, or those that have to stay are deleted."""
    KeptVersionsProvider().delete("id", inputs(3, skip_destroy=True, marks=[MARK]))
    listed(lambda_, {3: MARK, 2: OTHERS, 1: MARK})
    deleted(lambda_, 1, 3)
    KeptVersionsProvider().delete("id", inputs(3, marks=[MARK]))


@pytest.mark.parametrize(
    ("news", "changes", "replaces"),
    [
        (inputs(3), False, []),
        (inputs(4), True, []),
        (inputs(3, keep=3.0), True, []),
        (inputs(3, profile="deploy"), True, []),
        (inputs(3, layer_version_arn=Unknown()), True, []),  # type: ignore[no-untyped-call]
        (inputs(3, layer_version_arn=f"{LAYER}-2:1"), True, ["layer_version_arn"]),
    ],
)
def test_new_version_is_an_update_and_another_layer_a_replacement(
    news: dict[str, Any], changes: bool, replaces: list[str]
) -> None:
    """Otherwise a preview without changes shows one, or the versions of a renamed layer stay for good."""
    result = KeptVersionsProvider().diff("id", inputs(3, marks=[MARK]), news)
    assert (result.changes, result.replaces) == (changes, replaces)


def test_mark_is_at_the_end_of_the_description_and_different_for_each_owner() -> None:
    """Otherwise a version is not found, or is taken for that of another layer."""
    assert marked(None, MARK) == marked("", MARK) == MARK
    assert marked("d", MARK) == f"d {MARK}"
    assert len({MARK, OLD_MARK, OTHERS}) == 3
    assert len(f" {MARK}") == kept_versions.MARK_LENGTH


def test_credentials_are_those_of_the_aws_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise versions are looked for in another account than the one that the layer is published in."""
    roles = [{"roleArn": "arn:aws:iam::123456789012:role/deploy", "externalId": "x"}]
    values = {"aws:accessKey": "AKIA", "aws:secretKey": "secret", "aws:assumeRoles": json.dumps(roles)}
    monkeypatch.setattr(kept_versions, "_configurations", [values.get])
    assumed: list[tuple[str, Any]] = []

    def assume(session: boto3.Session, role: dict[str, Any]) -> boto3.Session:
        credentials = session.get_credentials()
        assert credentials is not None
        assumed.append((credentials.access_key, role))
        return boto3.Session("ASIA", "secret", "token", region_name=session.region_name)

    monkeypatch.setattr(kept_versions, "_assumed", assume)
    versions = LayerVersions(f"{LAYER}:1", None)
    assert assumed == [("AKIA", roles[0])]
    assert versions._client.meta.region_name == "eu-west-1"
