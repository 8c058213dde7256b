"""The dynamic provider behind a layer's build: Pulumi's lifecycle turned on the plan's fingerprint.

It runs in a process of its own (``python -m pulumi.dynamic``) with the program's folder as working directory. State
holds the provider pickled *by reference*: once released, these classes are not renamed or moved.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from pulumi_poetry_layer.compare.changes import describe_changes, describe_new
from pulumi_poetry_layer.errors import InputError, PoetryLayerError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pulumi

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.layer.request import LayerRequest
    from pulumi_poetry_layer.size.expected import ExpectedSize
    from pulumi_poetry_layer.size.index_sizes import TimeBudget

DRY_RUN = "dry_run"
"""Input by which the component tells a preview from an update: the engine does not. It never reaches the state."""

_ID = "poetry-layer-build"

_STACK: list[Callable[[str], Any]] = []
"""Looks a key of the stack's configuration up: what ``configure`` was given, last."""


class LayerBuildProvider(ResourceProvider):
    """Builds the zip when the fingerprint changes, and only then. Stateless: it is pickled into the stack's state."""

    serialize_as_secret_always = False  # it holds nothing; a secret here would hide the whole resource in diffs

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the stack's configuration, with its secrets in the clear, in this process and in no attribute."""
        _STACK.append(req.config.get)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """In a preview: say in one line what changes, and refuse a layer that would be over a limit.

        This is what the engine asks of new and of known layers alike, and ``_olds`` are the inputs of the last ``up``,
        so that a lock file that leaves the layer alone is news until then, and not until the next build. The component
        has planned the layer already.
        """
        inputs = {name: value for name, value in news.items() if name != DRY_RUN}
        problem = _previewed(_olds, inputs) if news.get(DRY_RUN) else None
        return CheckResult(inputs, [CheckFailure("", problem)] if problem else [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed if, and only if, the fingerprint is."""
        return DiffResult(changes=_olds.get("fingerprint") != _news.get("fingerprint"))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Build the zip, unless it is there and whole."""
        return CreateResult(_ID, _built(props, describe_new(props)))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Build the zip of the new fingerprint, then let go of the old one's."""
        outputs = _built(_news, describe_changes(_olds, _news) or describe_new(_news))
        if _olds.get("zip") != _news["zip"]:
            _remove_zip(Path(_olds["zip"]))
        return UpdateResult(outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What the state says: the zip can be had again from the lock file, so its absence is no drift."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the zip from the build folder."""
        _remove_zip(Path(_props["zip"]))


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
    from pulumi_poetry_layer.layer.request import LayerRequest
    from pulumi_poetry_layer.layer.stack_credentials import NAMESPACE, with_stack_credentials

    request = LayerRequest(
        project_dir=Path(props["project_dir"]),
        runtime=props["runtime"],
        architecture=props["architecture"],
        groups=tuple(props["groups"]),
        extras=tuple(props["extras"]),
        exclude=tuple(props["exclude"]),
        builder=make_builder(props["builder"], props["builder_options"]),
    )
    if not _STACK:
        return request
    return with_stack_credentials(request, lambda key: _STACK[-1](f"{NAMESPACE}:{key}"))


def _previewed(old: dict[str, Any], new: dict[str, Any]) -> str | None:
    """Say what a preview should say; the problem that must stop it, if there is one."""
    line = describe_changes(old, new) if "fingerprint" in old else describe_new(new)
    if old.get("fingerprint") == new["fingerprint"]:
        if line:
            _tell(f"{_layer_name(new)}: {line}")
        loses_bucket = new.get("direct_upload") and old.get("direct_upload") is False
        return _limit_problem(new, _expected_size(new)) if loses_bucket else None
    expected = _expected_size(new)
    _tell(f"{_layer_name(new)}: {line}; {expected}")
    return _limit_problem(new, expected)


def _limit_problem(props: dict[str, Any], expected: ExpectedSize) -> str | None:
    """The error of a layer that is certain to be over a limit; one that may be is warned of."""
    where, direct_upload = f"layer {_layer_name(props)}", props.get("direct_upload", True)
    if error := expected.error(where=where, direct_upload=direct_upload):
        return str(error)
    if warning := expected.warning(where=where, direct_upload=direct_upload):
        _tell(f"warning: {warning}")
    return None


def _expected_size(props: dict[str, Any]) -> ExpectedSize:
    """How large the layer will be; what cannot be found out is unknown."""
    from pulumi_poetry_layer.layer.build import plan_request
    from pulumi_poetry_layer.size.expected import UNKNOWN_SIZE, expect_size
    from pulumi_poetry_layer.size.index_sizes import size_lookups

    try:
        request = _request(props)
        plan, files = plan_request(request)
    except InputError:
        return UNKNOWN_SIZE  # files or configuration are wrong by now; the build refuses them
    return expect_size(plan, *size_lookups(request.builder, files, _time_budget()))


@cache
def _time_budget() -> TimeBudget:
    """One for this process, so for the whole preview."""
    from pulumi_poetry_layer.size.index_sizes import TimeBudget

    return TimeBudget()


def _built(props: dict[str, Any], what: str) -> dict[str, Any]:
    """Build what the inputs describe and return the outputs: the inputs, and what the zip turned out to be.

    ``what`` says what the build is for: an update may have had no preview.
    """
    from pulumi_poetry_layer.size.limits import megabytes

    try:
        artifact = _artifact(props)
    except PoetryLayerError as error:
        # The SDK shows users the way an error came, to the last frame and cause; these errors say what is to be done.
        raise error.with_traceback(None) from None
    sizes = f"{megabytes(artifact.size)} zipped, {megabytes(artifact.unzipped_size)} unzipped"
    _tell(f"{_layer_name(props)}: {what}; built, {sizes}")
    return {**props, "size": artifact.size, "unzipped_size": artifact.unzipped_size, "sha256": artifact.sha256}


def _artifact(props: dict[str, Any]) -> LayerArtifact:
    from pulumi_poetry_layer.host.build_log import show_output
    from pulumi_poetry_layer.layer.zip_store import ensure_artifact
    from pulumi_poetry_layer.size.limits import refuse_over_limit

    show_output(_tell)
    artifact = ensure_artifact(_request(props), Path(props["zip"]), fingerprint=props["fingerprint"])
    refuse_over_limit(artifact.layer_size, where=artifact.path.name, direct_upload=props.get("direct_upload", True))
    return artifact


def _remove_zip(path: Path) -> None:
    from pulumi_poetry_layer.layer.zip_store import remove_zip

    remove_zip(path)


def _layer_name(props: dict[str, Any]) -> str:
    """Name of the layer's zip without the fingerprint: which of a program's layers a message is about."""
    return Path(props["zip"]).stem.rpartition("-")[0]


def _tell(line: str) -> None:
    """Say a line to the user: the engine shows this process's output as messages of the stack."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
