"""The dynamic provider behind a layer's build: Pulumi's lifecycle turned on the plan's fingerprint.

It runs in a process of its own (``python -m pulumi.dynamic``) with the program's folder as working directory. State
holds the provider pickled *by reference*: once released, these classes are not renamed or moved.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from pulumi_poetry_layer.changes import describe_changes
from pulumi_poetry_layer.layer_code import remove_zip

if TYPE_CHECKING:
    import pulumi

    from pulumi_poetry_layer.pipeline import LayerArtifact, LayerRequest

DIRECT_UPLOAD_LIMIT = 50 * 1024 * 1024
"""Largest zip, in bytes, that can be published without S3.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Largest size, in bytes, of a function with all its layers, unzipped (same page)."""

_ID = "poetry-layer-build"


class LayerBuildProvider(ResourceProvider):
    """Builds the zip when the fingerprint changes, and only then. Stateless: it is pickled into the stack's state."""

    serialize_as_secret_always = False  # it holds nothing; a secret here would hide the whole resource in diffs

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept the inputs: the component has planned the layer, which is the check."""
        return CheckResult(news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed if, and only if, the fingerprint is; says in one line what changes."""
        if line := describe_changes(_olds, _news):
            _tell(f"{_layer_name(_news)}: {line}")
        return DiffResult(changes=_olds.get("fingerprint") != _news.get("fingerprint"))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Build the zip, unless it is there and whole."""
        return CreateResult(_ID, _built(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Build the zip of the new fingerprint, then let go of the old one's."""
        outputs = _built(_news)
        if _olds.get("zip") != _news["zip"]:
            remove_zip(Path(_olds["zip"]))
        return UpdateResult(outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What the state says: the zip can be had again from the lock file, so its absence is no drift."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the zip from the build folder."""
        remove_zip(Path(_props["zip"]))


class LayerBuild(Resource, module="poetry-layer", name="LayerBuild"):
    """A layer's zip in the build folder.

    Its inputs are what a preview shows: the fingerprint, the packages with their versions, and the options.
    """

    fingerprint: pulumi.Output[str]
    packages: pulumi.Output[dict[str, str]]
    size: pulumi.Output[int]
    unzipped_size: pulumi.Output[int]
    sha256: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        outputs = {"size": None, "unzipped_size": None, "sha256": None}
        super().__init__(LayerBuildProvider(), name, {**inputs, **outputs}, opts)


def request_inputs(request: LayerRequest, folder: str) -> dict[str, Any]:
    """A request as inputs of :class:`LayerBuild`; ``folder`` is the project's, relative to the program's."""
    return {
        "project_dir": folder,
        "runtime": request.runtime,
        "architecture": request.architecture,
        "groups": sorted(request.groups),
        "extras": sorted(request.extras),
        "exclude": sorted(request.exclude),
        "builder": request.builder.identity.kind,
        "builder_options": dict(request.builder.options()),
    }


def _request(props: dict[str, Any]) -> LayerRequest:
    """The request again, from inputs (see :func:`request_inputs`)."""
    # Imported here: this process is started for every preview, and most of them build nothing.
    from pulumi_poetry_layer.builders import make_builder
    from pulumi_poetry_layer.pipeline import LayerRequest

    return LayerRequest(
        project_dir=Path(props["project_dir"]),
        runtime=props["runtime"],
        architecture=props["architecture"],
        groups=tuple(props["groups"]),
        extras=tuple(props["extras"]),
        exclude=tuple(props["exclude"]),
        builder=make_builder(props["builder"], props["builder_options"]),
    )


def _built(props: dict[str, Any]) -> dict[str, Any]:
    """Build what the inputs describe and return the outputs: the inputs, and what the zip turned out to be."""
    from pulumi_poetry_layer.output import show_output
    from pulumi_poetry_layer.pipeline import ensure_artifact

    show_output(_tell)
    artifact = ensure_artifact(_request(props), Path(props["zip"]), fingerprint=props["fingerprint"])
    refuse_over_limit(artifact, direct_upload=props.get("direct_upload", True))
    _tell(
        f"{_layer_name(props)}: {len(artifact.packages)} packages: "
        f"{artifact.size / 1e6:.1f} MB, {artifact.unzipped_size / 1e6:.1f} MB unzipped"
    )
    return {**props, "size": artifact.size, "unzipped_size": artifact.unzipped_size, "sha256": artifact.sha256}


def refuse_over_limit(artifact: LayerArtifact, *, direct_upload: bool) -> None:
    """Refuse a zip that Lambda would refuse, by direct upload or through S3.

    Raises:
        PublishError: it is over a limit; the message names the largest packages.
    """
    from pulumi_poetry_layer.errors import PublishError

    largest = sorted(artifact.packages, key=lambda package: package.unzipped_size, reverse=True)[:5]
    listed = ", ".join(f"{package.name} {package.unzipped_size / 1e6:.1f} MB" for package in largest)
    if artifact.unzipped_size > UNZIPPED_LIMIT:
        raise PublishError(
            f"the layer is {artifact.unzipped_size / 1e6:.1f} MB unzipped, over Lambda's limit of 250 MiB",
            where=artifact.path.name,
            hint=f"leave distributions out with exclude=; largest: {listed}",
        )
    if direct_upload and artifact.size > DIRECT_UPLOAD_LIMIT:
        raise PublishError(
            f"the layer is {artifact.size / 1e6:.1f} MB zipped, over Lambda's limit of 50 MiB for a direct upload",
            where=artifact.path.name,
            hint=f"publish it through S3 with bucket=, or leave distributions out with exclude=; largest: {listed}",
        )


def _layer_name(props: dict[str, Any]) -> str:
    """Name of the layer's zip without the fingerprint: which of a program's layers a message is about."""
    return Path(props["zip"]).stem.rpartition("-")[0]


def _tell(line: str) -> None:
    """Say a line to the user: the engine shows this process's output as messages of the stack."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
