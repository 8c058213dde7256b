"""PoetryLayer: the component that people declare in Pulumi programs."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Sequence
from contextvars import copy_context
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pulumi
import pulumi_aws as aws

from pulumi_poetry_layer.arguments import is_mocked, plan_arguments, program_folder
from pulumi_poetry_layer.builders import DEFAULT_BUILDER, Builder
from pulumi_poetry_layer.errors import PoetryLayerError
from pulumi_poetry_layer.layer.request import DEFAULT_ARCHITECTURE, LayerRequest
from pulumi_poetry_layer.layer.stack_credentials import NAMESPACE, with_stack_credentials
from pulumi_poetry_layer.layer.zip_store import ensure_artifact, put_placeholder
from pulumi_poetry_layer.matrix import PoetryLayerMatrix
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.provider import DRY_RUN, LayerBuild, request_inputs
from pulumi_poetry_layer.publish.archive_hash import zip_path
from pulumi_poetry_layer.publish.drift import built_sha256, checked_arn, refuse_different_zip, remove_different_copy
from pulumi_poetry_layer.publish.layer_version import (
    LayerSettings,
    LayerZip,
    layer_version_options,
    publish_directly,
    publish_through_bucket,
)
from pulumi_poetry_layer.size.limits import refuse_over_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi_poetry_layer.plan.build_plan import BuildPlan

TYPE = "poetry-layer:index:PoetryLayer"


class PoetryLayer(pulumi.ComponentResource):
    """A published Lambda layer version made from poetry.lock.

    Attributes:
        arn: ARN of the layer version, what a function's ``layers`` takes.
        layer_arn: ARN of the layer without the version.
        version: the layer version's number, as AWS gives it.
        fingerprint: digest of what decides the layer's bytes.
        packages: distribution → version of what is in the layer.
        size: bytes of the zip.
        unzipped_size: bytes of its files.
        runtime: the runtime it is built for.
        architecture: the architecture it is built for.
        build: the child that builds the zip.
        layer_version: the child that publishes it.
        bucket_object: the child that uploads it, when it is published through a bucket.
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
        runtime: str | aws.lambda_.Runtime,
        project_dir: str | os.PathLike[str] = ".",
        architecture: str = DEFAULT_ARCHITECTURE,
        groups: Sequence[str] = (MAIN_GROUP,),
        extras: Sequence[str] = (),
        exclude: Sequence[str] = (),
        builder: Builder | str = DEFAULT_BUILDER,
        layer_name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        license_info: pulumi.Input[str] | None = None,
        compatible_runtimes: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        bucket: pulumi.Input[str] | None = None,
        key_prefix: pulumi.Input[str] = "",
        skip_destroy: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a layer.

        Args:
            name: the resource's name; also the layer's unless ``layer_name`` is given.
            runtime: Lambda runtime, such as ``python3.12``.
            project_dir: folder of pyproject.toml and poetry.lock, relative to the Pulumi program's folder.
            architecture: ``x86_64`` or ``arm64``.
            groups: Poetry dependency groups.
            extras: extras of the project.
            exclude: distributions to leave out, with what only they need.
            builder: a builder or its name.
            layer_name: the layer's name in AWS.
            description: the layer version's description.
            license_info: the layer version's license.
            compatible_runtimes: runtimes that the console offers the layer for; default: ``runtime``.
            bucket: S3 bucket to publish through, needed for zips over 50 MiB; default: direct upload.
            key_prefix: what the S3 object's key starts with.
            skip_destroy: keep replaced and destroyed versions in AWS.
            opts: options of the component; docs/lifecycle.md says which of them reach which child.

        Raises:
            pulumi.RunError: the input is wrong; nothing has been registered, built or published.
        """
        try:
            request, plan, files = plan_arguments(
                name=name,
                layer_name=layer_name,
                project_dir=project_dir,
                runtime=runtime,
                architecture=architecture,
                groups=groups,
                extras=extras,
                exclude=exclude,
                builder=builder,
            )
        except PoetryLayerError as error:
            # RunError: the engine prints its message alone, where others would show a traceback of this package.
            raise pulumi.RunError(f"PoetryLayer {name!r}: {error}") from error
        super().__init__(TYPE, name, None, opts)
        more = {"direct_upload": bucket is None, "lock_digest": hashlib.sha256(files.lock.encode()).hexdigest()[:16]}
        planned, packages = self._plan_zip(name, request, plan, more)
        settings = LayerSettings(
            layer_name=name if layer_name is None else layer_name,
            compatible_architectures=[request.architecture],
            compatible_runtimes=[request.runtime] if compatible_runtimes is None else compatible_runtimes,
            description=description,
            license_info=license_info,
            skip_destroy=skip_destroy,
        )
        self.build = planned.build
        self.bucket_object = None
        if bucket is None:
            self.layer_version = publish_directly(name, planned, settings, self, opts=layer_version_options(opts))
        else:
            self.bucket_object, self.layer_version = publish_through_bucket(
                name,
                planned,
                settings,
                self,
                bucket=bucket,
                key_prefix=key_prefix,
                opts=layer_version_options(opts),
            )
        self._set_outputs(request, plan.fingerprint, packages)

    @classmethod
    def matrix(
        cls,
        name: str,
        *,
        runtimes: Sequence[str | aws.lambda_.Runtime],
        architectures: Sequence[str] = (DEFAULT_ARCHITECTURE,),
        opts: pulumi.ResourceOptions | None = None,
        **arguments: Any,
    ) -> PoetryLayerMatrix:
        """Declare a layer for each of ``runtimes`` on each of ``architectures``; see :class:`PoetryLayerMatrix`.

        Raises:
            pulumi.RunError: the input is wrong for one of them; nothing has been registered, built or published.
        """
        return PoetryLayerMatrix(name, cls, runtimes=runtimes, architectures=architectures, opts=opts, **arguments)

    def _plan_zip(
        self, name: str, request: LayerRequest, plan: BuildPlan, more: dict[str, Any]
    ) -> tuple[LayerZip, dict[str, str]]:
        """Declare the build of the zip; also what is in it, as distribution → readable version."""
        label = _label(name)
        path = zip_path(label, plan.fingerprint, stack=pulumi.get_stack())
        zip_file = program_folder() / path
        if not is_mocked():
            put_placeholder(zip_file)
        packages = {package.name: package.readable_version for package in plan.packages}
        folder = Path(os.path.relpath(request.project_dir, program_folder())).as_posix()
        inputs = {"fingerprint": plan.fingerprint, "packages": packages, "zip": path, **more}
        inputs[DRY_RUN] = pulumi.runtime.is_dry_run()
        build = LayerBuild(
            f"{name}-build", inputs | request_inputs(request, folder), pulumi.ResourceOptions(parent=self)
        )
        hooks = _zip_hooks(label, request, zip_file, build, plan.fingerprint, direct_upload=more["direct_upload"])
        return LayerZip(path=path, fingerprint=plan.fingerprint, build=build, hooks=hooks), packages

    def _set_outputs(self, request: LayerRequest, fingerprint: str, packages: dict[str, str]) -> None:
        self.arn = self.layer_version.arn
        if not is_mocked():
            direct_upload = self.bucket_object is None
            self.arn = checked_arn(self.layer_version, self.build, fingerprint, direct_upload=direct_upload)
        self.layer_arn = self.layer_version.layer_arn
        self.version = self.layer_version.version
        self.fingerprint = pulumi.Output.from_input(fingerprint)
        self.packages = pulumi.Output.from_input(packages)
        self.size = self.build.size.apply(_whole)
        self.unzipped_size = self.build.unzipped_size.apply(_whole)
        self.runtime = pulumi.Output.from_input(request.runtime)
        self.architecture = pulumi.Output.from_input(request.architecture)
        names = ("arn", "layer_arn", "version", "fingerprint", "packages", "size", "unzipped_size", "runtime")
        self.register_outputs({name: getattr(self, name) for name in (*names, "architecture")})


def _whole(size: float | None) -> int:
    """A size as it was before the engine's protocol, which knows floats only; 0 where mocks give none."""
    return int(size or 0)


_labels_of_programs: WeakKeyDictionary[pulumi.Resource, set[str]] = WeakKeyDictionary()
"""What :func:`_label` gave, by the stack resource of the running program: a process may run several."""


def _label(name: str) -> str:
    """The resource's name, with a number where another has it: under different parents layers may share a name."""
    program = pulumi.runtime.get_root_resource()
    if program is None or is_mocked():
        return name
    taken = _labels_of_programs.setdefault(program, set())
    label = next(label for label in _numbered(name) if label not in taken)
    taken.add(label)
    return label


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def _stack_configuration() -> Callable[[str], Any]:
    """Gives this package's part of the stack's configuration, also where a hook runs later."""
    context, configuration = copy_context(), pulumi.Config(NAMESPACE)
    return lambda key: context.copy().run(configuration.get, key)


def _zip_hooks(
    name: str, request: LayerRequest, zip_file: Path, build: LayerBuild, fingerprint: str, *, direct_upload: bool
) -> pulumi.ResourceHookBinding | None:
    """Make sure that the real zip is there when a resource is about to upload it.

    The build child makes it when the fingerprint changed; when only the layer version has to be made again (say, its
    description changed) on a machine that never built the zip, this is what builds it.
    """
    stack = _stack_configuration()

    async def ensure_zip(_: pulumi.ResourceHookArgs) -> None:
        ready = with_stack_credentials(request, stack)
        known = await built_sha256(build, fingerprint)
        # In a thread: the program's event loop must go on serving the engine while the zip is built.
        artifact = await asyncio.to_thread(ensure_artifact, ready, zip_file, fingerprint=fingerprint, sha256=known)
        refuse_over_limit(artifact.layer_size, where=artifact.path.name, direct_upload=direct_upload)
        await refuse_different_zip(artifact, known, build)
        await asyncio.to_thread(remove_different_copy, fingerprint, zip_file)

    if is_mocked():
        return None
    hook = pulumi.ResourceHook(f"{name}-zip", ensure_zip)
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
