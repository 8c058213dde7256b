"""What a user can leave out of a layer that is too large."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_poetry_layer.archive.members import BytesContent, FileContent, Segment
from pulumi_poetry_layer.archive.record import is_record, layer_name, parse_record
from pulumi_poetry_layer.compare.reasons import PlannedProject
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.layer.planning import plan_request
from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.lockfile import parse_lockfile
from pulumi_poetry_layer.poetry.pyproject import parse_project
from pulumi_poetry_layer.size.limits import limit_error, refuse_over_limit
from pulumi_poetry_layer.size.savings import PackageSavings
from pulumi_poetry_layer.strip.kinds import KINDS, strippable_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pulumi_poetry_layer.archive.members import Member
    from pulumi_poetry_layer.builders.builder import ProjectFiles
    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.layer.request import LayerRequest
    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.size.limits import LayerSize

    FileSizes = Mapping[str, Mapping[str, int]]
    """Name of a distribution → path of a file in the layer → its size in bytes, unzipped."""


def with_savings(size: LayerSize, plan: BuildPlan, project: ProjectFiles, files: FileSizes) -> LayerSize:
    """The size of a layer, with what leaving out each package or some of its files would bring.

    Args:
        size: the size of the layer.
        plan: its plan.
        project: the project files that were planned.
        files: the files of the distributions, as far as they are known.
    """
    planned = PlannedProject(project=parse_project(project.pyproject), lock=parse_lockfile(project.lock), plan=plan)
    kinds = [kind for kind in KINDS if kind not in plan.strip]
    savings = (
        PackageSavings(
            name=name,
            size=size.zipped.get(name),
            unzipped_size=unzipped,
            excluding=unzipped + sum(size.packages.get(other, 0) for other in planned.only_needed_by(name)),
            stripping=strippable_size(files[name], kinds) if name in files else None,
        )
        for name, unzipped in size.packages.items()
    )
    return replace(size, savings=tuple(savings))


def files_of(parts: Iterable[Member | Segment]) -> dict[str, dict[str, int]]:
    """The sizes of the files in the parts of a layer."""
    found: dict[str, dict[str, int]] = {}
    for part in parts:
        own = found.setdefault(part.distribution, {})
        if isinstance(part, Segment):
            own.update((name.decode(), part.entry(index).size) for index, name in enumerate(part.names))
        elif isinstance(part.content, BytesContent):
            own[part.name] = len(part.content.data)
        else:
            content = part.content
            own[part.name] = content.path.stat().st_size if isinstance(content, FileContent) else content.size
    return found


def files_of_zip(path: Path) -> dict[str, dict[str, int]]:
    """The sizes of the files in a layer zip that this package has written; empty if it cannot be read."""
    try:
        return _files_of_zip(path)
    except (OSError, ValueError, zipfile.BadZipFile):
        return {}


def _files_of_zip(path: Path) -> dict[str, dict[str, int]]:
    with zipfile.ZipFile(path) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        found = {}
        for record in filter(is_record, sizes):
            distribution = normalized(record.split("/")[-2].partition("-")[0])
            rows = parse_record(archive.read(record).decode())
            found[distribution] = {name: sizes[name] for row in rows if (name := layer_name(row.path)) in sizes}
    return found


def refuse_large_zip(artifact: LayerArtifact, request: LayerRequest, *, direct_upload: bool) -> None:
    """Raise an error for a built layer that is over a limit of Lambda or of the user.

    Args:
        artifact: the layer.
        request: what it was built from.
        direct_upload: whether the layer is published without S3.

    Raises:
        PublishError: the layer is over a limit; the message lists what can be left out.
    """
    where, limit = artifact.path.name, request.max_unzipped_size
    size = artifact.layer_size
    if limit_error(size, where=where, direct_upload=direct_upload, max_unzipped_size=limit):
        with suppress(PoetryLayerError):  # the project may have changed; the limit matters more than the table
            size = with_savings(size, *plan_request(request), files_of_zip(artifact.path))
        refuse_over_limit(size, where=where, direct_upload=direct_upload, max_unzipped_size=limit)
