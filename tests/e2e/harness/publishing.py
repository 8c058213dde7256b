"""Layers that are published directly or through a bucket, and what happens on the way to AWS."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from moto.awslambda.models import LambdaBackend

from .one_layer import RUNTIME, NewProgram, project_files
from .program import Stack

Spec = dict[str, Any]
"""What AWS is asked to publish."""

THROUGH_BUCKET = f"""\
import pulumi
import pulumi_aws as aws
from pulumi_poetry_layer import PoetryLayer

bucket = aws.s3.Bucket("artifacts")
deps = PoetryLayer("deps", project_dir="service", runtime="{RUNTIME}", bucket=bucket.bucket, key_prefix="layers")
pulumi.export("bucket", bucket.bucket)
pulumi.export("fingerprint", deps.fingerprint)
pulumi.export("arn", deps.arn)
"""


def direct_program(more: str = "") -> str:
    """A program with one layer that is uploaded directly; ``more`` is text after its other arguments."""
    return f"""\
from pulumi_poetry_layer import PoetryLayer

PoetryLayer("deps", project_dir="service", runtime="{RUNTIME}"{more})
"""


def direct(new_program: NewProgram, more: str = "") -> Stack:
    """A stack of that program, with the base project."""
    return new_program({"__main__.py": direct_program(more), **project_files("base")}).stack()


def other_zip() -> bytes:
    """A valid zip that was not built from the lock file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("python/six.py", "raise SystemExit('not what was locked')\n")
    return buffer.getvalue()


def once_before_publishing(patch: pytest.MonkeyPatch, do: Callable[[Spec], None]) -> None:
    """Call a function once, just before AWS publishes the next layer version."""
    publish, pending = LambdaBackend.publish_layer_version, [do]

    def wrapped(backend: LambdaBackend, spec: Spec) -> Any:
        if pending:
            pending.pop()(spec)
        return publish(backend, spec)

    patch.setattr(LambdaBackend, "publish_layer_version", wrapped)


def assert_published_as_built(stack: Stack) -> None:
    """AWS has the zip that was built, and the next preview is unchanged."""
    resources = stack.resources()
    published = base64.b64decode(resources["deps"]["outputs"]["codeSha256"]).hex()
    assert published == resources["deps-build"]["outputs"]["sha256"]
    assert stack.preview().unchanged
