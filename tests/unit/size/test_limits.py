"""Lambda's limits, applied to built layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.layer.artifact import LayerArtifact, PackageSize
from pulumi_poetry_layer.size.limits import LayerSize, limit_error, refuse_over_limit


@pytest.mark.parametrize(
    ("size", "unzipped_size", "limit"),
    [(1, 250 * 2**20 + 1, "250 MiB"), (50 * 2**20 + 1, 60 * 2**20, "50 MiB")],
)
def test_layer_over_a_limit_is_refused_with_the_largest_packages(size: int, unzipped_size: int, limit: str) -> None:
    """Otherwise AWS refuses the layer after the upload, and does not say which packages are large."""
    packages = tuple(
        PackageSize(name=name, version="1", files=1, size=1, unzipped_size=unzipped_bytes)
        for name, unzipped_bytes in (("small", 10), ("large", 2**20))
    )
    artifact = LayerArtifact(
        fingerprint="f", path=Path("x.zip"), sha256="s", size=size, unzipped_size=unzipped_size, packages=packages
    )
    with pytest.raises(PublishError) as caught:
        refuse_over_limit(artifact.layer_size, where=artifact.path.name, direct_upload=True)
    assert limit in str(caught.value)
    assert "largest: large" in str(caught.value)


@pytest.mark.parametrize(("size", "direct_upload"), [(50 * 2**20, True), (200 * 2**20, False)])
def test_layer_at_the_limits_is_accepted(size: int, direct_upload: bool) -> None:
    """Otherwise a layer that AWS accepts cannot be deployed, or a large one cannot be published through S3."""
    artifact = LayerArtifact(
        fingerprint="f", path=Path("x"), sha256="s", size=size, unzipped_size=250 * 2**20, packages=()
    )
    refuse_over_limit(artifact.layer_size, where=artifact.path.name, direct_upload=direct_upload)


def test_own_limit_replaces_that_of_lambda() -> None:
    """A layer leaves no room for the function and its other layers."""
    size = LayerSize(size=1, unzipped_size=1001, packages={"app": 1001})
    error = limit_error(size, where="deps", direct_upload=True, max_unzipped_size=1000)
    assert "over the limit of" in str(error)
    assert "(max_unzipped_size)" in str(error)
    assert limit_error(size, where="deps", direct_upload=True, max_unzipped_size=1001) is None
