"""What goes wrong between build, upload and publish: the old version stays, and the next ``up`` heals it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from moto.awslambda.exceptions import LambdaClientError
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import S3Backend

from .harness import LocalAws, Program, Stack
from .test_drift import assert_published_as_built, once_before_publishing
from .test_lifecycle import BUILD, project_files
from .test_publication import OBJECT, THROUGH_BUCKET, direct, keys

NewProgram = Callable[..., Program]

NOWHERE = "http://127.0.0.1:9/simple/"


def refuse(*_: Any) -> None:
    """What AWS says when the account is full; clients do not try that again by themselves."""
    raise LambdaClientError("CodeStorageExceededException", "Code storage limit exceeded.")


def refuse_object(*_: Any, **__: Any) -> None:
    """What S3 says when the role may not write."""
    raise S3AccessDeniedError


def forget_what_was_downloaded(stack: Stack) -> None:
    """Empty the wheel cache: whatever is built from now on needs the network."""
    stack.program.machine.run(["pulumi-poetry-layer", "cache", "clear"], cwd=stack.program.folder)


def test_publishing_that_failed_is_made_up_for_without_a_build(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a hiccup of AWS costs the old version, or a second build of many minutes."""
    stack = direct(new_program)
    stack.up(skip_preview=True)
    stack.program.write(project_files("package_changed"))
    once_before_publishing(monkeypatch, refuse)

    assert stack.up(skip_preview=True, check=False).exit_code != 0
    assert aws.layer_versions("deps") == [1]

    forget_what_was_downloaded(stack)
    up = stack.up(skip_preview=True, POETRY_PYPI_MIRROR_URL=NOWHERE)
    assert up.ops(BUILD) == ["same"]
    assert aws.layer_versions("deps") == [2]
    assert_published_as_built(stack)


def test_upload_and_publishing_through_a_bucket_are_made_up_for(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a layer stays half published: built and not uploaded, or uploaded and not published."""
    stack = new_program({"__main__.py": THROUGH_BUCKET, **project_files("base")}).stack()
    with monkeypatch.context() as patch:
        patch.setattr(S3Backend, "put_object", refuse_object)
        failed = stack.up(skip_preview=True, check=False)
    assert failed.exit_code != 0
    assert failed.ops(BUILD) == ["create"]
    assert aws.layer_versions("deps") == []

    forget_what_was_downloaded(stack)
    once_before_publishing(monkeypatch, refuse)
    failed = stack.up(skip_preview=True, check=False, POETRY_PYPI_MIRROR_URL=NOWHERE)
    assert failed.exit_code != 0
    assert failed.ops(OBJECT) == ["create"]
    assert len(keys(aws, stack.resources()["artifacts"]["outputs"]["bucket"])) == 1

    up = stack.up(skip_preview=True, POETRY_PYPI_MIRROR_URL=NOWHERE)
    assert (up.ops(BUILD), up.ops(OBJECT)) == (["same"], ["same"])
    assert aws.layer_versions("deps") == [1]
    assert_published_as_built(stack)


def test_pulumi_that_was_killed_while_publishing(
    new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a runner that is taken away in the middle of a deploy leaves a stack that nobody can bring up."""
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
    assert stack.resources()["deps"]["outputs"]["version"] in map(str, aws.layer_versions("deps"))
    assert_published_as_built(stack)
