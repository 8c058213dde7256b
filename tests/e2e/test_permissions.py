"""docs/permissions.md lists the permissions that a deployment needs, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from moto.moto_api import recorder

from .harness import LocalAws, Program, Stack
from .harness.one_layer import RUNTIME, project_files
from .harness.toolchain import REPOSITORY

NewProgram = Callable[..., Program]

pytestmark = pytest.mark.thorough

PAGE = REPOSITORY / "docs" / "permissions.md"
BUCKET = "acme-artifacts"
CALLED_ON_AWS_ONLY = {"s3:GetObjectTagging", "s3:ListBucket"}
"""The stand-in for the AWS plugin reads no tags, and moto answers 404 without ``ListBucket``."""

PROGRAM = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer

description = pulumi.Config().get("description")
PoetryLayer("deps", project_dir="service", runtime="{RUNTIME}", description=description, MORE)
"""
SHARED_THROUGH_BUCKET = f'bucket="{BUCKET}", key_prefix="layers", share_with=["333333333333"]'


def documented() -> list[set[str]]:
    """The actions in each policy of the page."""
    blocks = re.findall(r"^```json\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    return [set(actions(json.loads(block))) for block in blocks]


def actions(policy: dict[str, Any]) -> list[str]:
    """The actions of a policy."""
    statements = policy["Statement"]
    listed = [one["Action"] for one in (statements if isinstance(statements, list) else [statements])]
    return [action for one in listed for action in (one if isinstance(one, list) else [one])]


def action(method: str, path: str) -> str:
    """The permission that a request needs."""
    if not path.startswith("/2018-10-31/"):
        return {"HEAD": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}[method]
    model = boto3.client("lambda", region_name="us-east-1").meta.service_model
    for name in model.operation_names:
        http = model.operation_model(name).http
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(http["requestUri"].partition("?")[0]))
        if http["method"] == method and re.fullmatch(pattern, path):
            return f"lambda:{name}"
    raise AssertionError(f"unknown request: {method} {path}")


def called(run: Callable[[], object]) -> set[str]:
    """The actions that are called in the meantime."""
    Path("moto_recording").write_text("")
    recorder.start_recording()
    try:
        run()
    finally:
        recorder.stop_recording()
    requests = [json.loads(line) for line in Path("moto_recording").read_text().splitlines()]
    own = [one for one in requests if "/sts/" not in one["headers"].get("Authorization", "")]  # needs no permission
    return {action(one["method"], urlsplit(one["url"]).path) for one in own}


def lifetime(stack: Stack) -> None:
    """Deploy a layer, change it, refresh it, change its packages, destroy it."""
    stack.up(skip_preview=True)
    stack.set_config("description", "changed")
    stack.up(skip_preview=True)
    stack.refresh()
    stack.program.write(project_files("package_changed"))
    stack.up(skip_preview=True)
    stack.destroy()


def new_stack(new_program: NewProgram, more: str) -> Stack:
    """A stack with one layer."""
    return new_program({"__main__.py": PROGRAM.replace("MORE", more), **project_files("base")}).stack()


@pytest.fixture(autouse=True)
def recording_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto writes its recording into the working directory."""
    monkeypatch.chdir(tmp_path)


def test_a_plain_layer_needs_the_permissions_of_the_first_policy(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise the first deployment of a user with these permissions fails, or they allow more than is needed."""
    plain, *_ = documented()
    stack = new_stack(new_program, "")
    assert called(stack.preview) == set()
    assert called(lambda: lifetime(stack)) == plain
    readme = re.findall(r"^```json\n(.*?)^```", (REPOSITORY / "README.md").read_text("utf-8"), re.M | re.S)
    assert [set(actions(json.loads(block))) for block in readme] == [plain]


@pytest.mark.parametrize(("more", "policies"), [(SHARED_THROUGH_BUCKET, (0, 1, 2)), ("keep_versions=1", (0, 3))])
def test_arguments_need_the_permissions_of_their_policies(
    new_program: NewProgram, aws: LocalAws, more: str, policies: tuple[int, ...]
) -> None:
    """Otherwise a deployment through S3, or one that shares or keeps versions, is denied."""
    aws.storage().create_bucket(Bucket=BUCKET)
    listed = documented()
    stack = new_stack(new_program, more)
    assert (
        called(lambda: lifetime(stack)) == set[str]().union(*(listed[index] for index in policies)) - CALLED_ON_AWS_ONLY
    )
    assert len(listed) == 4
