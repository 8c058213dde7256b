"""Failures between build, upload and publish: the old version stays, and the next ``up`` completes the update."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest
from moto.awslambda.exceptions import LambdaClientError
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import S3Backend

from .harness import LocalAws, Stack
from .harness.one_layer import BUILD, OBJECT, UNREACHABLE, NewProgram, project_files
from .harness.publishing import THROUGH_BUCKET, assert_published_as_built, direct, once_before_publishing


def refuse(*_: Any) -> None:
    """The error of AWS for an account without space left; clients do not retry it."""
    raise LambdaClientError("CodeStorageExceededException", "Code storage limit exceeded.")


def refuse_object(*_: Any, **__: Any) -> None:
    """The error of S3 for a role without write permission."""
    raise S3AccessDeniedError


def clear_wheel_cache(stack: Stack) -> None:
    """Clear the wheel cache: every build after that needs the network."""
    stack.program.machine.run(["pulumi-poetry-layer", "cache", "clear"], cwd=stack.program.folder)


def test_failed_publish_is_repeated_without_another_build(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an error of AWS removes the old version, or needs a second build."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    stack.program.write(project_files("package_changed"))
    once_before_publishing(monkeypatch, refuse)

    assert stack.up(skip_preview=True, check=False).exit_code != 0
    assert aws.layer_versions("deps-dev") == [1]

    clear_wheel_cache(stack)
    up = stack.up(skip_preview=True, POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    assert up.ops(BUILD) == ["same"]
    assert aws.layer_versions("deps-dev") == [2]
    assert_published_as_built(stack)


def test_failed_upload_and_failed_publish_with_a_bucket_are_repeated_without_another_build(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a layer stays unpublished after a failure: built but not uploaded, or uploaded but not published."""
    stack = new_program({"__main__.py": THROUGH_BUCKET, **project_files("base")}).stack()
    with monkeypatch.context() as patch:
        patch.setattr(S3Backend, "put_object", refuse_object)
        failed = stack.up(skip_preview=True, check=False)
    assert failed.exit_code != 0
    assert failed.ops(BUILD) == ["create"]
    assert aws.layer_versions("deps-dev") == []

    clear_wheel_cache(stack)
    once_before_publishing(monkeypatch, refuse)
    failed = stack.up(skip_preview=True, check=False, POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    assert failed.exit_code != 0
    assert failed.ops(OBJECT) == ["create"]
    assert len(aws.keys(stack.resources()["artifacts"]["outputs"]["bucket"])) == 1

    up = stack.up(skip_preview=True, POETRY_PYPI_MIRROR_URL=UNREACHABLE)
    assert (up.ops(BUILD), up.ops(OBJECT)) == (["same"], ["same"])
    assert aws.layer_versions("deps-dev") == [1]
    assert_published_as_built(stack)


def test_up_after_a_killed_up_publishes_the_layer(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a CI runner that is stopped during a deployment leaves a stack that cannot be updated."""
    stack = direct(new_program)
    machine, program = stack.program.machine, stack.program
    process: list[subprocess.Popen[bytes]] = []
    once_before_publishing(monkeypatch, lambda _: os.killpg(process[0].pid, signal.SIGKILL))
    environment = {**machine.environment, "PULUMI_BACKEND_URL": program.backend.as_uri()}
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack.name]
    with subprocess.Popen(
        command, cwd=program.folder, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    ) as running:
        process.append(running)
    assert running.returncode == -signal.SIGKILL

    program.pulumi("cancel", "--yes", "--stack", stack.name)
    stack.up(skip_preview=True)
    assert "deps" in stack.resources()
    assert stack.resources()["deps"]["outputs"]["version"] in map(str, aws.layer_versions("deps-dev"))
    assert_published_as_built(stack)
