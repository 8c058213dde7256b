"""Check a layer zip, also one that another tool has made. Only the zip is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.inspection.contents import read_layer
from pulumi_poetry_layer.verify.findings import Finding, find_problems

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from pulumi_poetry_layer.inspection.contents import LayerContents
    from pulumi_poetry_layer.plan.target import Target


def verify_layer(path: Path, target: Target, system_libraries: Collection[str] = ()) -> tuple[Finding, ...]:
    """Check whether a Lambda could load a layer, without running it.

    Args:
        path: the zip.
        target: the target.
        system_libraries: file names of shared libraries that the function has besides those of the runtime.

    Raises:
        ArchiveError: the file does not exist, is not a layer zip, or unzips to more than Lambda allows.
    """
    contents = read_layer(path)
    visible = tuple(contents.visible_to(target.runtime))
    return (
        *_invisible_distributions(contents, target),
        *find_problems(visible, target, system_libraries=system_libraries),
    )


def _invisible_distributions(contents: LayerContents, target: Target) -> Iterator[Finding]:
    for one in contents.invisible_to(target.runtime):
        yield Finding(
            package=one.content.label,
            file=None,
            problem=f"is in {one.root}, where {target.runtime} does not look",
            hint="put the packages into python/",
            is_error=True,
        )
