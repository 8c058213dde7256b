"""Before a layer is published, its bytes are compared with those that were built."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2
from stand_in.servicer import AwsStandIn

from .harness import LocalAws
from .harness.one_layer import LAYER, RUNTIME, NewProgram, project_files
from .harness.publishing import direct, other_zip

pytestmark = pytest.mark.measured

WITHOUT_INTERNALS = f"""\
import pulumi
from pulumi_poetry_layer import PoetryLayer
from pulumi_poetry_layer.sdk_internals import transforms


def moved(_):
    raise ImportError("as if a new release of the SDK had moved the module")


transforms.import_module = moved
if pulumi.Config().get_bool("transforms"):
    pulumi.runtime.register_resource_transform(lambda args: pulumi.ResourceTransformResult(args.props, args.opts))
for name, extras in (("small", []), ("large", ["yaml"])):
    layer = PoetryLayer(name, layer_name=name, project_dir="service", runtime="{RUNTIME}", extras=extras)
    pulumi.export(name, layer.build.sha256)
"""


@pytest.mark.parametrize("moment", ["before the plugin has copied it", "after the plugin has copied it"])
def test_zip_that_changes_between_build_and_publication_is_not_published(
    moment: str, new_program: NewProgram, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise functions run with bytes that are not those of the lock file, until somebody sees the error."""
    stack = direct(new_program)
    check, swapped = AwsStandIn.Check, []

    def swap() -> None:
        (zip_file,) = (stack.program.folder / ".poetry-layer" / "dev").glob("*.zip")
        if zip_file.read_bytes():
            swapped.append(zip_file.read_bytes())
            zip_file.write_bytes(other_zip())

    def wrapped(self: AwsStandIn, request: provider_pb2.CheckRequest, context: Any) -> Any:
        is_layer = LAYER in request.urn
        if is_layer and moment.startswith("before"):
            swap()
        answer = check(self, request, context)
        if is_layer and moment.startswith("after"):
            swap()
        return answer

    monkeypatch.setattr(AwsStandIn, "Check", wrapped)
    stack.up(skip_preview=True)
    assert len(swapped) == 1
    assert [aws.layer_zip("deps-dev", version) for version in aws.layer_versions("deps-dev")] == swapped


def test_layer_whose_hash_is_lost_is_not_published(new_program: NewProgram, aws: LocalAws) -> None:
    """Otherwise a release of Pulumi's SDK with other internals lets the zip of one layer be published as another's."""
    stack = new_program({"__main__.py": WITHOUT_INTERNALS, **project_files("base")}).stack()
    stack.set_config("transforms", "true")
    failed = stack.up(skip_preview=True, check=False)
    assert failed.exit_code != 0
    assert "the AWS plugin did not get the hash of the zip" in failed.text
    assert (aws.layer_versions("small"), aws.layer_versions("large")) == ([], [])

    stack.set_config("transforms", "false")
    stack.up(skip_preview=True)
    for name in ("small", "large"):
        published = aws.layer_zip(name, 1)
        assert hashlib.sha256(published).hexdigest() == stack.outputs()[name]
    assert stack.preview().unchanged
