"""``keep_versions``: the last versions of a layer stay in AWS, and older ones are deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend

from .harness import LocalAws, Stack
from .harness.one_layer import LAYER, RUNTIME, NewProgram, project_files

pytestmark = [pytest.mark.measured, pytest.mark.thorough]

VERSIONS = "pulumi-python:dynamic/poetry-layer:KeptVersions"

PROGRAM = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer

config = pulumi.Config()
deps = PoetryLayer(
    "deps",
    project_dir="service",
    runtime="{RUNTIME}",
    layer_name="shared",
    description=config.get("description"),
    keep_versions=config.get_int("keep"),
    skip_destroy=config.get_bool("skipDestroy"),
)
pulumi.export("arn", deps.arn)
"""


@pytest.fixture
def dev(new_program: NewProgram) -> Stack:
    """A stack that keeps two versions, before its first ``up``."""
    return new_program({"__main__.py": PROGRAM, **project_files("base")}).stack(config={"keep": "2"})


def publish(stack: Stack, description: str) -> None:
    """Publish a version with another description."""
    stack.set_config("description", description)
    stack.up(skip_preview=True)


def descriptions(aws: LocalAws) -> list[str]:
    """The descriptions of all versions, oldest first, without the marks."""
    listed = aws.functions().list_layer_versions(LayerName="shared")["LayerVersions"]
    ordered = sorted(listed, key=lambda version: version["Version"])
    return [version.get("Description", "").rpartition(" [")[0] for version in ordered]


def test_last_versions_stay_and_older_ones_are_deleted(dev: Stack, aws: LocalAws) -> None:
    """Otherwise the versions of every deployment stay for good, or the one that a rollback needs is gone."""
    preview = dev.preview()
    assert (preview.ops(LAYER), preview.ops(VERSIONS)) == (["create"], ["create"])
    for description in ("one", "two"):
        publish(dev, description)
    assert descriptions(aws) == ["one", "two"]
    publish(dev, "three")
    dev.set_config("description", "four")
    assert dev.preview().ops(VERSIONS) == ["update"]  # the ARN of the new version is not known then
    dev.up(skip_preview=True)
    assert descriptions(aws) == ["three", "four"]
    assert dev.outputs()["arn"].endswith(":4")
    assert dev.preview().unchanged

    dev.set_config("keep", "1")
    dev.up(skip_preview=True)
    assert descriptions(aws) == ["four"]
    dev.destroy()
    assert descriptions(aws) == []


def test_versions_of_others_are_not_deleted(dev: Stack, aws: LocalAws) -> None:
    """Otherwise a stack deletes what another stack, or a person, has published under the same name."""
    aws.functions().publish_layer_version(LayerName="shared", Description="by hand [", Content={"ZipFile": b"zip"})
    prod = dev.program.stack("prod", config={"keep": "1"})
    for description in ("one", "two", "three"):
        publish(dev, f"dev {description}")
        publish(prod, f"prod {description}")
    assert descriptions(aws) == ["by hand", "dev two", "dev three", "prod three"]
    prod.destroy()
    assert descriptions(aws) == ["by hand", "dev two", "dev three"]
    aws.functions().publish_layer_version(LayerName="other", Content={"ZipFile": b"zip"})
    dev.destroy()
    assert descriptions(aws) == ["by hand"]
    assert aws.layer_versions("other") == [1]


def test_run_that_ends_between_publishing_and_deleting_is_continued(
    dev: Stack, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the versions that were to be deleted stay for good, if a runner is killed at that moment."""
    for description in ("one", "two"):
        publish(dev, description)
    dev.set_config("description", "three")

    def refuse(*_: object) -> None:
        raise LambdaClientError("AccessDeniedException", "not authorized")

    with monkeypatch.context() as patch:
        patch.setattr(LambdaBackend, "delete_layer_version", refuse)
        failed = dev.up(skip_preview=True, check=False)
    assert failed.exit_code != 0
    assert "layer:shared:3: old versions cannot be deleted: " in failed.text
    assert "they need lambda:ListLayerVersions and lambda:DeleteLayerVersion" in failed.text
    assert "Traceback" not in failed.text
    assert descriptions(aws) == ["one", "two", "three"]

    assert dev.up(skip_preview=True).ops(LAYER)[0] == "same"
    assert descriptions(aws) == ["two", "three"]
    assert dev.preview().unchanged


def test_version_of_a_run_that_was_killed_before_it_wrote_its_state_is_deleted_in_its_turn(
    dev: Stack, aws: LocalAws
) -> None:
    """Otherwise each killed run leaves a version that nobody deletes, because no state contains it."""
    publish(dev, "one")
    state = dev.program.folder / "state.json"
    state.write_text(json.dumps(dev.export()))
    publish(dev, "two, killed")
    dev.program.pulumi("stack", "import", "--file", str(state), "--stack", dev.name)

    publish(dev, "three")
    assert descriptions(aws) == ["two, killed", "three"]
    publish(dev, "four")
    assert descriptions(aws) == ["three", "four"]


def test_skip_destroy_keeps_the_last_versions_after_a_destroy(dev: Stack, aws: LocalAws) -> None:
    """Otherwise functions of other stacks lose the versions that they use."""
    dev.set_config("skipDestroy", "true")
    for description in ("one", "two", "three"):
        publish(dev, description)
    dev.destroy()
    assert descriptions(aws) == ["two", "three"]


def test_without_keep_versions_only_the_published_version_stays(dev: Stack, aws: LocalAws) -> None:
    """Otherwise the old versions stay for good when a user removes the argument."""
    for description in ("one", "two"):
        publish(dev, description)
    dev.program.pulumi("config", "rm", "keep", "--stack", dev.name)
    dev.up(skip_preview=True)
    assert len(descriptions(aws)) == 1
    assert dev.preview().unchanged
    publish(dev, "three")
    assert len(descriptions(aws)) == 1


def test_other_layer_name_moves_the_versions(dev: Stack, aws: LocalAws) -> None:
    """Otherwise the versions under the old name stay for good."""
    for description in ("one", "two"):
        publish(dev, description)
    dev.program.write({"__main__.py": PROGRAM.replace('"shared"', '"renamed"')})
    dev.up(skip_preview=True)
    assert descriptions(aws) == []
    assert len(aws.layer_versions("renamed")) == 1


def test_versions_are_deleted_in_the_region_and_with_the_profile_of_the_provider(
    new_program: NewProgram, aws: LocalAws, tmp_path: Path
) -> None:
    """Otherwise versions of the default region, or of the default account, are looked for."""
    credentials = tmp_path / "credentials"
    credentials.write_text("[deploy]\naws_access_key_id = testing\naws_secret_access_key = testing\n")
    head, _, tail = PROGRAM.partition("deps = ")
    provider = 'there = aws.Provider("there", region="eu-central-1", profile="deploy")\n'
    text = f"import pulumi_aws as aws\n{head}{provider}deps = {tail}".replace(
        "keep_versions=", "opts=pulumi.ResourceOptions(provider=there), keep_versions="
    )
    stack = new_program({"__main__.py": text, **project_files("base")}).stack(config={"keep": "1"})
    for description in ("one", "two"):
        stack.set_config("description", description)
        stack.up(
            skip_preview=True,
            AWS_SHARED_CREDENTIALS_FILE=str(credentials),
            AWS_ACCESS_KEY_ID="",
            AWS_SECRET_ACCESS_KEY="",
        )
    listed = aws.functions(region="eu-central-1").list_layer_versions(LayerName="shared")["LayerVersions"]
    assert [version["Version"] for version in listed] == [2]
    assert stack.resources()["deps-versions"]["outputs"]["profile"] == "deploy"
