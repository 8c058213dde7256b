"""Lambda's limits on the size of layers, and the error for a layer over one of them.

The limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import PublishError
from pulumi_poetry_layer.size.savings import savings_table
from pulumi_poetry_layer.units import mebibytes
from pulumi_poetry_layer.wording import argument, pulumi_keyword

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.size.savings import PackageSavings


DIRECT_UPLOAD_LIMIT = 50 * 1024 * 1024
"""Largest zip, in bytes, that can be published without S3."""

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Largest size, in bytes, of a function with all its layers, unzipped."""

_LISTED = 5


@dataclass(frozen=True, kw_only=True)
class LayerSize:
    """The size of a layer, measured or expected.

    Attributes:
        size: bytes of the zip.
        unzipped_size: bytes of its files, unzipped.
        packages: distribution → unzipped bytes.
        zipped: distribution → bytes in the zip, as far as they are known.
        savings: what leaving packages or files out would bring; empty if nobody has asked for it.
    """

    size: int
    unzipped_size: int
    packages: Mapping[str, int]
    zipped: Mapping[str, int] = field(default_factory=dict)
    savings: tuple[PackageSavings, ...] = ()

    @property
    def largest(self) -> str:
        """The largest packages with their sizes, for a hint."""
        largest = sorted(self.packages.items(), key=lambda package: (-package[1], package[0]))[:_LISTED]
        return ", ".join(f"{name} {mebibytes(size)}" for name, size in largest)


def limit_error(
    size: LayerSize,
    *,
    where: str,
    direct_upload: bool,
    max_unzipped_size: int | None = None,
    expected: str = "is",
) -> PublishError | None:
    """The error for a layer over one of Lambda's limits, None if it is within all of them.

    Args:
        size: the size of the layer.
        where: the layer's name, for the message.
        direct_upload: whether the layer is published without S3.
        max_unzipped_size: the limit that the user has set; None means Lambda's.
        expected: the verb of the message: ``is`` for a built layer, another one for an expected size.
    """
    limit = UNZIPPED_LIMIT if max_unzipped_size is None else max_unzipped_size
    if size.unzipped_size > limit:
        return PublishError(
            f"the layer {expected} {mebibytes(size.unzipped_size)} unzipped, over {_named(max_unzipped_size)}",
            where=where,
            hint=_advice(size),
        )
    if direct_upload and size.size > DIRECT_UPLOAD_LIMIT:
        return PublishError(
            f"the layer {expected} {mebibytes(size.size)} zipped, over Lambda's limit of 50 MiB for a direct upload",
            where=where,
            hint=f"publish it through S3 with {pulumi_keyword('bucket')}, or {_advice(size)}",
        )
    return None


def _advice(size: LayerSize) -> str:
    if not size.savings:
        return f"leave packages out with {argument('exclude')}; largest: {size.largest}"
    return (
        f"leave packages out with {argument('exclude')} or {argument('exclude_runtime')}, "
        f"or files with {argument('strip')}:\n{savings_table(size.savings)}"
    )


def limit_shares(size: LayerSize, max_unzipped_size: int | None = None) -> str:
    """How much of each limit a layer takes: ``116% of 50 MiB zipped (limit without S3), 72% of 250 MiB unzipped``.

    Args:
        size: the size of the layer.
        max_unzipped_size: the limit that the user has set; None means Lambda's.
    """
    limit = UNZIPPED_LIMIT if max_unzipped_size is None else max_unzipped_size
    zipped = f"{size.size / DIRECT_UPLOAD_LIMIT:.0%} of {_whole(DIRECT_UPLOAD_LIMIT)} zipped (limit without S3)"
    return f"{zipped}, {size.unzipped_size / limit:.0%} of {_whole(limit)} unzipped"


def _whole(limit: int) -> str:
    return mebibytes(limit).replace(".0 ", " ")


def _named(max_unzipped_size: int | None) -> str:
    if max_unzipped_size is None:
        return "Lambda's limit of 250 MiB"
    return f"the limit of {mebibytes(max_unzipped_size)} ({argument('max_unzipped_size')})"


def refuse_over_limit(
    size: LayerSize, *, where: str, direct_upload: bool, max_unzipped_size: int | None = None
) -> None:
    """Raise an error for a built layer that is over one of Lambda's limits.

    Args:
        size: the size of the layer.
        where: the layer's name, for the message.
        direct_upload: whether the layer is published without S3.
        max_unzipped_size: the limit that the user has set; None means Lambda's.

    Raises:
        PublishError: the layer is over a limit; the message lists the largest packages.
    """
    if error := limit_error(size, where=where, direct_upload=direct_upload, max_unzipped_size=max_unzipped_size):
        raise error
