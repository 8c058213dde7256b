"""How a layer gets to AWS, and what stays there: S3, kept versions, damaged zips and changed states."""

from __future__ import annotations

import io
import zipfile

import pytest
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend

from .harness import LocalAws
from .harness.one_layer import BUILD, LAYER, OBJECT, NewProgram, project_files
from .harness.publishing import THROUGH_BUCKET, direct, direct_program


def test_layer_is_published_through_a_bucket_of_the_same_program(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a layer over 50 MiB cannot be deployed, or its first preview fails: the bucket has no name yet."""
    stack = new_program({"__main__.py": THROUGH_BUCKET, **project_files("base")}).stack()
    assert stack.preview().ops(OBJECT) == ["create"]
    stack.up(skip_preview=True)
    outputs = stack.outputs()
    first = f"layers/deps-dev/{outputs['fingerprint']}.zip"
    assert aws.keys(outputs["bucket"]) == [first]
    stored = aws.storage().get_object(Bucket=outputs["bucket"], Key=first)["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(stored)).testzip() is None
    assert aws.layer_versions("deps-dev") == [1]
    assert stack.preview().unchanged

    stack.program.write(project_files("package_changed"))
    up = stack.up(skip_preview=True)
    assert up.ops(LAYER).count("replace") == 1
    second = f"layers/deps-dev/{stack.outputs()['fingerprint']}.zip"
    assert aws.keys(outputs["bucket"]) == [second]
    assert aws.layer_versions("deps-dev") == [2]

    stack.destroy()
    assert aws.layer_versions("deps-dev") == []


def test_replaced_object_stays_in_the_bucket(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise ``up --replace`` deletes the object that it has just uploaded, because both have the same key."""
    stack = new_program({"__main__.py": THROUGH_BUCKET, **project_files("base")}).stack()
    stack.up(skip_preview=True)
    outputs = stack.outputs()
    (urn,) = (found["urn"] for found in stack.export()["deployment"]["resources"] if found["type"] == OBJECT)
    stack.program.pulumi("up", "--yes", "--skip-preview", "--replace", urn, "--stack", stack.name)
    assert aws.keys(outputs["bucket"]) == [f"layers/deps-dev/{outputs['fingerprint']}.zip"]
    assert aws.layer_versions("deps-dev") == [1]
    assert stack.preview(refresh=True).unchanged


def test_old_version_stays_if_the_new_one_cannot_be_published_through_the_bucket(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a failed deployment leaves the functions without a layer version to go back to."""
    stack = new_program({"__main__.py": THROUGH_BUCKET, **project_files("base")}).stack()
    stack.up(skip_preview=True)
    stack.program.write(project_files("package_changed"))

    def refuse(*_: object) -> None:
        raise LambdaClientError("TooManyRequestsException", "later")

    with monkeypatch.context() as patch:
        patch.setattr(LambdaBackend, "publish_layer_version", refuse)
        assert stack.up(skip_preview=True, check=False).exit_code != 0
    assert aws.layer_versions("deps-dev") == [1]
    stack.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [2]


def test_skip_destroy_keeps_replaced_and_destroyed_versions(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise the version that functions of other teams use is deleted."""
    stack = direct(new_program, ", skip_destroy=True")
    stack.up(skip_preview=True)
    stack.program.write(project_files("package_changed"))
    stack.up(skip_preview=True)
    assert aws.layer_versions("deps-dev") == [1, 2]
    stack.destroy()
    assert aws.layer_versions("deps-dev") == [1, 2]
    assert not list((stack.program.folder / ".poetry-layer").glob("*/*"))


def test_skip_destroy_keeps_versions_but_not_s3_objects(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise the bucket cannot be destroyed, or it grows with every deployment."""
    program = THROUGH_BUCKET.replace(", bucket=", ", skip_destroy=True, bucket=")
    stack = new_program({"__main__.py": program, **project_files("base")}).stack()
    stack.up(skip_preview=True)
    stack.program.write(project_files("package_changed"))
    stack.up(skip_preview=True)
    outputs = stack.outputs()
    assert aws.layer_versions("deps-dev") == [1, 2]
    assert aws.keys(outputs["bucket"]) == [f"layers/deps-dev/{outputs['fingerprint']}.zip"]
    stack.destroy()
    assert aws.layer_versions("deps-dev") == [1, 2]
    assert aws.storage().list_buckets()["Buckets"] == []


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "corrupted"])
def test_damaged_zip_is_built_again_and_not_published(damage: str, new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a zip that was damaged on the disk, or by a canceled run, is published."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    (zip_file,) = (stack.program.folder / ".poetry-layer").glob("*/*.zip")
    intact = zip_file.read_bytes()
    if damage == "missing":
        zip_file.unlink()
    else:
        zip_file.write_bytes({"empty": b"", "truncated": intact[:-1], "corrupted": b"x" + intact[1:]}[damage])
    stack.program.write({"__main__.py": direct_program(", description='again'")})
    # Without the copies of the AWS plugin, as on another machine.
    for copy in stack.program.machine.temporary.glob("pulumi-asset-*"):
        copy.unlink()

    up = stack.up(skip_preview=True)

    assert up.ops(BUILD) == ["same"]
    assert aws.layer_versions("deps-dev") == [2]
    assert aws.layer_zip("deps-dev", 2) == intact


def test_layer_version_that_was_removed_from_the_state_is_published_again(
    new_program: NewProgram, aws: LocalAws
) -> None:
    """Otherwise a stack cannot be updated after ``pulumi state delete``."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    urn = stack.resources()["deps"]["urn"]
    stack.program.pulumi("state", "delete", urn, "--yes", "--stack", stack.name)
    up = stack.up(skip_preview=True)
    assert up.ops(LAYER) == ["create"]
    assert aws.layer_versions("deps-dev") == [1, 2]
    assert stack.preview().unchanged


def test_exported_and_imported_state_is_unchanged(new_program: NewProgram) -> None:
    """Otherwise every layer is built again after a restored backup or a move to another backend."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    backup = stack.program.folder / "state.json"
    stack.program.pulumi("stack", "export", "--file", str(backup), "--stack", stack.name)
    stack.program.pulumi("stack", "import", "--file", str(backup), "--stack", stack.name)
    assert stack.preview().unchanged
    assert stack.up(refresh=True).unchanged
