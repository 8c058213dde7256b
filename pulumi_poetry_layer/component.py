"""PoetryLayer: the component that users declare in their Pulumi programs."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Sequence
from contextvars import copy_context
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pulumi
import pulumi_aws as aws

from pulumi_poetry_layer.arguments import LayerArguments, default_layer_name, is_mocked, plan_arguments
from pulumi_poetry_layer.builders.builder import Builder
from pulumi_poetry_layer.builders.registry import DEFAULT_BUILDER
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.host.output import write_line
from pulumi_poetry_layer.host.progress import reporting
from pulumi_poetry_layer.layer.request import DEFAULT_ARCHITECTURE, DEFAULT_CONFLICT_RULE, LayerRequest
from pulumi_poetry_layer.layer.stack_credentials import NAMESPACE, with_stack_credentials
from pulumi_poetry_layer.layer.zip_store import ensure_artifact
from pulumi_poetry_layer.matrix import PoetryLayerMatrix
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.provider import DRY_RUN, LayerBuild, owner_of, request_inputs
from pulumi_poetry_layer.publish.build_folder import ZipPlace, place_zip
from pulumi_poetry_layer.publish.drift import built_sha256, checked_arn, refuse_different_zip, remove_different_copy
from pulumi_poetry_layer.publish.layer_version import (
    LayerSettings,
    LayerZip,
    layer_version_options,
    publish_directly,
    publish_through_bucket,
)
from pulumi_poetry_layer.sdk_internals.program_folder import program_folder
from pulumi_poetry_layer.size.limits import refuse_over_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Unpack

    from pulumi_poetry_layer.layer.artifact import LayerArtifact
    from pulumi_poetry_layer.plan.build_plan import BuildPlan
    from pulumi_poetry_layer.plan.target import ArchitectureName, RuntimeName

TYPE = "poetry-layer:index:PoetryLayer"


class PoetryLayer(pulumi.ComponentResource):
    """A Lambda layer version with the packages of a poetry.lock.

    Attributes:
        arn: ARN of the layer version, for the ``layers`` of a function.
        layer_arn: ARN of the layer without the version.
        version: number of the layer version.
        fingerprint: digest of everything that decides the bytes of the layer.
        packages: distribution → version, for all packages in the layer.
        size: bytes of the zip.
        unzipped_size: bytes of its files.
        runtime: the Lambda runtime that the layer is built for.
        architecture: the architecture that the layer is built for.
        build: the child resource that builds the zip.
        layer_version: the child resource that publishes it.
        bucket_object: the child resource that uploads it to S3, None without ``bucket``.
    """

    arn: pulumi.Output[str]
    layer_arn: pulumi.Output[str]
    version: pulumi.Output[str]
    fingerprint: pulumi.Output[str]
    packages: pulumi.Output[dict[str, str]]
    size: pulumi.Output[int]
    unzipped_size: pulumi.Output[int]
    runtime: pulumi.Output[str]
    architecture: pulumi.Output[str]
    bucket_object: pulumi.CustomResource | None

    def __init__(
        self,
        name: str,
        *,
        runtime: RuntimeName | str | aws.lambda_.Runtime,
        project_dir: str | os.PathLike[str] = ".",
        architecture: ArchitectureName | str = DEFAULT_ARCHITECTURE,
        groups: Sequence[str] = (MAIN_GROUP,),
        extras: Sequence[str] = (),
        exclude: Sequence[str] = (),
        builder: Builder | str = DEFAULT_BUILDER,
        on_conflict: str = DEFAULT_CONFLICT_RULE,
        python_patch: str | None = None,
        layer_name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        license_info: pulumi.Input[str] | None = None,
        compatible_runtimes: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        bucket: pulumi.Input[str] | None = None,
        key_prefix: pulumi.Input[str] | None = None,
        skip_destroy: pulumi.Input[bool] | None = None,
        build_dir: str | os.PathLike[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a layer.

        Args:
            name: name of the resource.
            runtime: Lambda runtime, such as ``python3.12``.
            project_dir: folder of pyproject.toml and poetry.lock, relative to the Pulumi program.
            architecture: ``x86_64`` or ``arm64``.
            groups: Poetry dependency groups.
            extras: extras of the project.
            exclude: distributions to leave out, with the dependencies that only they need.
            builder: a builder, or the name of one.
            on_conflict: what to do if two distributions contain the same file with different contents: ``warn`` takes
                that of the last distribution in the order of names, ``error`` refuses the layer.
            python_patch: the patch release of the runtime's Python, such as ``3.12.4``, for projects that require a
                certain one; default: ``python-patch`` in ``[tool.poetry-layer]``, or the newest known one.
            layer_name: name of the layer in AWS; default: ``<name>-<stack>``.
            description: description of the layer version.
            license_info: license of the layer version.
            compatible_runtimes: compatible runtimes of the layer version; default: ``runtime``.
            bucket: S3 bucket to publish through, needed for zips over 50 MiB; default: direct upload.
            key_prefix: start of the S3 object's key; only with ``bucket``.
            skip_destroy: keep a layer version in AWS when it is replaced or destroyed.
            build_dir: folder for the zips, relative to the Pulumi program; default: ``poetry-layer:buildDir`` in the
                stack's configuration, or ``.poetry-layer``.
            opts: options of the component; docs/lifecycle.md lists which child gets which option.

        Raises:
            pulumi.RunError: the input is wrong; nothing is registered, built or published.
        """
        try:
            request, plan, files = plan_arguments(
                name=name,
                project_dir=project_dir,
                runtime=runtime,
                architecture=architecture,
                groups=groups,
                extras=extras,
                exclude=exclude,
                builder=builder,
                on_conflict=on_conflict,
                python_patch=python_patch,
                layer_name=layer_name,
                description=description,
                license_info=license_info,
                compatible_runtimes=compatible_runtimes,
                bucket=bucket,
                key_prefix=key_prefix,
                build_dir=build_dir,
            )
            label = _label(name)
            place = place_zip(label, plan.fingerprint, build_dir)
        except PoetryLayerError as error:
            # The engine prints only the message of a RunError; for other errors it prints a traceback.
            raise pulumi.RunError(f"PoetryLayer {name!r}: {error}") from error
        super().__init__(TYPE, name, None, opts)
        lock_digest = hashlib.sha256(files.lock.encode()).hexdigest()[:16]
        extra_inputs = {"direct_upload": bucket is None, "lock_digest": lock_digest}
        layer_zip, packages = self._declare_build(name, label, place, request, plan, extra_inputs)
        settings = LayerSettings(
            layer_name=default_layer_name(name) if layer_name is None else layer_name,
            compatible_architectures=[request.architecture],
            compatible_runtimes=[request.runtime] if compatible_runtimes is None else compatible_runtimes,
            description=description,
            license_info=license_info,
            skip_destroy=skip_destroy,
        )
        self.build = layer_zip.build
        self.bucket_object = None
        if bucket is None:
            self.layer_version = publish_directly(name, layer_zip, settings, self, opts=layer_version_options(opts))
        else:
            self.bucket_object, self.layer_version = publish_through_bucket(
                name,
                layer_zip,
                settings,
                self,
                bucket=bucket,
                key_prefix="" if key_prefix is None else key_prefix,
                opts=layer_version_options(opts),
            )
        self._set_outputs(request, plan.fingerprint, packages)

    @classmethod
    def matrix(
        cls,
        name: str,
        *,
        runtimes: Sequence[RuntimeName | str | aws.lambda_.Runtime],
        architectures: Sequence[ArchitectureName | str] = (DEFAULT_ARCHITECTURE,),
        opts: pulumi.ResourceOptions | None = None,
        **arguments: Unpack[LayerArguments],
    ) -> PoetryLayerMatrix:
        """Declare a layer for each of ``runtimes`` on each of ``architectures``; see :class:`PoetryLayerMatrix`.

        Args:
            name: name of the matrix; the names of the layers start with it.
            runtimes: Lambda runtimes.
            architectures: ``x86_64``, ``arm64`` or both.
            opts: options of the matrix; they are applied to the layers.
            **arguments: the other arguments of :class:`PoetryLayer`, the same for all layers.

        Raises:
            pulumi.RunError: the input is wrong for at least one target; nothing is registered, built or published.
        """
        return PoetryLayerMatrix(name, cls, runtimes=runtimes, architectures=architectures, opts=opts, **arguments)

    def _declare_build(
        self,
        name: str,
        label: str,
        place: ZipPlace,
        request: LayerRequest,
        plan: BuildPlan,
        extra_inputs: dict[str, Any],
    ) -> tuple[LayerZip, dict[str, str]]:
        """Declare the child that builds the zip; also return the packages, as distribution → readable version."""
        packages = {package.name: package.readable_version for package in plan.packages}
        folder = Path(os.path.relpath(request.project_dir, program_folder())).as_posix()
        inputs = {"fingerprint": plan.fingerprint, "packages": packages, "zip": place.path, **extra_inputs}
        inputs[DRY_RUN] = pulumi.runtime.is_dry_run()
        build = LayerBuild(
            f"{name}-build", inputs | request_inputs(request, folder), pulumi.ResourceOptions(parent=self)
        )
        hooks = _zip_hooks(
            label, request, place.file, build, plan.fingerprint, direct_upload=extra_inputs["direct_upload"]
        )
        return LayerZip(path=place.path, fingerprint=plan.fingerprint, build=build, hooks=hooks), packages

    def _set_outputs(self, request: LayerRequest, fingerprint: str, packages: dict[str, str]) -> None:
        self.arn = self.layer_version.arn
        if not is_mocked():
            direct_upload = self.bucket_object is None
            self.arn = checked_arn(self.layer_version, self.build, fingerprint, direct_upload=direct_upload)
        self.layer_arn = self.layer_version.layer_arn
        self.version = self.layer_version.version
        self.fingerprint = pulumi.Output.from_input(fingerprint)
        self.packages = pulumi.Output.from_input(packages)
        self.size = self.build.size.apply(_as_int)
        self.unzipped_size = self.build.unzipped_size.apply(_as_int)
        self.runtime = pulumi.Output.from_input(request.runtime)
        self.architecture = pulumi.Output.from_input(request.architecture)
        names = ("arn", "layer_arn", "version", "fingerprint", "packages", "size", "unzipped_size", "runtime")
        self.register_outputs({name: getattr(self, name) for name in (*names, "architecture")})


def _as_int(size: float | None) -> int:
    """A size as an int: the engine's protocol only has floats. 0 if a mock returns no size."""
    return int(size or 0)


_labels_of_programs: WeakKeyDictionary[pulumi.Resource, set[str]] = WeakKeyDictionary()
"""The labels of each program, by its stack resource: a process may run several programs."""


def _label(name: str) -> str:
    """The resource's name, with a number if it is taken: layers under different parents may have the same name."""
    program = pulumi.runtime.get_root_resource()
    if program is None or is_mocked():
        return name
    taken = _labels_of_programs.setdefault(program, set())
    label = next(candidate for candidate in _numbered(name) if candidate not in taken)
    taken.add(label)
    return label


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def _stack_configuration() -> Callable[[str], Any]:
    """A function that looks up this package's keys in the stack's configuration; it also works in a hook."""
    context, configuration = copy_context(), pulumi.Config(NAMESPACE)
    return lambda key: context.copy().run(configuration.get, key)


def _zip_hooks(
    name: str, request: LayerRequest, zip_file: Path, build: LayerBuild, fingerprint: str, *, direct_upload: bool
) -> pulumi.ResourceHookBinding | None:
    """Hooks that make sure that the zip is there before a resource uploads it.

    The build child only builds the zip if the fingerprint has changed. If only the layer version is replaced, because
    of a new description for example, on a machine that does not have the zip, then a hook builds it.
    """
    get_configuration = _stack_configuration()

    def build_zip(request_with_login: LayerRequest, owner: str, sha256: str | None) -> LayerArtifact:
        with reporting(lambda line: write_line(f"{name}: {line}", sys.stdout)):
            return ensure_artifact(request_with_login, zip_file, fingerprint=fingerprint, owner=owner, sha256=sha256)

    async def ensure_zip(_: pulumi.ResourceHookArgs) -> None:
        request_with_login = with_stack_credentials(request, get_configuration)
        sha256 = await built_sha256(build, fingerprint)
        owner = owner_of(str(await build.id.future()), zip_file)
        # In a thread: the event loop of the program must serve the engine while the zip is built.
        artifact = await asyncio.to_thread(build_zip, request_with_login, owner, sha256)
        refuse_over_limit(artifact.layer_size, where=artifact.path.name, direct_upload=direct_upload)
        await refuse_different_zip(artifact, sha256, build)
        await asyncio.to_thread(remove_different_copy, fingerprint, zip_file)

    if is_mocked():
        return None
    hook = pulumi.ResourceHook(f"{name}-zip", ensure_zip)
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
