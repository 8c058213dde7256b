"""Lambda's limits on layers, and what is said of a layer that is over one.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Mapping


DIRECT_UPLOAD_LIMIT = 50 * 1024 * 1024
"""Largest zip, in bytes, that can be published without S3."""

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Largest size, in bytes, of a function with all its layers, unzipped."""

_LISTED = 5


@dataclass(frozen=True, kw_only=True)
class LayerSize:
    """A layer's size in bytes, known or expected.

    Attributes:
        size: of the zip.
        unzipped_size: of its files.
        packages: unzipped bytes by distribution.
    """

    size: int
    unzipped_size: int
    packages: Mapping[str, int]

    @property
    def largest(self) -> str:
        """The largest packages, for a hint."""
        largest = sorted(self.packages.items(), key=lambda package: (-package[1], package[0]))[:_LISTED]
        return ", ".join(f"{name} {megabytes(size)}" for name, size in largest)


def megabytes(size: float) -> str:
    """A size in bytes as people read it: ``3.4 MB``, ``36 kB``."""
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"


def limit_error(size: LayerSize, *, where: str, direct_upload: bool, expected: str = "is") -> PublishError | None:
    """What is wrong with a layer of that size, None when Lambda takes it.

    Args:
        size: the layer's size.
        where: the layer, for the message.
        direct_upload: whether it is published without S3.
        expected: ``is`` for a layer that was built; another verb for one that was not.
    """
    if size.unzipped_size > UNZIPPED_LIMIT:
        return PublishError(
            f"the layer {expected} {megabytes(size.unzipped_size)} unzipped, over Lambda's limit of 250 MiB",
            where=where,
            hint=f"leave distributions out with exclude=; largest: {size.largest}",
        )
    if direct_upload and size.size > DIRECT_UPLOAD_LIMIT:
        return PublishError(
            f"the layer {expected} {megabytes(size.size)} zipped, over Lambda's limit of 50 MiB for a direct upload",
            where=where,
            hint="publish it through S3 with bucket=, or leave distributions out with exclude=; "
            f"largest: {size.largest}",
        )
    return None


def refuse_over_limit(size: LayerSize, *, where: str, direct_upload: bool) -> None:
    """Refuse a built zip that Lambda would refuse, by direct upload or through S3.

    Raises:
        PublishError: it is over a limit; the message names the largest packages.
    """
    if error := limit_error(size, where=where, direct_upload=direct_upload):
        raise error
