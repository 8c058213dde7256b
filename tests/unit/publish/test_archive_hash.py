"""The archive value of a LayerVersion, and the path of its zip."""

from __future__ import annotations

import pytest
from pulumi.runtime.rpc import _special_archive_sig, _special_asset_sig, _special_sig_key

from pulumi_poetry_layer.publish.archive_hash import archive_of, asset_of, zip_path


def test_archive_has_the_raw_form_of_the_sdk() -> None:
    """Otherwise the engine treats the archive as a plain object, and the layer has no code."""
    archive = archive_of("a.zip", "f")
    assert archive == {_special_sig_key: _special_archive_sig, "hash": "f", "path": "a.zip"}
    assert asset_of("a.zip", "f") == {_special_sig_key: _special_asset_sig, "hash": "f", "path": "a.zip"}


def test_path_of_the_zip_is_relative_and_has_only_safe_characters() -> None:
    """Otherwise the state contains a folder of this machine, or a slash in a resource name creates a folder."""
    path = zip_path("my/layer: one", "0123456789abcdef", stack="dev", folder=".poetry-layer")
    assert path == ".poetry-layer/dev/my-layer-one-0123456789ab.zip"


@pytest.mark.parametrize("stack", ["..", ".", ".gitignore", "...", ".hidden"])
def test_name_of_a_stack_does_not_start_with_a_dot_in_the_path(stack: str) -> None:
    """Otherwise the zips of the stack ``..`` are written outside of the build folder."""
    (folder,) = zip_path("deps", "0" * 64, stack=stack, folder="zips").split("/")[1:-1]
    assert not folder.startswith(".")
