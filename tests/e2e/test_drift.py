"""What AWS has is what was built: wrong bytes are noticed, told, not handed on, and the remedy that is told works."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shlex
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from moto.awslambda.models import LambdaBackend

from .harness import LocalAws, Program, Stack
from .test_lifecycle import BUILD, LAYER, project_files
from .test_publication import DIRECT, THROUGH_BUCKET, direct, keys

NewProgram = Callable[..., Program]
Spec = dict[str, Any]

OTHER_BYTES = "AWS has published a different zip than the one that was built"


def other_zip() -> bytes:
    """A sound zip that nobody built from the lock file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("python/six.py", "raise SystemExit('not what was locked')\n")
    return buffer.getvalue()


def once_before_publishing(patch: pytest.MonkeyPatch, do: Callable[[Spec], None]) -> None:
    """Let something happen in AWS to the next layer that is published, before it is."""
    publish, pending = LambdaBackend.publish_layer_version, [do]

    def wrapped(backend: LambdaBackend, spec: Spec) -> Any:
        if pending:
            pending.pop()(spec)
        return publish(backend, spec)

    patch.setattr(LambdaBackend, "publish_layer_version", wrapped)


def follow(stack: Stack, told: str) -> None:
    """Run the ``pulumi up …`` that an error message tells, as it stands there."""
    found = re.search(r"pulumi (up (?:--refresh )?--replace '[^']+')", told)
    assert found, told
    stack.program.pulumi(*shlex.split(found[1]), "--yes", "--stack", stack.name)


def assert_published_as_built(stack: Stack) -> None:
    """The layer version's bytes are those of the build, and there is nothing left to do."""
    resources = stack.resources()
    published = base64.b64decode(resources["deps"]["outputs"]["codeSha256"]).hex()
    assert published == resources["deps-build"]["outputs"]["sha256"]
    assert stack.preview().unchanged


def test_other_bytes_in_aws_are_told_until_they_are_published_again(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise functions run on code that is not what the lock file says, while Pulumi says that all is well."""
    stack = new_program({"__main__.py": DIRECT.replace("MORE", ""), **project_files("base")}).stack()
    swapped = {"ZipFile": base64.b64encode(other_zip()).decode()}
    once_before_publishing(monkeypatch, lambda spec: spec.update(Content=swapped))

    failed = stack.up(skip_preview=True, check=False)
    assert failed.exit_code != 0
    assert OTHER_BYTES in failed.text
    again = stack.preview(check=False)
    assert again.exit_code != 0
    assert OTHER_BYTES in again.text
    assert "Traceback" not in again.text

    follow(stack, again.text)
    assert aws.layer_versions("deps") == [2]
    assert_published_as_built(stack)


def test_object_that_was_overwritten_is_not_handed_on(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise whoever may write to the bucket decides what runs in the functions."""
    stack = new_program({"__main__.py": THROUGH_BUCKET, **project_files("base")}).stack()

    def overwrite(spec: Spec) -> None:
        content = spec["Content"]
        aws.storage().put_object(Bucket=content["S3Bucket"], Key=content["S3Key"], Body=other_zip())

    once_before_publishing(monkeypatch, overwrite)
    failed = stack.up(skip_preview=True, check=False)
    assert OTHER_BYTES in failed.text

    found = re.search(r"remove s3://([^/]+)/(\S+),", failed.text)
    assert found, failed.text
    aws.storage().delete_object(Bucket=found[1], Key=found[2])
    follow(stack, failed.text)
    assert keys(aws, found[1]) == [found[2]]
    assert_published_as_built(stack)


def test_copy_of_the_aws_plugin_that_is_not_the_zip_is_not_uploaded(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a copy that was cut short on a full disk, or laid there by somebody else, is published."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    whole, fingerprint = aws.layer_zip("deps", 1), stack.resources()["deps-build"]["outputs"]["fingerprint"]
    stack.destroy()
    copy = stack.program.machine.temporary / f"pulumi-asset-{fingerprint}"
    assert copy.read_bytes() == whole, "the plugin keeps its copies elsewhere by now"
    copy.write_bytes(other_zip())

    stack.up(skip_preview=True)
    (version,) = aws.layer_versions("deps")
    assert aws.layer_zip("deps", version) == whole


def test_build_that_comes_out_otherwise_is_not_published_unasked(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise prod gets other bytes than those that were tested, under the same fingerprint, without a word."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    pretend_that_the_first_build_came_out_otherwise(stack)
    assert stack.preview().unchanged

    stack.program.write({"__main__.py": DIRECT.replace("MORE", ", description='again'")})
    refused = stack.up(skip_preview=True, check=False)
    assert refused.exit_code != 0
    assert "is not reproducible; nothing was published" in refused.text
    assert aws.layer_versions("deps") == [1]

    follow(stack, refused.text)
    assert len(aws.layer_versions("deps")) == 1
    assert_published_as_built(stack)


def pretend_that_the_first_build_came_out_otherwise(stack: Stack) -> None:
    """Rewrite the state as it would be had a package been compiled to other bytes then."""
    digest = hashlib.sha256(b"the zip as an older compiler made it")
    state = stack.export()
    for resource in state["deployment"]["resources"]:
        if resource["type"] == BUILD:
            resource["outputs"]["sha256"] = digest.hexdigest()
        elif resource["type"] == LAYER:
            resource["outputs"]["codeSha256"] = base64.b64encode(digest.digest()).decode()
    backup = stack.program.folder / "state.json"
    backup.write_text(json.dumps(state))
    stack.program.pulumi("stack", "import", "--file", str(backup), "--stack", stack.name)


def test_replace_and_target_publish_the_right_bytes(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise an operator's ``--replace`` or ``--target`` publishes an old zip, or leaves the stack stuck."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    first = aws.layer_zip("deps", 1)
    urns = {name: resource["urn"] for name, resource in stack.resources().items()}

    def up(*arguments: str) -> None:
        stack.program.pulumi("up", "--yes", "--skip-preview", *arguments, "--stack", stack.name)

    up("--replace", urns["deps"])
    assert aws.layer_zip("deps", 2) == first
    stack.program.write(project_files("package_changed"))
    up("--target", urns["deps-build"])
    assert aws.layer_versions("deps") == [2]
    stack.program.write(project_files("base"))
    stack.up(skip_preview=True)
    stack.program.write(project_files("package_changed"))
    up("--target", urns["deps"])
    (version,) = aws.layer_versions("deps")
    assert aws.layer_zip("deps", version) != first
    stack.up(skip_preview=True)
    assert aws.layer_versions("deps") == [version]
    assert_published_as_built(stack)
