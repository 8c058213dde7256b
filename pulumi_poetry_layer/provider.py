"""The dynamic provider that builds the zip of a layer, if the fingerprint of the plan has changed.

Pulumi runs it in its own process (``python -m pulumi.dynamic``), with the program's folder as the working directory.
The state of a stack contains the provider pickled *by reference*: never rename or move the classes in this module.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pulumi import Alias, CustomResource, ResourceOptions
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
from pulumi_poetry_layer.host.output import say, say_from_threads
from pulumi_poetry_layer.printable import printable
from pulumi_poetry_layer.sdk_internals.tracebacks import hide_tracebacks

if TYPE_CHECKING:
    from collections.abc import Callable

    import pulumi

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.layer.request import LayerRequest
    from pulumi_poetry_layer.size.expected import ExpectedSize
    from pulumi_poetry_layer.size.index_sizes import TimeBudget

DRY_RUN = "dry_run"
"""Input that says whether this is a preview, because the engine does not say so. It is never written to the state."""

COMPILED_BY = "compiled_by"
"""Output: the release of Python that has compiled the modules. Only builds with bytecode have it."""

LICENSES = "licenses"
"""Output: the licenses of the packages in one line. States of older releases do not have it."""

SBOM = "sbom"
"""Output of :class:`LayerSbom`: the packages as a CycloneDX document."""

_ID = "poetry-layer-build"
"""The start of the id of a build. The rest is random, because the id says to whom a zip in the build folder belongs."""

_configurations: list[Callable[[str], Any]] = []
"""Functions that look up a key in the stack's configuration; ``configure`` adds one, and the last one is used."""


class LayerBuildProvider(ResourceProvider):
    """Builds the zip of a layer. It has no attributes, because it is pickled into the stack's state."""

    serialize_as_secret_always = False  # it contains no secret; as a secret it would hide the resource in diffs

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the stack's configuration in this process. It contains decrypted secrets, so it is not an attribute."""
        _configurations.append(req.config.get)
        hide_tracebacks()

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """In a preview, print one line about what changes, and refuse a layer that is certain to be over a limit.

        The engine calls this method for new and for existing layers. ``_olds`` are the inputs of the last ``up``, so a
        lock file that does not change the layer is reported until the next ``up``, not until the next build.
        """
        inputs = {name: value for name, value in news.items() if name != DRY_RUN}
        problem = _preview_problem(_olds, inputs) if news.get(DRY_RUN) else None
        return CheckResult(inputs, [CheckFailure("", problem)] if problem else [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """The resource has changed if, and only if, the fingerprint has changed."""
        return DiffResult(changes=_olds.get("fingerprint") != _news.get("fingerprint"))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Build the zip, unless an intact one is there."""
        id_ = f"{_ID}-{uuid4().hex}"
        return CreateResult(id_, _build(id_, props, describe_new(props)))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Build the zip for the new fingerprint, then remove the old zip."""
        outputs = _build(_id, _news, describe_changes(_olds, _news) or describe_new(_news))
        _remove_zips(_id, Path(_olds["zip"]), keep=Path(_news["zip"]))
        return UpdateResult(outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return the state as it is: a missing zip is not a drift, because it can be built again."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the zip from the build folder."""
        _remove_zips(_id, Path(_props["zip"]))


class LayerSbomProvider(LayerBuildProvider):
    """Describes the packages in the zip of a layer. It has no attributes, because it is pickled into the state."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept the inputs: the build of the layer has checked them."""
        return CheckResult(news, [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Describe the zip, which is built if it is not there."""
        return CreateResult(f"poetry-layer-sbom-{uuid4().hex}", _described(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Describe the zip of the new fingerprint."""
        return UpdateResult(_described(_news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """The document is only in the state."""


class SbomOutputs(CustomResource):
    """The software bill of materials of a layer. The document is in the state, so a machine without the zip has it."""

    sbom: pulumi.Output[str]


class LayerSbom(Resource, SbomOutputs, module="poetry-layer", name="LayerSbom"):
    """The bill of materials of a layer in a Python program."""

    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(LayerSbomProvider(), name, sbom_properties(inputs), with_alias("LayerSbom", opts))


class BuildOutputs(CustomResource):
    """The zip of a layer in the build folder.

    A preview shows its inputs: the fingerprint, the packages with their versions, and the arguments of the layer.
    """

    fingerprint: pulumi.Output[str]
    packages: pulumi.Output[dict[str, str]]
    size: pulumi.Output[int]
    unzipped_size: pulumi.Output[int]
    sha256: pulumi.Output[str]
    licenses: pulumi.Output[str | None]

    @property
    def release_that_compiled(self) -> pulumi.Output[str | None]:
        """The release of Python that has compiled the modules, such as ``3.13.2``; None without bytecode."""
        from pulumi import Output

        output: pulumi.Output[str | None] = getattr(self, COMPILED_BY, None) or Output.from_input(None)
        return output

    def recorded_licenses(self) -> pulumi.Output[str | None]:
        """The licenses of the packages; None if the state is that of a release that did not record them.

        In a preview the SDK takes an output that the state does not have for one that is not known yet, and the layer
        version would be replaced. The digest of the zip is in every state: if it is known, so is the state.
        """

        async def recorded(_sha256: str) -> str | None:
            return await self.licenses.future() if await self.licenses.is_known() else None

        return self.sha256.apply(recorded)


class LayerBuild(Resource, BuildOutputs, module="poetry-layer", name="LayerBuild"):
    """The zip of a layer in a Python program."""

    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(LayerBuildProvider(), name, build_properties(inputs), with_alias("LayerBuild", opts))


def with_alias(name: str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Options with an alias, so that a resource that the plugin for other languages has created stays unchanged."""
    return ResourceOptions.merge(opts, ResourceOptions(aliases=[Alias(type_=f"poetry-layer:index:{name}")]))


def build_properties(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a build, and its outputs, which are not known yet."""
    outputs = {"size": None, "unzipped_size": None, "sha256": None, LICENSES: None}
    return {**inputs, **outputs, **({COMPILED_BY: None} if inputs.get("bytecode") else {})}


def sbom_properties(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a bill of materials, and its output, which is not known yet."""
    return {**inputs, SBOM: None}


def request_inputs(request: LayerRequest, folder: str) -> dict[str, Any]:
    """The request as inputs of :class:`LayerBuild`; ``folder`` is the project's folder, relative to the program."""
    return {
        "project_dir": folder,
        "runtime": request.runtime,
        "architecture": request.architecture,
        "groups": sorted(request.groups),
        "extras": sorted(request.extras),
        "exclude": sorted(request.exclude),
        "builder": request.builder.identity.kind,
        "builder_options": dict(request.builder.options()),
        # Only if they are set: states of older releases do not have them.
        **({"on_conflict": request.on_conflict} if request.on_conflict != "warn" else {}),
        **({"python_patch": request.python_patch} if request.python_patch is not None else {}),
        **({"system_libraries": sorted(request.system_libraries)} if request.system_libraries else {}),
        **({"bytecode": request.bytecode} if request.bytecode else {}),
        **({"exclude_runtime": True} if request.exclude_runtime else {}),
        **({"strip": sorted(request.strip)} if request.strip else {}),
        **({"max_unzipped_size": request.max_unzipped_size} if request.max_unzipped_size is not None else {}),
    }


def _request(props: dict[str, Any]) -> LayerRequest:
    """The request, restored from inputs (see :func:`request_inputs`)."""
    # Imported here, as in the functions below: every preview starts this process, and most build nothing.
    from pulumi_poetry_layer.builders.registry import make_builder
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
        on_conflict=props.get("on_conflict", "warn"),
        python_patch=props.get("python_patch"),
        system_libraries=tuple(props.get("system_libraries", ())),
        bytecode=props.get("bytecode", False),
        exclude_runtime=props.get("exclude_runtime", False),
        strip=tuple(props.get("strip", ())),
        max_unzipped_size=_max_unzipped_size(props),
    )
    if not _configurations:
        return request
    return with_stack_credentials(request, lambda key: _configurations[-1](f"{NAMESPACE}:{key}"))


def _preview_problem(old: dict[str, Any], new: dict[str, Any]) -> str | None:
    """Print what a preview says about the layer; return the error that must stop the preview, if there is one."""
    line = describe_changes(old, new) if "fingerprint" in old else describe_new(new)
    if old.get("fingerprint") == new["fingerprint"]:
        if line:
            _print_line(f"{_layer_name(new)}: {line}")
        loses_bucket = new.get("direct_upload") and old.get("direct_upload") is False
        has_new_limit = new.get("max_unzipped_size") != old.get("max_unzipped_size")
        return _limit_problem(new, _expected_size(new)) if loses_bucket or has_new_limit else None
    expected = _expected_size(new)
    _print_line(f"{_layer_name(new)}: {line}; {expected}")
    for warning in expected.warnings():
        _print_line(f"warning: {warning}")
    if new.get("on_conflict") == "error" and expected.conflicts:
        return "\n".join(str(conflict.error()) for conflict in expected.conflicts)
    return _limit_problem(new, expected)


def _limit_problem(props: dict[str, Any], expected: ExpectedSize) -> str | None:
    """The error for a layer that is certain to be over a limit; print a warning for one that may be."""
    where, limits = f"layer {_layer_name(props)}", _limits(props)
    if error := expected.error(where=where, **limits):
        return str(error)
    if warning := expected.warning(where=where, **limits):
        _print_line(f"warning: {warning}")
    return None


def _expected_size(props: dict[str, Any]) -> ExpectedSize:
    """The expected size of the layer; unknown if it cannot be planned."""
    from pulumi_poetry_layer.layer.planning import plan_request
    from pulumi_poetry_layer.size.expected import UNKNOWN_SIZE
    from pulumi_poetry_layer.size.index_sizes import look_up_size

    try:
        request = _request(props)
        plan, files = plan_request(request)
    except Exception:
        return UNKNOWN_SIZE  # for example because a file has changed since the component's plan; the build reports it
    expected, limits = look_up_size(plan, request.builder, files, _time_budget()), _limits(props)
    if not (expected.error(where="", **limits) or expected.warning(where="", **limits)):
        return expected
    from pulumi_poetry_layer.layer.savings import files_of, with_savings

    return replace(expected, known=with_savings(expected.known, plan, files, files_of(expected.segments)))


@cache
def _time_budget() -> TimeBudget:
    """One budget for this process, and so for the whole preview."""
    from pulumi_poetry_layer.size.index_sizes import TimeBudget

    return TimeBudget()


def _build(id_: str, props: dict[str, Any], change: str) -> dict[str, Any]:
    """Build the zip and return the outputs: the inputs, and the digest and sizes of the zip.

    ``change`` says what changes in the layer; it is printed because there may not have been a preview.
    """
    from pulumi_poetry_layer.units import mebibytes

    artifact = _artifact(id_, props)
    sizes = f"{mebibytes(artifact.size)} zipped, {mebibytes(artifact.unzipped_size)} unzipped"
    _print_line(f"{_layer_name(props)}: {change}; built, {sizes}")
    outputs = {
        "size": artifact.size,
        "unzipped_size": artifact.unzipped_size,
        "sha256": artifact.sha256,
        LICENSES: artifact.license_info(),
    }
    return {**props, **outputs, **({COMPILED_BY: artifact.bytecode} if props.get("bytecode") else {})}


def _described(props: dict[str, Any]) -> dict[str, Any]:
    """The outputs of :class:`LayerSbom`: the inputs and the document."""
    return {**props, SBOM: _artifact(props["build"], props).sbom()}


def _artifact(id_: str, props: dict[str, Any]) -> LayerArtifact:
    from pulumi_poetry_layer.host.build_log import show_output
    from pulumi_poetry_layer.host.progress import reporting
    from pulumi_poetry_layer.layer.savings import refuse_large_zip
    from pulumi_poetry_layer.layer.zip_store import ensure_artifact, is_intact

    say_here = say_from_threads()
    show_output(say_here)
    zip_file, limits = Path(props["zip"]), _limits(props)
    if not is_intact(zip_file):
        # There may not have been a preview, and a layer that AWS will refuse must not be downloaded.
        where = f"layer {_layer_name(props)}"
        if error := _expected_size(props).error(where=where, **limits):
            raise error
    owner = owner_of(id_, zip_file)
    with reporting(lambda line: say_here(printable(f"{_layer_name(props)}: {line}"))):
        artifact = ensure_artifact(_request(props), zip_file, fingerprint=props["fingerprint"], owner=owner)
    refuse_large_zip(artifact, _request(props), direct_upload=limits["direct_upload"])
    return artifact


def _limits(props: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the functions that check limits."""
    return {"direct_upload": props.get("direct_upload", True), "max_unzipped_size": _max_unzipped_size(props)}


def _max_unzipped_size(props: dict[str, Any]) -> int | None:
    size = props.get("max_unzipped_size")
    return None if size is None else int(size)  # the engine's protocol only has floats


def _remove_zips(id_: str, zip_file: Path, keep: Path | None = None) -> None:
    from pulumi_poetry_layer.layer.zip_store import remove_zips

    remove_zips(zip_file, owner_of(id_, zip_file), keep=keep)


def owner_of(id_: str, zip_file: Path) -> str:
    """The owner of the zips of a build with this id."""
    return f"{_ID}-{zip_file.stem.rpartition('-')[0]}" if is_shared_id(id_) else id_


def is_shared_id(id_: str) -> bool:
    """Whether other builds may have this id, too: in states of 0.1.0 all builds have the same."""
    return id_ == _ID


def _layer_name(props: dict[str, Any]) -> str:
    """The name of the layer, for messages: the name of its zip without the fingerprint."""
    return Path(props["zip"]).stem.rpartition("-")[0]


def _print_line(line: str) -> None:
    """Say a line to the user: the engine shows the output of a dynamic provider as messages of the stack."""
    say(printable(line))
