"""Lambda's limits, held against layers that were built."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.layer.artifact import LayerArtifact, PackageSize
from pulumi_poetry_layer.size.limits import megabytes, refuse_over_limit


@pytest.mark.parametrize(
    ("size", "unzipped_size", "limit"),
    [(1, 250 * 2**20 + 1, "250 MiB"), (50 * 2**20 + 1, 60 * 2**20, "50 MiB")],
)
def test_layer_over_a_limit_is_refused_and_the_largest_package_named(size: int, unzipped_size: int, limit: str) -> None:
    """Otherwise AWS says so after the upload, without a word about what to leave out."""
    packages = tuple(
        PackageSize(name=name, version="1", files=1, size=1, unzipped_size=bytes_)
        for name, bytes_ in (("small", 10), ("large", 2**20))
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
    """Otherwise a layer that AWS takes cannot be deployed, or S3 is no way out for a large one."""
    artifact = LayerArtifact(
        fingerprint="f", path=Path("x"), sha256="s", size=size, unzipped_size=250 * 2**20, packages=()
    )
    refuse_over_limit(artifact.layer_size, where=artifact.path.name, direct_upload=direct_upload)


@pytest.mark.parametrize(("size", "text"), [(0, "0 kB"), (36_499, "36 kB"), (3_449_000, "3.4 MB")])
def test_sizes_are_readable(size: int, text: str) -> None:
    """A small layer would be said to have 0.0 MB."""
    assert megabytes(size) == text
