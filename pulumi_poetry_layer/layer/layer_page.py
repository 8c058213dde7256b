"""Write the page that shows a layer, or two, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.files import replacing
from pulumi_poetry_layer.inspection.page import PageLayer, page_of

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_poetry_layer.layer.inspection import InspectedLayer


def write_page(output: Path, new: InspectedLayer, old: InspectedLayer | None = None) -> None:
    """Write the page to a file, which is replaced.

    Args:
        output: the file.
        new: the layer.
        old: the layer to compare with.
    """
    page = page_of(_page_layer(new), _page_layer(old) if old else None)
    with replacing(output) as file:
        file.write(page.encode())


def _page_layer(layer: InspectedLayer) -> PageLayer:
    return PageLayer(
        name=layer.path.name,
        sha256=layer.sha256,
        size=layer.size,
        contents=layer.contents,
        fits=layer.fits,
        doubts=layer.doubts,
    )
