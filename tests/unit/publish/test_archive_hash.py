"""The archive value of a LayerVersion, and where its zip lies."""

from __future__ import annotations

from pulumi.runtime.rpc import _special_archive_sig, _special_asset_sig, _special_sig_key

from pulumi_poetry_layer.publish.archive_hash import archive_of, asset_of, zip_path


def test_archive_is_spelt_as_the_sdk_spells_it() -> None:
    """Otherwise the engine takes the archive for an ordinary map, and the layer has no code."""
    archive = archive_of("a.zip", "f")
    assert archive == {_special_sig_key: _special_archive_sig, "hash": "f", "path": "a.zip"}
    assert asset_of("a.zip", "f") == {_special_sig_key: _special_asset_sig, "hash": "f", "path": "a.zip"}


def test_path_is_relative_and_safe_in_any_file_system() -> None:
    """Otherwise state names a folder of this host, or a resource's name makes a folder."""
    path = zip_path("my/layer: one", "0123456789abcdef", stack="dev")
    assert path == ".poetry-layer/dev/my-layer-one-0123456789ab.zip"
