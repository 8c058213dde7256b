"""AWS publishes the zip that was built: a different zip is an error, and the command in the message fixes it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex

import pytest

from .harness import LocalAws, Stack
from .harness.one_layer import BUILD, LAYER, NewProgram, project_files
from .harness.publishing import (
    THROUGH_BUCKET,
    Spec,
    assert_published_as_built,
    direct,
    direct_program,
    once_before_publishing,
    other_zip,
)

pytestmark = pytest.mark.measured

DIFFERENT_ZIP = "AWS has published a different zip than the one that was built"


def run_command_of(message: str, stack: Stack) -> None:
    """Run the ``pulumi up …`` command of an error message."""
    found = re.search(r"pulumi (up(?: --replace '[^']+')+)", message)
    assert found, message
    stack.program.pulumi(*shlex.split(found[1]), "--yes", "--stack", stack.name)


def test_different_zip_in_aws_is_an_error_until_the_layer_is_published_again(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise functions run with packages that are not in the lock file, and Pulumi does not report it."""
    stack = new_program({"__main__.py": direct_program(), **project_files("base")}).stack()
    different = {"ZipFile": base64.b64encode(other_zip()).decode()}
    once_before_publishing(monkeypatch, lambda spec: spec.update(Content=different))

    failed = stack.up(skip_preview=True, check=False)
    assert failed.exit_code != 0
    assert DIFFERENT_ZIP in failed.text
    again = stack.preview(check=False)
    assert again.exit_code != 0
    assert DIFFERENT_ZIP in again.text
    assert "Traceback" not in again.text

    run_command_of(again.text, stack)
    assert aws.layer_versions("deps-dev") == [2]
    assert_published_as_built(stack)


def test_layer_from_an_overwritten_s3_object_is_an_error(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise everyone who may write to the bucket can change the code of the functions."""
    stack = new_program({"__main__.py": THROUGH_BUCKET, **project_files("base")}).stack()

    def overwrite(spec: Spec) -> None:
        content = spec["Content"]
        aws.storage().put_object(Bucket=content["S3Bucket"], Key=content["S3Key"], Body=other_zip())

    once_before_publishing(monkeypatch, overwrite)
    failed = stack.up(skip_preview=True, check=False)
    assert DIFFERENT_ZIP in failed.text

    run_command_of(failed.text, stack)
    uploaded = stack.resources()["deps"]["inputs"]
    assert aws.keys(uploaded["s3Bucket"]) == [uploaded["s3Key"]]
    assert_published_as_built(stack)


def test_different_copy_of_the_aws_plugin_is_not_uploaded(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a copy that was truncated on a full disk, or written by another program, is published."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    built, fingerprint = aws.layer_zip("deps-dev", 1), stack.resources()["deps-build"]["outputs"]["fingerprint"]
    stack.destroy()
    copy = stack.program.machine.temporary / f"pulumi-asset-{fingerprint}"
    assert copy.read_bytes() == built, "the plugin writes its copies to another place"
    copy.write_bytes(other_zip())

    stack.up(skip_preview=True)
    (version,) = aws.layer_versions("deps-dev")
    assert aws.layer_zip("deps-dev", version) == built


def test_rebuild_with_a_different_zip_is_not_published_without_replace(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise prod gets another zip than the one that was tested, with the same fingerprint and no message."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    write_another_digest_of_the_build_into_the_state(stack)
    assert stack.preview().unchanged

    stack.program.write({"__main__.py": direct_program(", description='again'")})
    refused = stack.up(skip_preview=True, check=False)
    assert refused.exit_code != 0
    assert "is not reproducible; nothing was published" in refused.text
    assert aws.layer_versions("deps-dev") == [1]

    run_command_of(refused.text, stack)
    assert len(aws.layer_versions("deps-dev")) == 1
    assert_published_as_built(stack)


def write_another_digest_of_the_build_into_the_state(stack: Stack) -> None:
    """Change the state as if a package had been compiled to different bytes in the first build."""
    digest = hashlib.sha256(b"the zip of an older compiler")
    state = stack.export()
    for resource in state["deployment"]["resources"]:
        if resource["type"] == BUILD:
            resource["outputs"]["sha256"] = digest.hexdigest()
        elif resource["type"] == LAYER:
            resource["outputs"]["codeSha256"] = base64.b64encode(digest.digest()).decode()
    backup = stack.program.folder / "state.json"
    backup.write_text(json.dumps(state))
    stack.program.pulumi("stack", "import", "--file", str(backup), "--stack", stack.name)


def test_replace_and_target_publish_the_right_zip(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise ``--replace`` or ``--target`` publishes an old zip, or every later update fails."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    first = aws.layer_zip("deps-dev", 1)
    urns = {name: resource["urn"] for name, resource in stack.resources().items()}

    def up(*arguments: str) -> None:
        stack.program.pulumi("up", "--yes", "--skip-preview", *arguments, "--stack", stack.name)

    up("--replace", urns["deps"])
    assert aws.layer_zip("deps-dev", 2) == first
    stack.program.write(project_files("package_changed"))
    up("--target", urns["deps-build"])
    assert aws.layer_versions("deps-dev") == [2]
    stack.program.write(project_files("base"))
    stack.up(skip_preview=True)
    stack.program.write(project_files("package_changed"))
    up("--target", urns["deps"])
    (version,) = aws.layer_versions("deps-dev")
    assert aws.layer_zip("deps-dev", version) != first
    stack.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [version]
    assert_published_as_built(stack)
